import QueryModel

/// One operation of the query port.
struct Route: Sendable {
    /// In capitals.
    let method: String
    /// As in the OpenAPI document: `{name}` stands for a segment, a last `{key...}` for the rest of the path.
    let pattern: String
    /// What its OpenAPI operation is called.
    let operation: String
    let access: Access
    /// The query's names that it understands; any other is refused, as it would be ignored.
    let query: [String]
    let handler: Handler

    typealias Handler = @Sendable (QueryService, QueryRequest) async throws(QueryRefusal) -> QueryReply

    /// Who may call it. What a caller may write is decided where commands are applied, not here.
    enum Access: Hashable, Sendable {
        /// Anyone; no credential is looked at.
        case everyone
        /// A known operator, or a server of the pool.
        case known
    }

    init(
        _ method: String, _ pattern: String, _ operation: String, access: Access = .known, query: [String] = [],
        handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.operation = operation
        self.access = access
        self.query = query
        self.handler = handler
    }

    /// What the pattern finds in a path's segments, decoded by the caller; nil when it does not match.
    func match(_ segments: [String]) -> [String: String]? {
        var found: [String: String] = [:]
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: true)
        for (position, part) in parts.enumerated() {
            guard position < segments.count else { return nil }
            if part.hasPrefix("{"), part.hasSuffix("...}") {
                found[String(part.dropFirst().dropLast(4))] = segments[position...].joined(separator: "/")
                return found
            }
            if part.hasPrefix("{"), part.hasSuffix("}") {
                guard !segments[position].isEmpty else { return nil }
                found[String(part.dropFirst().dropLast())] = segments[position]
            } else if segments[position] != part {
                return nil
            }
        }
        return parts.count == segments.count ? found : nil
    }
}

/// The routes of the query port, and what a path and a method find among them.
struct RouteTable: Sendable {
    let routes: [Route]

    /// The route for a request, with what its pattern found in the path.
    ///
    /// - Throws: not found, method not allowed, or a path or query that cannot be read.
    func find(_ request: QueryRequest) throws(QueryRefusal) -> (route: Route, parameters: [String: String]) {
        var segments: [String] = []
        for part in request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let segment = PercentText.decode(part) else {
                throw .badValue("path", request.path, expected: "percent-encoded UTF-8 without control characters")
            }
            segments.append(segment)
        }
        // A HEAD is a GET of which only the head is sent (RFC 9110 §9.3.2).
        let method = request.method == "HEAD" ? "GET" : request.method
        var allowed: [String] = []
        for route in routes {
            guard let parameters = route.match(segments) else { continue }
            guard route.method == method else {
                allowed += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
                continue
            }
            try checkQuery(of: request, for: route)
            return (route, parameters)
        }
        throw refusal(of: request, allowed: allowed)
    }

    private func checkQuery(of request: QueryRequest, for route: Route) throws(QueryRefusal) {
        for name in request.query.keys.sorted() where !route.query.contains(name) {
            throw Self.unknownName(name, route.method, route.pattern, known: route.query)
        }
    }

    static func unknownName(_ name: String, _ method: String, _ pattern: String, known: [String]) -> QueryRefusal {
        QueryRefusal(
            .badRequest, cause: "\(method) \(pattern) does not know \(QueryRefusal.shown(name)) in the query.",
            cure: "Give \(known.isEmpty ? "nothing" : "only \(known.joined(separator: ", "))").")
    }

    private func refusal(of request: QueryRequest, allowed: [String]) -> QueryRefusal {
        guard !allowed.isEmpty else {
            return QueryRefusal(
                .notFound, cause: "There is nothing at \(QueryRefusal.shown(request.path)).", cure: "Look the paths up in /openapi.json.")
        }
        return Self.wrongMethod(request.method, request.path, allowed: allowed)
    }

    static func wrongMethod(_ method: String, _ path: String, allowed: [String]) -> QueryRefusal {
        var refusal = QueryRefusal(
            .methodNotAllowed, cause: "\(QueryRefusal.shown(method)) is not possible at \(QueryRefusal.shown(path)).",
            cure: "Use \(allowed.joined(separator: " or ")).")
        refusal.allowedMethods = allowed
        return refusal
    }
}
