import PoolModel
import PoolStateMachine
import QueryModel

/// A parameter of an operation: in its path, its query or its headers.
struct OpenAPIParameter: Sendable {
    let name: String
    let place: String
    let meaning: String
    let schema: OpenAPISchema
    var isAlwaysAsked = false

    static let idempotencyKey = OpenAPIParameter(
        name: QueryHeader.idempotencyKey, place: "header",
        meaning: "A UUID: sent again within 24 h, done once; within a minute at least where a day brings more than 100,000 of them.",
        schema: .form(.uuid))
    static let reason = OpenAPIParameter(
        name: QueryHeader.reason, place: "header", meaning: "Why, for the events; at most 256 bytes.", schema: .form(.reason))

    static let ifMatch = OpenAPIParameter(
        name: "If-Match", place: "header",
        meaning: "The ETag of what is to be changed, or the index of its version in quotes: carried out only if that is still its version.",
        schema: .form(.entityTags))
    static let ifNoneMatch = OpenAPIParameter(
        name: "If-None-Match", place: "header", meaning: "The ETag of an earlier answer: 304 if it has not changed.",
        schema: .form(.entityTags))

    static func inPath(_ name: String, of path: String) -> OpenAPIParameter {
        OpenAPIParameter(name: name, place: "path", meaning: "Percent-encoded.", schema: pathSchema(name, path))
    }

    static func inQuery(_ name: String, of path: String, meaning: String) -> OpenAPIParameter {
        let schema = schemasOfPaths["\(path) \(name)"] ?? (name == "after" ? elementSchemas[path] : querySchemas[name])
        return OpenAPIParameter(
            name: name, place: "query", meaning: meaning, schema: schema ?? .form(.printable),
            isAlwaysAsked: path == "/v1/pool/diff" && name == "from")
    }

    private var isRequired: Bool { place == "path" || isAlwaysAsked }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .text(name)), ("in", .text(place)), ("description", .text(meaning)), ("required", .boolean(isRequired)),
            ("schema", schema.json),
        ]
        // No example of an idempotency key, which would be used twice if copied, nor of a tag, which would be wrong.
        if place != "header" || name == QueryHeader.reason {
            members.append(("example", OpenAPIExample.value(of: schema, called: "parameter.\(name)")))
        }
        return .object(members)
    }

    private static func pathSchema(_ name: String, _ path: String) -> OpenAPISchema {
        switch name {
        case "id": .whole(1...Int.max)
        case "key": .form(.tagKey)
        case "device": .form(.virtualDevice)
        case "interface": .form(.interfaceName)
        case "name" where path.hasPrefix("/v1/servers"): .form(.serverName)
        case "name" where path.hasPrefix("/v1/vms"): .form(.machineName)
        case "name" where path.hasPrefix("/v1/rules"): .form(.ruleName)
        default: .text
        }
    }

    /// What the elements of a list are ordered by.
    private static let elementSchemas: [String: OpenAPISchema] = [
        "/v1/rules": .form(.ruleName), "/v1/servers": .form(.serverName), "/v1/vms": .form(.machineName),
        "/v1/vms/{name}/tags": .form(.tagKey),
        "/v1/tasks": .whole(0...Int.max), "/v1/tokens": .whole(0...Int.max),
    ]

    /// Where a name means something else on one path than on others.
    private static let schemasOfPaths: [String: OpenAPISchema] = [
        "/v1/events from": .form(.time), "/v1/events to": .form(.time),
        "/v1/pool/state after": .form(.stateCursor), "/v1/pool/state limit": .whole(1...QueryLimits.stateElements),
    ]

    /// But for `after`, one name means one thing, wherever it stands in a query.
    private static let querySchemas: [String: OpenAPISchema] = [
        "at": .whole(1...Int.max), "from": .whole(1...Int.max), "to": .whole(1...Int.max),
        "consistency": .form(.word("linearizable", "stale")), "dryRun": .form(.word("false", "true")),
        "force": .form(.word("false", "true")),
        "limit": .whole(1...QueryLimits.listElements),
        "last": .whole(1...QueryLimits.eventsAtOnce), "server": .form(.serverName),
        "tag": .form(.selectingTag), "object": .form(.eventObject), "principal": .form(.eventPrincipal), "kind": .form(.eventKinds),
        "status": .form(.machineStatus),
        "memoryMiB": .whole(1...PoolLimits.memoryMebibytes), "prefix": .form(.tagPrefix), "since": .whole(0...Int.max),
        "virtualCPUs": .whole(1...PoolLimits.virtualCPUs), "without": .form(.serverNames),
    ]
}
