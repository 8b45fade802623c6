import Foundation

/// Which hypervisor an agent drives.
package enum HypervisorKind: String, Codable, Hashable, Sendable {
    case xen
    case simulated
}

/// agent.json: who this agent is and where it listens.
package struct AgentConfiguration: Codable, Hashable, Sendable {
    /// The pool's UUID, lower case.
    package var pool: String
    package var poolName: String
    package var server: UInt64
    package var name: String
    /// `HOST:PORT` that the others reach the agent at; it listens there.
    package var peerAddress: String
    /// `HOST:PORT` of the query port.
    package var queryAddress: String
    /// `vm`, `utility`.
    package var roles: [String]
    package var hypervisor: HypervisorKind
    /// Made with the data directory.
    package var storage: String
    /// Whom to connect with until the pool's own state says so.
    package var initialPeers: [Peer]
    /// Times of Raft in milliseconds; absent means the defaults.
    package var timing: Timing?
    /// Absolute paths of the folders below which the images of virtual machines lie; absent means ``StorageRootReading/standard``. The
    /// simulated hypervisor has its own.
    package var storageRoots: [String]?

    package struct Peer: Codable, Hashable, Sendable {
        package var server: UInt64
        package var name: String
        package var address: String

        package init(server: UInt64, name: String, address: String) {
            self.server = server
            self.name = name
            self.address = address
        }
    }

    package struct Timing: Codable, Hashable, Sendable {
        /// 5 to 10,000.
        package var heartbeatMilliseconds: Int
        /// Twice the heartbeat to 60,000; the longest election timeout is twice this.
        package var electionMilliseconds: Int

        package init(heartbeatMilliseconds: Int, electionMilliseconds: Int) {
            self.heartbeatMilliseconds = heartbeatMilliseconds
            self.electionMilliseconds = electionMilliseconds
        }
    }

    package static let longestFile = 1024 * 1024

    package init(
        pool: String, poolName: String, server: UInt64, name: String, peerAddress: String, queryAddress: String, roles: [String],
        hypervisor: HypervisorKind, storage: String, initialPeers: [Peer], timing: Timing? = nil, storageRoots: [String]? = nil
    ) {
        self.pool = pool
        self.poolName = poolName
        self.server = server
        self.name = name
        self.peerAddress = peerAddress
        self.queryAddress = queryAddress
        self.roles = roles
        self.hypervisor = hypervisor
        self.storage = storage
        self.initialPeers = initialPeers
        self.timing = timing
        self.storageRoots = storageRoots
    }

    /// Reads and checks the file of a data directory.
    package init(_ directory: DataDirectory) throws(EnvironmentError) {
        let file = directory.configurationFile
        guard FileManager.default.fileExists(atPath: file) else { throw .notFounded(path: directory.path) }
        let bytes = try directory.read(file, limit: Self.longestFile)
        do {
            self = try JSONDecoder().decode(AgentConfiguration.self, from: Data(bytes))
        } catch {
            throw .badConfiguration(path: file, reason: Self.reason(of: error))
        }
        if let fault { throw .badConfiguration(path: file, reason: fault) }
    }

    /// Writes the file of a data directory.
    package func write(to directory: DataDirectory) throws(EnvironmentError) {
        // Checked before it is written as well: a file that the next start refuses would be found out too late.
        if let fault { throw .badConfiguration(path: directory.configurationFile, reason: fault) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: Data
        do {
            bytes = try encoder.encode(self)
        } catch {
            throw .badConfiguration(path: directory.configurationFile, reason: "it cannot be encoded")
        }
        try directory.write(Array(bytes) + [UInt8(ascii: "\n")], to: directory.configurationFile)
    }
}
