import AgentCore
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel

/// What `If-Match` and `If-None-Match` may say (RFC 9110 §13.1).
enum EntityTags: Hashable, Sendable {
    /// `*`: whatever there is.
    case any
    /// The tags as they stand between their quotes; weak ones begin with `W/`.
    case these([String])

    /// The most tags of one field.
    static let most = 16

    /// Reads a field's value; nil for what is no list of tags.
    init?(_ text: String) {
        var rest = Self.trimmed(Array(text.utf8)[...])
        if rest == Array("*".utf8)[...] {
            self = .any
            return
        }
        var tags: [String] = []
        // No tag at all is a list too, which nothing matches.
        while !rest.isEmpty {
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.popFirst() == UInt8(ascii: "\""), let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let tag = rest[..<end]
            guard tag.allSatisfy({ $0 >= 0x21 && $0 != 0x7F }), tags.count < Self.most else { return nil }
            guard let text = String(validating: tag, as: UTF8.self) else { return nil }
            tags.append((isWeak ? "W/" : "") + text)
            rest = Self.trimmed(rest[(end + 1)...])
            if rest.isEmpty { break }
            guard rest.popFirst() == UInt8(ascii: ",") else { return nil }
            rest = Self.trimmed(rest)
            guard !rest.isEmpty else { return nil }
        }
        self = .these(tags)
    }

    /// Without spaces and tabs at its ends.
    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let start = bytes.drop(while: isBlank)
        return start.prefix((start.lastIndex { !isBlank($0) } ?? start.startIndex - 1) - start.startIndex + 1)
    }

    /// The tag of a representation: the version of what it shows, for writes, and a digest of the document itself, which may show
    /// more than has a version (how much a server has free, who is the master). What an answer reflects is no part of it.
    static func tag(version: LogIndex, document: some Encodable) -> String? {
        do {
            let digest = OpenSSLTransport.SHA256Digest(of: Array(try QueryJSON.encode(document)))
            return "\(version)-" + digest.bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        } catch {
            // Our own documents always encode; an answer without a tag is merely not cached.
            return nil
        }
    }

    /// The version that a tag of ours names, or that stands alone, as people copy it from `changedAt`; nil for any other text.
    static func version(in tag: String) -> LogIndex? { UInt64(tag.prefix { $0 != "-" }).map { LogIndex($0) } }

    /// Whether one of them is `tag`, which a reader may compare weakly.
    func match(_ tag: String) -> Bool {
        switch self {
        case .any: true
        case .these(let tags): tags.contains { $0 == tag || $0 == "W/\(tag)" }
        }
    }
}

/// What a path is about, where that has a version.
enum QuerySubject: Hashable, Sendable {
    case machine(String)
    case server(String)
    case task(String)
    case rule(String)
    case settings
    case pool

    /// Nil for lists, and for what has no version.
    init?(pattern: String, parameters: [String: String]) {
        if pattern.hasPrefix("/v1/vms/{name}/console") || pattern == "/v1/vms/{name}/display" {
            return nil
        } else if pattern.hasPrefix("/v1/vms/{name}"), let name = parameters["name"] {
            self = .machine(name)
        } else if pattern.hasPrefix("/v1/servers/{name}"), let name = parameters["name"] {
            self = .server(name)
        } else if pattern.hasPrefix("/v1/tasks/{id}"), let id = parameters["id"] {
            self = .task(id)
        } else if pattern.hasPrefix("/v1/rules/{name}"), let name = parameters["name"] {
            self = .rule(name)
        } else if pattern == "/v1/pool/settings" {
            self = .settings
        } else if pattern == "/v1/pool" {
            self = .pool
        } else {
            return nil
        }
    }
}

extension PoolState {
    /// The index of the subject's last change; nil where it does not exist.
    func version(of subject: QuerySubject) -> LogIndex? {
        switch subject {
        case .machine(let text): VirtualMachineName(text).flatMap { machine(named: $0)?.changedAt }
        case .server(let text): ServerName(text).flatMap { server(named: $0)?.changedAt }
        case .task(let text): UInt64(text).flatMap { tasks[TaskID($0)]?.changedAt }
        case .rule(let text): ruleIfAny(atPath: text)?.changedAt
        case .settings: pool == nil ? nil : settings.changedAt
        // Nothing changes the pool as a whole by a write of its own: the digest of its document tells one state from another.
        case .pool: pool == nil ? nil : LogIndex(1)
        }
    }
}

extension QueryService {
    /// The version that the caller of a write rests on, by `If-Match`; nil where it does not mind.
    ///
    /// It is compared where the command is applied: only there is nothing else in between.
    func expectedVersion(_ request: QueryRequest) async throws(QueryRefusal) -> LogIndex? {
        guard let text = request.headers["if-match"] else { return nil }
        guard let subject = request.subject else {
            throw QueryRefusal(
                .badRequest, cause: "\(request.method) \(QueryRefusal.shown(request.path)) changes nothing that has a version.",
                cure: "Leave If-Match out.")
        }
        guard let tags = EntityTags(text) else {
            throw .badValue("If-Match", text, expected: "* or the ETag of an earlier answer, with its quotes")
        }
        guard case .these(let known) = tags else { return nil }
        let versions = known.compactMap { EntityTags.version(in: $0) }
        guard let first = versions.first else {
            throw QueryRefusal(
                .preconditionFailed, cause: "If-Match names no version that there ever was.", cure: "Read it again, and send its ETag.")
        }
        guard versions.count > 1 else { return first }
        let present = try await look(request, .linearizable) { state, _ throws(QueryRefusal) in state.version(of: subject) }.document
        return versions.first { $0 == present } ?? first
    }

    /// The answer to a client that has it already.
    static func unchanged(_ reply: QueryReply, for request: QueryRequest) throws(QueryRefusal) -> QueryReply? {
        guard ["GET", "HEAD"].contains(request.method), let text = request.headers["if-none-match"] else { return nil }
        guard let tags = EntityTags(text) else {
            throw .badValue("If-None-Match", text, expected: "* or the ETag of an earlier answer, with its quotes")
        }
        guard reply.status == 200, let field = reply.headers.first(where: { $0.name == QueryHeader.entityTag }) else { return nil }
        guard tags.match(String(field.value.dropFirst().dropLast())) else { return nil }
        return QueryReply(status: 304, headers: reply.headers.filter { $0.name != "Content-Type" }, content: .bytes([]))
    }
}
