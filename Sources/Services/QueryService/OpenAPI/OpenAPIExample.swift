import QueryModel

/// Examples for the OpenAPI document, composed of one for each property.
enum OpenAPIExample {
    static func value(of object: OpenAPIObject) -> JSONValue {
        let usual = object.properties.filter { $0.isRequired || !unusual.contains("\(object.name).\($0.name)") }
        return .object(usual.map { ($0.name, value(of: $0.schema, called: "\(object.name).\($0.name)")) })
    }

    /// A whole answer: the document, and what it reflects.
    static func answer(of name: String) -> JSONValue {
        guard case .object(let members) = value(of: .named(name), called: "") else { return .object([]) }
        return .object(members + [("answer", value(of: .named("Answer"), called: ""))])
    }

    /// - Parameter path: `Object.property`; the examples are found by it, or by the property's name alone.
    static func value(of schema: OpenAPISchema, called path: String) -> JSONValue {
        let property = String(path.drop { $0 != "." }.dropFirst())
        switch schema {
        case .text: return .text(words[path] ?? words[property] ?? property)
        case .form(let form): return .text(form.example)
        case .time: return .text("2011-06-30T08:05:09.120Z")
        case .integer: return .number(numbers[path] ?? numbers[property] ?? 1)
        case .whole(let range): return .number(min(max(numbers[path] ?? numbers[property] ?? 1, range.lowerBound), range.upperBound))
        case .oneOf(let allowed): return .number(numbers[property] ?? allowed.first ?? 1)
        case .boolean: return .boolean(property != "inMaintenance" && property != "force")
        case .list(let element), .items(let element, _): return .list([value(of: element, called: path)])
        case .counts(let names): return .object([(names.example, .number(2))])
        case .named(let name):
            return OpenAPIDocument.objects.first { $0.name == name }.map { value(of: $0) } ?? .object([])
        }
    }

    /// Members that only a rare case has, and that would not fit the others of an example.
    private static let unusual: Set = [
        "Machine.cause", "Machine.task", "Machine.seenOn", "Machine.warnings", "Machine.image",
        "Machine.suspendsTo", "Machine.migration", "Machine.remnantsOn", "MigrationCheck.obstacle", "Server.overcommittedMiB",
        "Server.strays", "Server.processorGaps",
        "PlacedMachine.obstacle",
        "ServerExplanation.refusal", "ServerExplanation.brokenRules", "Token.usedBy", "Task.cause", "PoolState.firstIndex",
        "ServerList.next", "MachineList.next", "TagList.next", "RuleList.next", "TokenList.next", "TaskList.next", "Problem.refusal",
        "Problem.line", "Problem.column", "Problem.firstIndex", "Problem.servers", "StopMachine.force", "CreateRule.machines",
        "Explain.memoryMiB", "Explain.virtualCPUs", "ChangeRule.removeMachines", "ChangeRule.removeTags", "ChangeMachine.removeRules",
        "PoolState.next", "Task.progress",
    ]

    /// Answers that are no document of the pool, by operation.
    static let texts: [String: JSONValue] = [
        "showConsoleLog": .text("Debian GNU/Linux 12 web01 hvc0\r\n\r\nweb01 login: "), "health": .text("ok\n"),
        "readiness": .text("ready\n"),
        "description": .object([("openapi", .text("3.1.0")), ("paths", .object([]))]),
        "metrics": .text(
            "# HELP ovm_api_connections Connections of clients\n# TYPE ovm_api_connections gauge\novm_api_connections 3\n"),
    ]

    /// A stream of one event, as server-sent events.
    static let stream = JSONValue.text(
        "retry: 1000\n\nid: 117\nevent: vm-placed\ndata: {\"index\":117,\"ordinal\":0,\"kind\":\"vm-placed\"}\n\n")

    private static let words = [
        "id": "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d10", "uuid": "0c36bd52-9f2e-4cf2-b9a8-2a4c8d2f7a01", "name": "web01",
        "Pool.name": "demo", "Server.name": "alpha", "ServerReference.name": "alpha", "Card.name": "eth0", "Bridge.name": "xenbr0",
        "Member.name": "alpha", "Rule.name": "spread-web", "machines": "web01", "BrokenRule.rule": "spread-web",
        "BrokenRule.message": "alpha breaks rule spread-web, which is soft: it has web02.", "poolName": "demo", "master": "alpha",
        "rules": "spread-web", "server": "alpha", "preferredServers": "alpha", "chosen": "alpha",
        "authority": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "peerAddress": "10.0.0.1:8899", "queryAddress": "10.0.0.1:4443", "boot": "3b0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d11",
        "agentVersion": "0.1.0", "cards": "eth0", "bridge": "xenbr0", "path": "/OVS",
        "hypervisor": "simulated", "diskPaths": "/OVS/web01.img", "configuration": "name = \"web01\"\nmemory = 1024\n",
        "machine": "web01", "key": "owner/team", "value": "web", "Task.target": "web01", "usedBy": "bravo",
        "reason": "planned work on rack 7", "message": "Virtual machine web01 was placed on server alpha.",
        "Refusal.message": "alpha has 512 MiB free, and 1024 MiB are needed.", "FieldDiff.name": "requirements.memoryMiB",
        "before": "1024", "after": "2048", "ObjectDiff.name": "web01", "ChangeEntry.message": "Virtual machine web01 was changed.",
        "title": ProblemKind.notFound.title,
        "detail": "There is no virtual machine \"web09\". List them with GET /v1/vms.", "cure": "List them with GET /v1/vms.",
        "ProcessorGap.features": "avx512f", "ProcessorGap.vendor": "AuthenticAMD", "ProcessorGap.server": "bravo",
        "warnings": "Virtual machines started on alpha could not move live to bravo, whose CPUs lack avx512f.",
        "phase": "waiting for the guest to shut down", "cause": "The guest was asked to stop.",
    ]

    private static let numbers = [
        "memoryMiB": 1_024, "virtualCPUs": 2, "networkKbps": 1_000_000, "speedKbps": 1_000_000, "rateKbps": 1_000_000,
        "totalMemoryMiB": 16_384, "reservedMemoryMiB": 1_024, "processors": 8,
        "coresPerSocket": 4, "threadsPerCore": 2, "capacityMiB": 102_400, "overcommitRatio": 4,
        "voterLimit": 5, "voterReplacementSeconds": 600, "changedAt": 117, "status": 404, "index": 117, "through": 117, "term": 3,
        "memory": 812_500, "network": 990_000, "disk": 1_000_000,
        "Shares.virtualCPUs": 937_500, "score": 812_500, "permille": 350, "ttlSeconds": 10_800, "total": 3, "reachable": 3,
        "inMaintenance": 0,
    ]
}
