import Foundation
package import OpenSSLTransport
package import QueryModel

/// How a client finds a pool and proves who it is: `pool.json`. It holds a secret: never log it.
package struct PoolFile: Codable, Hashable, Sendable {
    /// The pool's UUID.
    package var pool: String
    /// The certificate of the pool's authority, in PEM.
    package var authority: String
    /// The bearer secret of an operator.
    package var token: String
    /// The pool's servers, in the order in which they are tried; at least one.
    package var servers: [Server]

    /// One server of the pool.
    package struct Server: Codable, Hashable, Sendable {
        package var name: String
        /// `HOST:PORT` of its query port.
        package var query: String
        /// The process of its agent, where it runs as part of a demonstration pool on this machine.
        package var pid: Int32?
        /// Its data directory, likewise.
        package var data: String?
        /// `HOST:PORT` of its peer network, likewise.
        package var peer: String?

        package init(name: String, query: String, pid: Int32? = nil, data: String? = nil, peer: String? = nil) {
            self.name = name
            self.query = query
            self.pid = pid
            self.data = data
            self.peer = peer
        }
    }

    /// Bytes of a pool file.
    package static let byteLimit = 262_144
    private static let serverLimit = 64
    private static let tokenLimit = 4_096

    package init(pool: String, authority: String, token: String, servers: [Server]) {
        self.pool = pool
        self.authority = authority
        self.token = token
        self.servers = servers
    }

    /// Reads and checks a pool file.
    ///
    /// - Throws: `PoolFileError`; also where others than its owner may read it.
    package init(path: String) throws(PoolFileError) {
        let bytes: [UInt8]
        do {
            bytes = try SecretFile.read(path, limit: Self.byteLimit)
        } catch {
            throw PoolFileError(error, path: path)
        }
        do {
            self = try QueryJSON.decode(PoolFile.self, from: Data(bytes))
        } catch {
            throw .malformed(path: path, cause: "it is not JSON with pool, authority, token and servers")
        }
        if let cause = mistake { throw .malformed(path: path, cause: cause) }
    }

    /// Writes it with mode 0600, durably and in one step.
    package func write(to path: String) throws(PoolFileError) {
        do {
            try SecretFile.write(Array(QueryJSON.encode(self)) + [UInt8(ascii: "\n")], to: path)
        } catch let error as CertificateError {
            throw PoolFileError(error, path: path)
        } catch {
            throw .malformed(path: path, cause: "its text cannot be written as JSON")
        }
    }

    /// The query ports, in order.
    package var addresses: [NetworkAddress] { servers.compactMap { NetworkAddress($0.query) } }

    /// The certificate of the pool's authority.
    package func authorityCertificate(path: String) throws(PoolFileError) -> Certificate {
        do {
            return try Certificate(pem: Array(authority.utf8))
        } catch {
            throw .malformed(path: path, cause: "its authority is not a certificate in PEM")
        }
    }

    /// The first thing that a client could not work with.
    private var mistake: String? {
        if !CertificateIdentity.isPool(pool) { return "its pool is not a UUID in lower case" }
        if !(1...Self.serverLimit).contains(servers.count) {
            return "it names \(servers.count) servers, where 1 to \(Self.serverLimit) may be"
        }
        let isVisible = token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        if token.isEmpty || token.utf8.count > Self.tokenLimit || !isVisible { return "its token is not a bearer secret" }
        for server in servers where NetworkAddress(server.query) == nil {
            return "the query address of one of its servers is not HOST:PORT"
        }
        return nil
    }
}

extension PoolFileError {
    init(_ error: CertificateError, path: String) {
        switch error {
        case .keyFileUnsafe(_, let reason): self = .unsafe(path: path, reason: reason)
        case .fileFailed(_, _, let errno): self = .unreadable(path: path, cause: String(cString: strerror(errno)))
        case .malformed: self = .malformed(path: path, cause: "it is longer than \(PoolFile.byteLimit) bytes")
        case .unsupportedKey, .keyMismatch, .signatureRefused, .chainRefused, .nameRefused, .libraryFailed:
            self = .unreadable(path: path, cause: error.message)
        }
    }
}
