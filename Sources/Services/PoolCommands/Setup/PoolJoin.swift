import NIOHTTP1
package import AgentPorts
import Foundation
package import NIOCore
import OpenSSLTransport
import PoolModel
import QueryModel
import RaftCore
import ServerEnvironment

/// Joins this server to a pool: checks the pool's authority against the token, proves its key, and stores what makes it a member.
package struct PoolJoin: Sendable {
    private let setup: ServerSetup
    private let token: JoinTokenText
    private let storage: any StorageFounding
    private let eventLoopGroup: any EventLoopGroup

    /// What a join came to.
    package struct Joined: Sendable {
        package let poolName: String
        package let server: UInt64
        /// A sentence for each way between this server and another that virtual machines could not move live.
        package let warnings: [String]
    }

    /// What a join would come to.
    package struct Checked: Sendable {
        /// A sentence for the operator.
        package let sentence: String
        /// As ``Joined/warnings``.
        package let warnings: [String]
    }

    /// - Throws: `.invalid` for a token that is damaged, of another version, or expired by this server's clock.
    package init(
        setup: ServerSetup, token: String, storage: any StorageFounding, eventLoopGroup: any EventLoopGroup
    ) throws(SetupError) {
        do {
            self.token = try JoinTokenText(text: token)
        } catch {
            throw .refused(error.message)
        }
        self.setup = setup
        self.storage = storage
        self.eventLoopGroup = eventLoopGroup
        // Half a minute of grace: the pool's own clock decides, and it may be that far behind this one.
        let grace: Int64 = 30_000
        guard self.token.expiresAt.milliseconds + grace > Self.now.milliseconds else {
            throw .invalid(
                cause: "The join token expired at \(self.token.expiresAt).", cure: "Create a new one with `ovm pool token create`.")
        }
    }

    /// Checks everything and changes nothing.
    package func check() async throws(SetupError) -> Checked {
        try setup.check()
        let key: PrivateKey
        do { key = try PrivateKey.generate() } catch { throw .certificate(error) }
        let data = try await ask("/v1/join?dryRun=true", key, storage: .random())
        let answer = try Self.read(JoinCheckedDocument.self, data)
        let sentence = """
            Server \(setup.name) could join pool \(answer.poolName) with the roles \(answer.roles.joined(separator: ", ")); \
            its clock differs by \(answer.clockDifferenceMilliseconds) ms. Nothing was changed.
            """
        return Checked(sentence: sentence, warnings: answer.warnings ?? [])
    }

    /// Joins; a refusal leaves everything as it was.
    package func run() async throws(SetupError) -> Joined {
        try setup.check()
        let taking = try setup.takeDirectory()
        defer { withExtendedLifetime(taking) {} }
        var isResumed = false
        do {
            let attempt = try JoinAttempt.resume(in: setup.directory)
            isResumed = attempt.isResumed
            let data = try await ask("/v1/join", attempt.key, storage: attempt.storage)
            let answer = try Self.read(JoinAnswerDocument.self, data)
            try store(answer, attempt)
            return Joined(poolName: answer.poolName, server: answer.serverID, warnings: answer.warnings ?? [])
        } catch {
            // The pool may have taken the key into its log, now or at the attempt that this one resumes: then the same key must be
            // able to ask again, and stays.
            let isKeyNeeded = error.mayHaveHappened || isResumed && error.exitCode != 1
            if !isKeyNeeded { taking.undo.undo() }
            throw error
        }
    }

    private func ask(_ path: String, _ key: PrivateKey, storage: UniqueIdentifier) async throws(SetupError) -> Data {
        let body = try request(key, storage)
        guard let digest = OpenSSLTransport.SHA256Digest(bytes: token.authority) else {
            preconditionFailure("a join token held no digest of 32 bytes")
        }
        let tls: TLSContext
        do {
            tls = try TLSContext(.joiningClient(pool: token.poolText, authorityKey: digest))
        } catch {
            throw .refused(error.message)
        }
        let client = QueryClient(
            poolID: token.poolText, tls: tls, servers: token.addresses, bearer: nil, eventLoopGroup: eventLoopGroup)
        let result: Result<Data, SetupError>
        do {
            // The token is consumed by the key, so that asking twice does what asking once does.
            let response = try await client.send(ClientRequest(.POST, path, body: body, isRepeatable: true))
            result = .success(response.body)
        } catch {
            result = .failure(.pool(error))
        }
        await client.shutdown()
        return try result.get()
    }

    private func request(_ key: PrivateKey, _ storage: UniqueIdentifier) throws(SetupError) -> Data {
        let signing: SigningRequest
        do { signing = try SigningRequest(key: key) } catch { throw .certificate(error) }
        let document = JoinRequestDocument(
            pool: token.poolText, tokenID: token.tokenID, secret: token.secretText, name: setup.name.text,
            peerAddress: setup.peerAddress.description, queryAddress: setup.queryAddress.description, storage: storage.description,
            signingRequest: String(decoding: signing.pem, as: UTF8.self),
            signingRequestCode: OpenSSLTransport.Base64URL.encode(
                Cryptography.authenticationCode(for: signing.der, key: token.secret)),
            time: Self.now, hypervisor: setup.hypervisor.rawValue,
            hardware: setup.hardware?.description, processor: setup.processor.map { ProcessorDocument($0) })
        do {
            return try QueryJSON.encode(document)
        } catch {
            throw .invalid(cause: "The request cannot be encoded.", cure: "Report this with the version of ovm.")
        }
    }

    private static func read<Document: Decodable>(_ type: Document.Type, _ data: Data) throws(SetupError) -> Document {
        do {
            return try QueryJSON.decode(type, from: data)
        } catch {
            throw .invalid(cause: "The pool's answer cannot be read.", cure: "Install the pool's version of ovm on this server.")
        }
    }

    private func store(_ answer: JoinAnswerDocument, _ attempt: JoinAttempt) throws(SetupError) {
        let directory = setup.directory
        do {
            let authority = try Certificate(pem: Array(answer.authorityCertificate.utf8))
            let authorityKey = try PrivateKey(pem: Array(answer.authorityKey.utf8))
            let certificate = try Certificate(pem: Array(answer.certificate.utf8))
            guard authority.publicKeyFingerprint.bytes == token.authority, authority.belongs(to: authorityKey),
                certificate.belongs(to: attempt.key), certificate.identity?.serverID == answer.serverID
            else {
                throw SetupError.invalid(
                    cause: "The pool's answer does not match the join token.", cure: "Create a new token on a server that you trust.")
            }
            try authority.write(to: directory.authorityCertificate)
            try authorityKey.write(to: directory.authorityKey)
            try certificate.write(to: directory.serverCertificate)
            try storage.create(path: directory.databaseFile, initial: .empty)
            let peers = answer.members.filter { $0.id != answer.serverID }
                .map { AgentConfiguration.Peer(server: $0.id, name: $0.name, address: $0.peerAddress) }
            var configuration = setup.configuration(
                pool: answer.pool, poolName: answer.poolName, server: answer.serverID, storage: attempt.storage, peers: peers)
            configuration.roles = answer.roles
            // The configuration comes last: without it the directory belongs to no pool.
            try configuration.write(to: directory)
            attempt.finish()
        } catch let error as SetupError {
            throw error
        } catch let error as CertificateError {
            throw .certificate(error)
        } catch let error as StorageError {
            throw .storage(error)
        } catch let error as EnvironmentError {
            throw .environment(error)
        } catch {
            throw .invalid(cause: "\(error).", cure: "Mend that, then join again with the same token.")
        }
    }

    private static var now: QueryTime { QueryTime(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000)) }
}

