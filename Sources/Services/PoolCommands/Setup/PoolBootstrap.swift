package import AgentPorts
import Foundation
import OpenSSLTransport
package import PoolModel
import QueryModel
import RaftCore
import ServerEnvironment

/// Founds a pool on its first server: authority, certificates, database, credentials, configuration.
package struct PoolBootstrap: Sendable {
    private let setup: ServerSetup
    private let poolName: String
    private let storage: any StorageFounding

    /// The name of the first operator.
    package static let operatorName = "admin"

    package init(setup: ServerSetup, poolName: String, storage: any StorageFounding) throws(SetupError) {
        guard NameRule.accepts(poolName, longest: 63) else {
            throw .invalid(
                cause: "A pool cannot be named \(poolName.prefix(80)).",
                cure: "Give a --name of 1 to 63 letters, digits, dots, dashes and underscores.")
        }
        self.setup = setup
        self.poolName = poolName
        self.storage = storage
    }

    /// Founds the pool; a refusal leaves everything as it was.
    ///
    /// - Returns: the pool's UUID.
    package func run() throws(SetupError) -> PoolID {
        try setup.check()
        let taking = try setup.takeDirectory()
        defer { withExtendedLifetime(taking) {} }
        do {
            return try found()
        } catch {
            taking.undo.undo()
            throw error
        }
    }

    private func found() throws(SetupError) -> PoolID {
        let pool = UniqueIdentifier.random()
        let storageID = UniqueIdentifier.random()
        let authority: CertificateAuthority
        let key: PrivateKey
        do {
            authority = try CertificateAuthority.create(pool: pool.description)
            key = try PrivateKey.generate()
            try writeCertificates(authority, key)
        } catch {
            throw .certificate(error)
        }
        let secret = Cryptography.randomBytes(32)
        let token = OpenSSLTransport.Base64URL.encode(secret)
        let founding = foundation(pool, storageID, authority, key, tokenDigest: SHA256Digest(of: Array(token.utf8)))
        do {
            try storage.create(path: setup.directory.databaseFile, initial: Self.firstLog(founding))
        } catch {
            throw .storage(error)
        }
        do {
            try writePoolFile(pool, authority, token)
            // The configuration comes last: without it the directory belongs to no pool.
            try setup.configuration(pool: pool.description, poolName: poolName, server: 1, storage: storageID, peers: [])
                .write(to: setup.directory)
        } catch {
            throw .environment(error)
        }
        return pool
    }

    private func writeCertificates(_ authority: CertificateAuthority, _ key: PrivateKey) throws(CertificateError) {
        let directory = setup.directory
        let certificate = try authority.issueServerCertificate(
            id: 1, for: SigningRequest(key: key), names: [setup.queryAddress.host, "localhost"])
        try authority.certificate.write(to: directory.authorityCertificate)
        try authority.key.write(to: directory.authorityKey)
        try certificate.write(to: directory.serverCertificate)
        try key.write(to: directory.serverKey)
        let operatorKey = try PrivateKey.generate()
        let operatorCertificate = try authority.issueOperatorCertificate(
            name: Self.operatorName, for: SigningRequest(key: operatorKey))
        try operatorCertificate.write(to: "\(directory.operatorFolder)/\(Self.operatorName).pem")
        try operatorKey.write(to: "\(directory.operatorFolder)/\(Self.operatorName).key")
    }

    private func foundation(
        _ pool: PoolID, _ storageID: UniqueIdentifier, _ authority: CertificateAuthority, _ key: PrivateKey,
        tokenDigest: OpenSSLTransport.SHA256Digest
    ) -> PoolFoundation {
        PoolFoundation(
            pool: pool, name: poolName, authority: PoolModel.SHA256Digest(authority.certificate.publicKeyFingerprint),
            founder: NewServer(
                name: setup.name, peerAddress: setup.peerAddress.description, queryAddress: setup.queryAddress.description,
                roles: setup.roles, key: PoolModel.SHA256Digest(key.publicKeyFingerprint), storage: storageID,
                hardware: setup.hardware),
            credential: OperatorCredential(
                name: Self.operatorName, secret: PoolModel.SHA256Digest(tokenDigest), role: .administrator))
    }

    /// The log that every pool begins with: its first voter, then its founding.
    private static func firstLog(_ founding: PoolFoundation) -> RaftStoredState<PoolEntry> {
        let now = PoolTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000))
        let founder = ServerID(1)
        let entry = PoolEntry(command: .createPool(founding), principal: .master(founder), proposedAt: now, reason: "bootstrap")
        let term = Term(1)
        return RaftStoredState(
            hardState: RaftHardState(term: term, votedFor: founder), snapshot: nil,
            entries: [
                RaftEntry(index: LogIndex(1), term: term, content: .configuration(RaftConfiguration(voters: [founder])), size: 64),
                RaftEntry(index: LogIndex(2), term: term, content: .command(entry), size: 2_048),
            ])
    }

    private func writePoolFile(_ pool: PoolID, _ authority: CertificateAuthority, _ token: String) throws(EnvironmentError) {
        let file = PoolFile(
            pool: pool.description, authority: String(decoding: authority.certificate.pem, as: UTF8.self), token: token,
            servers: [PoolFile.Server(name: setup.name.text, query: setup.queryAddress.description)])
        let bytes: Data
        do {
            bytes = try QueryJSON.encode(file)
        } catch {
            throw .refused(operation: "encode", path: setup.directory.poolFile, reason: "\(error)")
        }
        try setup.directory.write(Array(bytes), to: setup.directory.poolFile)
    }
}
