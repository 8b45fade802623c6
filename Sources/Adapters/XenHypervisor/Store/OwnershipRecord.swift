package import AgentCore
import PoolModel

/// How a domain's ownership is written in xenstore: `1 POOL MACHINE EPOCH`.
///
/// libxl writes it in the very transaction that makes the domain known to xenstore, below `/local/domain/N`, which belongs to Domain-0 and
/// which the guest may only read.
package enum OwnershipRecord {
    /// The node below `/local/domain/N`.
    static let node = "ovm/owner"
    /// The node with the memory in MiB that was asked for, as libxl's own target differs from it by what it keeps for itself.
    static let memoryNode = "ovm/memory"
    /// The node that is there once the domain was built to its end.
    static let builtNode = "ovm/built"
    /// The node with the file that the domain's memory was dumped to.
    static let dumpNode = "ovm/dump"
    /// The node with the image that the domain was built from, until it is let run, or that its memory is written to.
    static let imageNode = "ovm/image"
    /// The node that is there since the agent began to send the domain to another server, with the epoch that it was to have there, until it
    /// lets its suspended guest go on or suspends it to an image.
    static let sendNode = "ovm/send"
    /// Below it, by their UUIDs, stand the owners of domains that are being built: Xen has a domain a moment before xenstore has it.
    private static let buildingFolder = "/tool/ovm/building"
    /// Bytes of the longest record: the version, a UUID and two numbers of 64 bits.
    package static let longest = 1 + 1 + 36 + 1 + 20 + 1 + 20

    /// The form of the text: it only grows.
    private static let version = "1"

    package static func text(of ownership: DomainOwnership) -> String {
        "\(version) \(ownership.pool) \(ownership.machine) \(ownership.epoch)"
    }

    /// Reads what `text(of:)` writes, and nothing else.
    package static func read(_ bytes: [UInt8]) -> DomainOwnership? {
        guard bytes.count <= longest, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == version, let pool = UniqueIdentifier(words[1]), let machine = UInt64(words[2]),
            let epoch = UInt64(words[3])
        else { return nil }
        let ownership = DomainOwnership(pool: pool, machine: VirtualMachineID(machine), epoch: PlacementEpoch(epoch))
        // One value has one spelling: no plus signs, leading zeros or capitals.
        return self.text(of: ownership) == text ? ownership : nil
    }

    /// Reads the record of a domain; nil where there is none, where it is malformed, and where anyone but Domain-0 could have written it.
    static func read(domain: UInt32, in store: XenStore) -> DomainOwnership? {
        read(at: "/local/domain/\(domain)/\(node)", in: store)
    }

    private static func read(at path: String, in store: XenStore) -> DomainOwnership? {
        guard let bytes = store.bytes(path, longest: longest), let permissions = store.permissions(path), isOurs(permissions) else {
            return nil
        }
        return read(bytes)
    }

    /// Where the owner of a domain that is being built is written.
    static func buildingPath(of uuid: UniqueIdentifier) -> String { "\(buildingFolder)/\(uuid)" }

    /// Reads the owner that a domain with this UUID was to be built for.
    static func readBuilding(_ uuid: UniqueIdentifier, in store: XenStore) -> DomainOwnership? {
        read(at: buildingPath(of: uuid), in: store)
    }

    /// Whether Domain-0 owns a node and nobody else may write it.
    static func isOurs(_ permissions: [XenStore.Permission]) -> Bool {
        guard let owner = permissions.first, owner.domain == 0 else { return false }
        return permissions.allSatisfy { !$0.mayWrite }
    }
}
