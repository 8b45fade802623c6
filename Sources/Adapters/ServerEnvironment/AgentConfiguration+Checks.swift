import PoolModel

extension AgentConfiguration {
    /// The longest text of an address, in bytes.
    private static let longestAddress = 260
    /// The longest name of a pool, in bytes.
    private static let longestPoolName = 256
    /// A pool has up to 64 servers; twice as many leave room for those that have left.
    private static let mostPeers = 128
    /// What a server tells the pool at most.
    private static let mostStorageRoots = 256
    /// The longest path of a storage root, in bytes.
    private static let longestPath = 1_024

    /// What is wrong with the configuration, as the middle of a sentence; nil when nothing is.
    ///
    /// Addresses are read where they are used; here only their size is looked at.
    var fault: String? {
        guard UniqueIdentifier(pool) != nil else { return "pool is no UUID" }
        guard UniqueIdentifier(storage) != nil else { return "storage is no UUID" }
        guard server > 0 else { return "server is 0" }
        guard ServerName(name) != nil else { return "name is not 1 to 63 letters, digits, dots, hyphens and underscores" }
        guard (1...Self.longestPoolName).contains(poolName.utf8.count) else { return "poolName is empty or too long" }
        for (key, address) in [("peerAddress", peerAddress), ("queryAddress", queryAddress)] {
            guard Self.isPossible(address) else { return "\(key) is not HOST:PORT" }
        }
        guard peerAddress != queryAddress else { return "peerAddress and queryAddress are the same" }
        guard roles.count <= 2, roles.allSatisfy({ ServerRoles(word: $0) != nil }) else { return "roles is not a choice of vm and utility" }
        return peerFault ?? timingFault ?? storageFault
    }

    private static func isPossible(_ address: String) -> Bool {
        (3...longestAddress).contains(address.utf8.count) && address.contains(":")
    }

    private var peerFault: String? {
        guard initialPeers.count <= Self.mostPeers else { return "initialPeers has more than \(Self.mostPeers) servers" }
        guard Set(initialPeers.map(\.server)).count == initialPeers.count else { return "initialPeers names a server twice" }
        for peer in initialPeers {
            guard peer.server > 0 else { return "initialPeers has a server with the number 0" }
            guard ServerName(peer.name) != nil else { return "initialPeers has a server whose name cannot be one" }
            guard Self.isPossible(peer.address) else { return "initialPeers has an address that is not HOST:PORT" }
        }
        return nil
    }

    private var timingFault: String? {
        guard let timing else { return nil }
        guard (5...10_000).contains(timing.heartbeatMilliseconds) else { return "timing.heartbeatMilliseconds is not 5 to 10000" }
        let least = timing.heartbeatMilliseconds * 2
        guard (least...60_000).contains(timing.electionMilliseconds) else {
            return "timing.electionMilliseconds is not \(least) to 60000 (at least two heartbeats)"
        }
        return nil
    }

    private var storageFault: String? {
        guard let storageRoots else { return nil }
        guard storageRoots.count <= Self.mostStorageRoots else { return "storageRoots has more than \(Self.mostStorageRoots) folders" }
        guard Set(storageRoots).count == storageRoots.count else { return "storageRoots names a folder twice" }
        guard storageRoots.allSatisfy(Self.isStorageRoot) else {
            return "storageRoots has a folder that is no absolute path without a slash at its end"
        }
        return nil
    }

    /// Whether `path` can be the root of storage: absolute, without `.` and `..`, a doubled slash and one at its end.
    package static func isStorageRoot(_ path: String) -> Bool {
        guard path.utf8.count <= longestPath, path.hasPrefix("/"), path.utf8.count > 1 else { return false }
        let names = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return !path.unicodeScalars.contains { $0.properties.generalCategory == .control }
            && names.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    /// The key that a decoder stumbled over, as the middle of a sentence.
    static func reason(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "the key \(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context): "\(place(context)) has the wrong type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty: "\(place(context)) has a value that is not known"
        // The decoder does not say where a number is out of its type's range.
        default: "it is no JSON, or a number in it is out of range"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        context.codingPath.isEmpty ? "the whole" : context.codingPath.map(\.stringValue).joined(separator: ".")
    }
}
