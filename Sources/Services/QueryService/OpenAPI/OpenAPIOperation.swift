import QueryModel

/// One operation of the OpenAPI document.
struct OpenAPIOperation: Sendable {
    let method: String
    /// OpenAPI has no sign for "the rest of the path": `{key}` stands for it where the summary says so.
    let path: String
    let identifier: String
    let summary: String
    /// The name of the body's schema; `string` for a JSON string.
    var body: String?
    /// Whether the body may be left out.
    var isBodyOptional = false
    /// The status of success, and the name of the answer's schema; nil for text.
    var success: (status: Int, schema: String?)
    /// Names of query parameters, each with what it means.
    var query: [(name: String, meaning: String)] = []
    var needsCredential = true
    var problems: [ProblemKind] = []

    /// A read of the pool's state.
    static func read(
        _ path: String, _ identifier: String, _ schema: String, _ summary: String, query: [(name: String, meaning: String)] = [],
        problems: [ProblemKind] = []
    ) -> OpenAPIOperation {
        let consistency = (name: "consistency", meaning: "linearizable (the default) or stale")
        return OpenAPIOperation(
            method: "GET", path: path, identifier: identifier, summary: summary, success: (200, schema), query: [consistency] + query,
            problems: problems)
    }

    /// A write.
    static func write(
        _ method: String, _ path: String, _ identifier: String, _ summary: String, body: String? = nil, isBodyOptional: Bool = false,
        success: (status: Int, schema: String?), problems: [ProblemKind] = [.notFound, .conflict]
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: method, path: path, identifier: identifier, summary: summary, body: body, isBodyOptional: isBodyOptional,
            success: success,
            problems: [.badRequest, .forbidden, .keyReused, .tooMany, .outcomeUnknown] + problems)
    }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("operationId", .text(identifier)), ("summary", .text(summary)), ("parameters", .list(parameters)),
            ("responses", .object(responses)),
        ]
        if let body { members.append(("requestBody", requestBody(body))) }
        if !needsCredential { members.append(("security", .list([]))) }
        return .object(members)
    }

    private var parameters: [JSONValue] {
        let inPath = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            Self.parameter(String(part.dropFirst().dropLast()), place: "path", meaning: "Percent-encoded.", isRequired: true)
        }
        let inQuery = query.map { Self.parameter($0.name, place: "query", meaning: $0.meaning, isRequired: false) }
        guard method != "GET" else { return inPath + inQuery }
        return inPath + inQuery + [
            Self.parameter(QueryHeader.idempotencyKey, place: "header", meaning: "A UUID: sent again, done once.", isRequired: false),
            Self.parameter(QueryHeader.reason, place: "header", meaning: "Why, for the events; at most 256 bytes.", isRequired: false),
        ]
    }

    private static func parameter(_ name: String, place: String, meaning: String, isRequired: Bool) -> JSONValue {
        .object([
            ("name", .text(name)), ("in", .text(place)), ("description", .text(meaning)), ("required", .boolean(isRequired)),
            ("schema", OpenAPISchema.text.json),
        ])
    }

    private func requestBody(_ name: String) -> JSONValue {
        let schema = name == "string" ? OpenAPISchema.text.json : OpenAPISchema.named(name).json
        return .object([
            ("required", .boolean(!isBodyOptional)), ("content", .object([("application/json", .object([("schema", schema)]))])),
        ])
    }

    private var responses: [(String, JSONValue)] {
        var responses = [(String(success.status), successResponse)]
        let general: [ProblemKind] = needsCredential ? [.badRequest, .unauthenticated, .noMaster] : [.badRequest, .noMaster]
        let statuses = Dictionary(grouping: Set(problems + general), by: \.status)
        for status in statuses.keys.sorted() {
            let kinds = (statuses[status] ?? []).map(\.rawValue).sorted()
            responses.append(
                (
                    String(status),
                    .object([
                        ("description", .text("A problem: \(kinds.joined(separator: ", ")).")),
                        (
                            "content",
                            .object([(ProblemDocument.mediaType, .object([("schema", OpenAPISchema.named("Problem").json)]))])
                        ),
                    ])
                ))
        }
        return responses
    }

    private var successResponse: JSONValue {
        guard let schema = success.schema else { return .object([("description", .text("Text."))]) }
        let answered = JSONValue.object([
            (
                "allOf",
                .list([
                    OpenAPISchema.named(schema).json,
                    .object([
                        ("type", .text("object")), ("required", .list([.text("answer")])),
                        ("properties", .object([("answer", OpenAPISchema.named("Answer").json)])),
                    ]),
                ])
            )
        ])
        return .object([
            ("description", .text("Carried out. The headers Ovm-Master, Ovm-Term and Ovm-Index repeat `answer`.")),
            ("content", .object([("application/json", .object([("schema", answered)]))])),
        ])
    }
}
