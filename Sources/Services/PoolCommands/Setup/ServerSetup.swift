import Foundation
package import OpenSSLTransport
package import PoolModel
package import QueryModel
package import ServerEnvironment

/// What bootstrap and join are told alike about the server to set up.
package struct ServerSetup: Sendable {
    package let directory: DataDirectory
    package let name: ServerName
    package let peerAddress: NetworkAddress
    package let queryAddress: NetworkAddress
    package let roles: ServerRoles
    package let hypervisor: HypervisorKind
    /// Nil leaves them to the standard.
    package let storageRoots: [String]?
    /// The SMBIOS UUID of this server; nil where it is not known yet: the agent's first HELLO then tells it.
    package let hardware: UniqueIdentifier?
    /// Its CPUs, which a pool compares with those of its servers; nil where they are not known.
    package let processor: ProcessorFacts?
    package var timing: AgentConfiguration.Timing?

    package static let standardPeerPort = 8899
    package static let standardQueryPort = 4443

    /// - Throws: `.invalid` for a name or an address that cannot be one.
    package init(
        directory: DataDirectory, name: String, peerAddress: String, queryAddress: String, roles: ServerRoles = .all,
        hypervisor: HypervisorKind, storageRoots: [String]? = nil, hardware: UniqueIdentifier? = nil, processor: ProcessorFacts? = nil
    ) throws(SetupError) {
        guard let serverName = ServerName(name) else {
            throw .invalid(
                cause: "A server cannot be named \(name.prefix(80)).",
                cure: "Give a --server-name of 1 to 63 letters, digits, dots, dashes and underscores.")
        }
        self.directory = directory
        self.name = serverName
        self.peerAddress = try Self.address(peerAddress, option: "--address")
        self.queryAddress = try Self.address(queryAddress, option: "--query")
        self.roles = roles
        self.hypervisor = hypervisor
        for path in storageRoots ?? [] where !AgentConfiguration.isStorageRoot(path) {
            throw .invalid(
                cause: "\(path.prefix(80)) cannot be a storage root.",
                cure: "Give --storage-root an absolute path without a slash at its end.")
        }
        self.storageRoots = storageRoots
        self.hardware = hardware
        self.processor = processor
    }

    private static func address(_ text: String, option: String) throws(SetupError) -> NetworkAddress {
        guard let address = NetworkAddress(text) else {
            throw .invalid(cause: "\(text.prefix(80)) is not HOST:PORT.", cure: "Give \(option) as the others reach this server.")
        }
        return address
    }

    /// Refuses a directory in use and ports that are taken, before anything is written.
    func check() throws(SetupError) {
        guard peerAddress != queryAddress else {
            throw .invalid(
                cause: "The peer network and the query port cannot share the address \(peerAddress).", cure: "Give two different ports.")
        }
        guard !directory.isFounded else { throw .environment(.alreadyFounded(path: directory.path)) }
        for address in [peerAddress, queryAddress] {
            if let obstacle = FreePorts.obstacle(host: address.host, port: address.port) {
                throw .cannotListen(address: address.description, obstacle)
            }
        }
    }

    /// Makes the directory and takes it for this setup alone, until the taking is let go.
    ///
    /// - Throws: also where another setup has it, or has founded or joined a pool in it since ``check()``; nothing of that is undone.
    func takeDirectory() throws(SetupError) -> DirectoryTaking {
        let wasThere = FileManager.default.fileExists(atPath: directory.path)
        do {
            try directory.create()
        } catch {
            if !wasThere { SetupUndo(directory: directory, removesDirectory: true).undo() }
            throw .environment(error)
        }
        let lock: DirectoryLock
        do { lock = try directory.lock() } catch { throw .environment(error) }
        // Looked at again: another setup may have run from its beginning to its end since the first look.
        guard !directory.isFounded else { throw .environment(.alreadyFounded(path: directory.path)) }
        return DirectoryTaking(undo: SetupUndo(directory: directory, removesDirectory: !wasThere), lock: lock)
    }

    func configuration(pool: String, poolName: String, server: UInt64, storage: UniqueIdentifier, peers: [AgentConfiguration.Peer])
        -> AgentConfiguration
    {
        AgentConfiguration(
            pool: pool, poolName: poolName, server: server, name: name.text, peerAddress: peerAddress.description,
            queryAddress: queryAddress.description, roles: roles.words, hypervisor: hypervisor, storage: storage.description,
            initialPeers: peers, timing: timing, storageRoots: storageRoots)
    }
}

/// A data directory that this setup alone may write in.
struct DirectoryTaking {
    /// Only whoever holds the lock may undo: what lies there is its own.
    let undo: SetupUndo
    let lock: DirectoryLock
}

/// Leaves a refused setup's directory as it was found: what was not there goes again.
struct SetupUndo {
    let directory: DataDirectory
    let removesDirectory: Bool

    func undo() {
        let names = [
            directory.configurationFile, directory.databaseFile, directory.poolFile, directory.lockFile, directory.certificateFolder,
            directory.operatorFolder, directory.simulatedFile, "\(directory.path)/joining",
        ]
        for path in removesDirectory ? [directory.path] : names {
            // What is not there needs no removing; what cannot be removed is shown by the next try.
            do { try FileManager.default.removeItem(atPath: path) } catch { continue }
        }
    }
}

extension UniqueIdentifier {
    /// A random UUID from OpenSSL's generator.
    package static func random() -> UniqueIdentifier {
        let bytes = Cryptography.randomBytes(16)
        let words = [bytes[..<8], bytes[8...]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return UniqueIdentifier(randomHigh: words[0], randomLow: words[1])
    }
}

extension PoolModel.SHA256Digest {
    /// The same digest in the pool's own type.
    package init(_ digest: OpenSSLTransport.SHA256Digest) {
        guard let same = PoolModel.SHA256Digest(bytes: digest.bytes) else { preconditionFailure("a SHA-256 had not 32 bytes") }
        self = same
    }
}
