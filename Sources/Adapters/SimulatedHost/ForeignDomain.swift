package import PoolModel

/// A domain that someone else than the pool's agent starts; it may bear the name or the UUID of a machine of the pool.
package struct ForeignDomain: Hashable, Sendable, Codable {
    package let name: String
    package let uuid: UniqueIdentifier
    package let memory: Mebibytes

    /// The longest name, in bytes.
    static let longestName = 255

    package init(name: String, uuid: UniqueIdentifier, memory: Mebibytes) {
        self.name = name
        self.uuid = uuid
        self.memory = memory
    }

    private enum CodingKeys: String, CodingKey {
        case name, uuid, memory
    }

    /// Reads name, UUID in text form, and memory in MiB, each within its bounds.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        guard (1...Self.longestName).contains(name.utf8.count) else {
            throw DecodingError.dataCorruptedError(forKey: .name, in: container, debugDescription: "the name is empty or too long")
        }
        guard let uuid = UniqueIdentifier(try container.decode(String.self, forKey: .uuid)) else {
            throw DecodingError.dataCorruptedError(forKey: .uuid, in: container, debugDescription: "the UUID is malformed")
        }
        self.uuid = uuid
        let count = try container.decode(Int.self, forKey: .memory)
        guard (0...SimulatedHostLimits.memory.count).contains(count) else {
            throw DecodingError.dataCorruptedError(forKey: .memory, in: container, debugDescription: "the memory is out of bounds")
        }
        memory = Mebibytes(count)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(uuid.description, forKey: .uuid)
        try container.encode(memory.count, forKey: .memory)
    }
}
