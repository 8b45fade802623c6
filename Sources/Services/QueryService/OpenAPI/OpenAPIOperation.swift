import ConsoleStreams
import QueryModel

/// One operation of the OpenAPI document.
struct OpenAPIOperation: Sendable {
    var method: String
    /// OpenAPI has no sign for "the rest of the path": `{key}` stands for it where the summary says so.
    let path: String
    let identifier: String
    let summary: String
    /// The name of the body's schema; `string` for a JSON string.
    var body: String?
    /// Whether the body may be left out.
    var isBodyOptional = false
    /// The status of success, and the name of the answer's schema; nil for what is no document of the pool (`otherMedia`).
    var success: (status: Int, schema: String?)
    /// The media type of an answer without a schema, or of the stream that may be asked for in place of the document.
    var otherMedia: String?
    /// Names of query parameters, each with what it means.
    var query: [(name: String, meaning: String)] = []
    var needsCredential = true
    /// Whether success may also be 202 with the same document, and the task's place as Location.
    var mayBeginTask = false
    /// Whether it takes an idempotency key and a reason.
    var isWrite = false
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

    /// The same, which also answers with a stream where that is what is asked for.
    func streaming(_ media: String) -> OpenAPIOperation {
        var operation = self
        operation.otherMedia = media
        return operation
    }

    /// A read of a list, page by page.
    static func list(
        _ path: String, _ identifier: String, _ schema: String, _ summary: String, query: [(name: String, meaning: String)] = [],
        problems: [ProblemKind] = []
    ) -> OpenAPIOperation {
        let page = [
            (name: "limit", meaning: "the most elements of the answer; absent means \(QueryLimits.listElements)"),
            (name: "after", meaning: "what the answer before said as next: the elements that follow"),
        ]
        return read(path, identifier, schema, summary, query: page + query, problems: problems)
    }

    /// A write.
    static func write(
        _ method: String, _ path: String, _ identifier: String, _ summary: String, body: String? = nil, isBodyOptional: Bool = false,
        success: (status: Int, schema: String?), problems: [ProblemKind] = [.notFound, .conflict]
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: method, path: path, identifier: identifier, summary: summary, body: body, isBodyOptional: isBodyOptional,
            success: success, isWrite: true,
            problems: [.badRequest, .forbidden, .keyReused, .tooMany, .outcomeUnknown, .gone] + problems)
    }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("operationId", .text(identifier)), ("summary", .text(summary)),
            ("description", .text(OpenAPIDocument.descriptions[identifier] ?? summary)), ("parameters", .list(parameters)),
            ("responses", .object(responses)),
        ]
        if let body { members.append(("requestBody", requestBody(body))) }
        if !needsCredential { members.append(("security", .list([]))) }
        return .object(members)
    }

    private var parameters: [JSONValue] {
        let inPath = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            OpenAPIParameter.inPath(String(part.dropFirst().dropLast()), of: path).json
        }
        let inQuery = query.map { OpenAPIParameter.inQuery($0.name, of: path, meaning: $0.meaning).json }
        guard isWrite else { return inPath + inQuery + (isAboutVersions ? [OpenAPIParameter.ifNoneMatch.json] : []) }
        return inPath + inQuery + [OpenAPIParameter.idempotencyKey.json, OpenAPIParameter.reason.json]
            + (isAboutVersions ? [OpenAPIParameter.ifMatch.json] : [])
    }

    /// Whether the path names something that has a version.
    private var isAboutVersions: Bool { QuerySubject(pattern: path, parameters: ["name": "", "id": ""]) != nil }

    private func requestBody(_ name: String) -> JSONValue {
        let schema = name == "string" ? OpenAPISchema.form(.tagValue) : .named(name)
        let content = JSONValue.object([("schema", schema.json), ("example", OpenAPIExample.value(of: schema, called: ""))])
        return .object([("required", .boolean(!isBodyOptional)), ("content", .object([("application/json", content)]))])
    }

    /// What any request may be answered with, whatever it asks for.
    private static let general: [ProblemKind] = [.badRequest, .tooLarge, .tooMany, .internalError, .noMaster]

    private var responses: [(String, JSONValue)] {
        var responses = [(String(success.status), successResponse)]
        if mayBeginTask {
            var begun = self
            begun.success.status = 202
            responses.append(("202", begun.successResponse))
        }
        let general = Self.general + (needsCredential ? [.unauthenticated] : []) + (body == nil ? [] : [.tooSlow, .unsupportedMediaType])
        if method == "GET", isAboutVersions {
            responses.append(("304", .object([("description", .text("What If-None-Match names is still so."))])))
        }
        let conditions: [ProblemKind] = method != "GET" && isAboutVersions ? [.preconditionFailed] : []
        let statuses = Dictionary(grouping: Set(problems + general + conditions), by: \.status)
        for status in statuses.keys.sorted() {
            let kinds = (statuses[status] ?? []).sorted { $0.rawValue < $1.rawValue }
            responses.append((String(status), problemResponse(kinds)))
        }
        return responses
    }

    private func problemResponse(_ kinds: [ProblemKind]) -> JSONValue {
        let examples = kinds.map { kind in
            (
                kind.rawValue,
                JSONValue.object([("summary", .text(kind.title)), ("value", .encoded(OpenAPIProblems.example(of: kind, of: self).problem))])
            )
        }
        let content = JSONValue.object([("schema", OpenAPISchema.named("Problem").json), ("examples", .object(examples))])
        return .object([
            ("description", .text("A problem: \(kinds.map(\.rawValue).joined(separator: ", ")).")),
            ("content", .object([(ProblemDocument.mediaType, content)])),
        ])
    }

    private var headers: [(String, JSONValue)] {
        var headers = [
            (QueryHeader.master, "The Server Pool Master's name; empty when none is known.", OpenAPISchema.text),
            (QueryHeader.term, "Its term.", .integer), (QueryHeader.index, "The log index that the answer reflects.", .integer),
        ]
        if isAboutVersions, success.schema != "Done", success.status == 200 {
            headers.append((QueryHeader.entityTag, "The version, for If-Match and If-None-Match.", .form(.entityTags)))
        }
        if [201, 202].contains(success.status) { headers.append(("Location", "The path of what was made.", .text)) }
        return headers.map { ($0, .object([("description", .text($1)), ("schema", $2.json)])) }
    }

    private var successResponse: JSONValue {
        if success.status == 101 {
            return .object([
                (
                    "description",
                    .text(
                        "The connection is a WebSocket (RFC 6455), of the subprotocol \(WebSocketHandshake.subprotocol) where that was "
                            + "named. Its messages are bytes both ways; their borders mean nothing.")
                )
            ])
        }
        guard let schema = success.schema else {
            let media = otherMedia ?? "text/plain"
            let kind = media == "application/json" ? "object" : "string"
            let content = JSONValue.object([
                ("schema", .object([("type", .text(kind))])), ("example", OpenAPIExample.texts[identifier] ?? .null),
            ])
            return .object([("description", .text("Carried out.")), ("content", .object([(media, content)]))])
        }
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
            ("headers", .object(headers)),
            (
                "content",
                .object([("application/json", .object([("schema", answered), ("example", OpenAPIExample.answer(of: schema))]))] + stream)
            ),
        ])
    }

    private var stream: [(String, JSONValue)] {
        guard let otherMedia else { return [] }
        let content = JSONValue.object([("schema", .object([("type", .text("string"))])), ("example", OpenAPIExample.stream)])
        return [(otherMedia, content)]
    }
}