/// The key and the storage's number of a join that has begun: kept in the directory, so that an interrupted join is repeated as itself.
struct JoinAttempt {
    let key: PrivateKey
    let storage: UniqueIdentifier
    /// Whether an earlier join, whose answer was lost, made the key.
    let isResumed: Bool
    private let marker: String

    static func resume(in directory: DataDirectory) throws(SetupError) -> JoinAttempt {
        let marker = "\(directory.path)/joining"
        do {
            if FileManager.default.fileExists(atPath: marker), FileManager.default.fileExists(atPath: directory.serverKey) {
                let text = String(decoding: try directory.read(marker, limit: 64), as: UTF8.self)
                if let storage = UniqueIdentifier(text) {
                    return JoinAttempt(key: try PrivateKey(file: directory.serverKey), storage: storage, isResumed: true, marker: marker)
                }
            }
            let storage = UniqueIdentifier.random()
            let key = try PrivateKey.generate()
            try key.write(to: directory.serverKey)
            try directory.write(Array(storage.description.utf8), to: marker)
            return JoinAttempt(key: key, storage: storage, isResumed: false, marker: marker)
        } catch let error as EnvironmentError {
            throw .environment(error)
        } catch let error as CertificateError {
            throw .certificate(error)
        } catch {
            throw .invalid(cause: "\(error).", cure: "Mend that, then join again.")
        }
    }

    func finish() {
        // A marker that stays is harmless: the directory is founded, and is never joined with again.
        do { try FileManager.default.removeItem(atPath: marker) } catch { return }
    }
}

extension ProcessorDocument {
    fileprivate init(_ facts: ProcessorFacts) {
        self.init(
            vendor: facts.vendor, model: facts.model, sockets: facts.sockets, coresPerSocket: facts.coresPerSocket,
            threadsPerCore: facts.threadsPerCore, numaNodes: facts.nodes, features: facts.features.text,
            liveDomainTypes: facts.liveDomainTypes.map(\.rawValue))
    }
}
