import OpenSSLTransport
import PoolModel
import QueryModel

/// What a joiner asks for, once its words have been read and its signing request verified.
struct JoinReading: Sendable {
    let pool: PoolID
    let time: QueryTime
    let signingRequest: SigningRequest
    /// Whether the signing request is the one that the holder of the given secret made.
    let isBoundToSecret: Bool
    /// The host of its query address, for its certificate.
    let queryHost: String
    let command: JoinRequest
    /// Its CPUs, where it tells them: they are compared, and come into the pool's state with its agent's first words.
    let processor: ProcessorFacts?

    /// - Throws: the first value that cannot be read, with what is expected.
    init(_ document: JoinRequestDocument) throws(QueryRefusal) {
        guard let pool = UniqueIdentifier(document.pool) else { throw .badValue("pool", document.pool, expected: "the pool's UUID") }
        guard let storage = UniqueIdentifier(document.storage) else {
            throw .badValue("storage", document.storage, expected: "the UUID of the data directory")
        }
        guard let name = ServerName(document.name) else {
            throw .badValue("name", document.name, expected: "1 to 63 of A-Z a-z 0-9 . _ - beginning with a letter or a digit")
        }
        processor = try document.processor.map { (document) throws(QueryRefusal) in try ProcessorFacts(document) }
        let peer = try Self.address(document.peerAddress, "peerAddress")
        let query = try Self.address(document.queryAddress, "queryAddress")
        let request = try Self.signingRequest(document.signingRequest)
        guard let key = PoolModel.SHA256Digest(bytes: request.publicKeyFingerprint.bytes) else {
            throw QueryRefusal(.internalError, cause: "The key could not be digested.", cure: "Try again.")
        }
        self.pool = pool
        time = document.time
        signingRequest = request
        let secret = try Self.secret(document.secret)
        let code = Cryptography.authenticationCode(for: request.der, key: secret)
        isBoundToSecret = Cryptography.areEqual(code, try Self.code(document.signingRequestCode))
        queryHost = query.host
        let server = NewServer(
            name: name, peerAddress: peer.description, queryAddress: query.description, roles: .all, key: key, storage: storage,
            hardware: try Self.hardware(document.hardware))
        command = JoinRequest(token: TokenID(document.tokenID), secret: try Self.digest(of: secret), server: server)
    }

    private static func address(_ text: String, _ what: String) throws(QueryRefusal) -> NetworkAddress {
        guard let address = NetworkAddress(text) else { throw .badValue(what, text, expected: "HOST:PORT, with [HOST]:PORT for IPv6") }
        return address
    }

    private static func hardware(_ text: String?) throws(QueryRefusal) -> UniqueIdentifier? {
        guard let text else { return nil }
        guard let hardware = UniqueIdentifier(text) else {
            throw .badValue("hardware", text, expected: "the SMBIOS UUID of the server, or nothing")
        }
        return hardware
    }

    private static func signingRequest(_ pem: String) throws(QueryRefusal) -> SigningRequest {
        do {
            return try SigningRequest(pem: Array(pem.utf8))
        } catch {
            throw QueryRefusal(
                .badRequest, cause: "The signing request is refused: \(error.message)", cure: "Join again with a new EC P-256 key.")
        }
    }

    private static func secret(_ text: String) throws(QueryRefusal) -> [UInt8] {
        guard let bytes = Base64URL.decode(text), bytes.count == 32 else {
            // The secret is not repeated: an answer may be logged.
            throw QueryRefusal(
                .tokenRefused, cause: "The join token's secret is not 32 bytes in base64url.",
                cure: "Copy the whole token, or create a new one with `ovm pool token create`.")
        }
        return bytes
    }

    /// What the pool knows of a secret; the secret itself goes no further.
    private static func digest(of secret: [UInt8]) throws(QueryRefusal) -> PoolModel.SHA256Digest {
        guard let digest = PoolModel.SHA256Digest(bytes: OpenSSLTransport.SHA256Digest(of: secret).bytes) else {
            throw QueryRefusal(.internalError, cause: "The secret could not be digested.", cure: "Try again.")
        }
        return digest
    }

    private static func code(_ text: String) throws(QueryRefusal) -> [UInt8] {
        guard let bytes = Base64URL.decode(text), bytes.count == 32 else {
            throw .badValue("signingRequestCode", text, expected: "HMAC-SHA-256 of the signing request under the secret, in base64url")
        }
        return bytes
    }
}
