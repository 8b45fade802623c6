import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel

/// Someone whom the pool knows.
enum Caller: Hashable, Sendable {
    case `operator`(name: String, credential: CredentialID, role: OperatorRole)
    case server(ServerID)

    /// In whose name commands are written.
    var principal: Principal {
        switch self {
        case .operator(let name, let credential, _): .operator(name: name, credential: credential)
        case .server(let server): .server(server)
        }
    }
}

extension PoolState {
    /// Who showed this credential, by the committed state: an unrevoked credential, or a certificate of a current member or of an
    /// operator who holds an unrevoked credential.
    func caller(showing shown: ShownCredential) throws(QueryRefusal) -> Caller {
        switch shown {
        case .nothing:
            throw QueryRefusal(
                .unauthenticated, cause: "This request shows no credential.",
                cure: "Send Authorization: Bearer with an operator's token, or connect with a certificate of this pool.")
        case .bearer(let secret):
            guard let stored = credential(withSecret: secret), !stored.isRevoked else {
                throw QueryRefusal(
                    .unauthenticated, cause: "The pool does not know this bearer token.",
                    cure: "Take the token of a current credential, or ask an administrator for one.")
            }
            return Self.caller(stored)
        case .certificate(let identity):
            guard let pool, identity.pool == pool.pool.description else {
                throw QueryRefusal(
                    .unauthenticated, cause: "The certificate belongs to \(identity), which is no part of this pool.",
                    cure: "Use a certificate that this pool issued.")
            }
            return try caller(identity)
        }
    }

    private func caller(_ identity: CertificateIdentity) throws(QueryRefusal) -> Caller {
        switch identity {
        case .server(_, let number):
            guard number > 0, let server = servers[ServerID(number)], !server.isRemoved else {
                throw QueryRefusal(
                    .unauthenticated, cause: "Server \(number) is not a member of this pool.",
                    cure: "Join it anew, or use an operator's credential.")
            }
            return .server(server.id)
        case .operator(_, let name):
            // The one with the most rights: a name stands for a person, who could show any of them.
            let held = credentials.values.filter { $0.credential.name == name && !$0.isRevoked }
            guard let stored = held.max(by: { ($0.credential.role.rawValue, $0.id) < ($1.credential.role.rawValue, $1.id) }) else {
                throw QueryRefusal(
                    .unauthenticated, cause: "The pool has no credential of operator \(name).",
                    cure: "Ask an administrator to create one.")
            }
            return Self.caller(stored)
        }
    }

    private static func caller(_ stored: StoredCredential) -> Caller {
        .operator(name: stored.credential.name, credential: stored.id, role: stored.credential.role)
    }
}

extension ShownCredential {
    /// What a request shows: the bearer token if there is one, else the certificate of its connection.
    ///
    /// - Parameter authorization: the header's value; nil when it is absent.
    init(authorization: String?, certificate: CertificateIdentity?) throws(QueryRefusal) {
        guard let authorization else {
            self = certificate.map { .certificate($0) } ?? .nothing
            return
        }
        let parts = authorization.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw QueryRefusal(
                .unauthenticated, cause: "The Authorization header is not of the kind Bearer.", cure: "Send Authorization: Bearer TOKEN.")
        }
        let digest = OpenSSLTransport.SHA256Digest(of: Array(parts[1].drop { $0 == " " }.utf8))
        self = PoolModel.SHA256Digest(bytes: digest.bytes).map { .bearer($0) } ?? .nothing
    }
}
