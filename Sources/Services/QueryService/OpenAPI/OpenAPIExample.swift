import QueryModel

/// Examples for the OpenAPI document, composed of one for each property.
enum OpenAPIExample {
    static func value(of object: OpenAPIObject) -> JSONValue {
        .object(object.properties.map { ($0.name, value(of: $0.schema, called: "\(object.name).\($0.name)")) })
    }

    /// - Parameter path: `Object.property`; the examples are found by it, or by the property's name alone.
    static func value(of schema: OpenAPISchema, called path: String) -> JSONValue {
        let property = String(path.drop { $0 != "." }.dropFirst())
        switch schema {
        case .text: return .text(texts[path] ?? texts[property] ?? property)
        case .form(let form): return .text(form.example)
        case .time: return .text("2011-06-30T08:05:09.120Z")
        case .integer: return .number(numbers[path] ?? numbers[property] ?? 1)
        case .whole(let range): return .number(min(max(numbers[path] ?? numbers[property] ?? 1, range.lowerBound), range.upperBound))
        case .boolean: return .boolean(property != "inMaintenance" && property != "force")
        case .list(let element), .items(let element, _): return .list([value(of: element, called: path)])
        case .counts: return .object([("Running", .number(2))])
        case .named(let name):
            return OpenAPIDocument.objects.first { $0.name == name }.map { value(of: $0) } ?? .object([])
        }
    }

    /// The problem that a kind is told by.
    static func problem(_ kind: ProblemKind) -> JSONValue {
        .object([
            ("type", .text(kind.type)), ("title", .text(kind.title)), ("status", .number(kind.status)),
            ("detail", .text("\(kind.title). Do this.")), ("cure", .text("Do this.")),
        ])
    }

    private static let texts = [
        "id": "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d10", "uuid": "0c36bd52-9f2e-4cf2-b9a8-2a4c8d2f7a01", "name": "web01",
        "Pool.name": "demo", "Server.name": "alpha", "ServerReference.name": "alpha", "Card.name": "eth0", "Bridge.name": "xenbr0",
        "Member.name": "alpha", "Rule.name": "spread-web", "machines": "web01", "BrokenRule.rule": "spread-web",
        "BrokenRule.message": "alpha breaks rule spread-web, which is soft: it has web02.", "poolName": "demo", "master": "alpha",
        "rules": "spread-web", "server": "alpha", "preferredServers": "alpha", "chosen": "alpha",
        "authority": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "Server.status": "active",
        "Machine.status": "Running", "Task.status": "done", "Token.status": "unused", "Machine.intent": "running", "roles": "vm",
        "peerAddress": "10.0.0.1:8899", "queryAddress": "10.0.0.1:4443", "boot": "3b0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d11",
        "agentVersion": "0.1.0", "cards": "eth0", "bridge": "xenbr0", "path": "/OVS", "domainTypes": "pv", "domainType": "pv",
        "hypervisor": "simulated", "diskPaths": "/OVS/web01.img", "configuration": "name = \"web01\"\nmemory = 1024\n",
        "machine": "web01", "key": "owner/team", "value": "web", "Task.kind": "start", "Task.target": "web01",
        "principal": "operator admin", "createdBy": "operator admin", "usedBy": "bravo", "kind": "vm-started", "target": "vm web01",
        "reason": "planned work on rack 7", "message": "Virtual machine web01 was started on alpha.", "Refusal.type": "not-enough-memory",
        "type": ProblemKind.notFound.type, "title": ProblemKind.notFound.title,
        "detail": "There is no virtual machine \"web09\". List them with GET /v1/vms.", "cure": "List them with GET /v1/vms.",
        "refusal": "machine-not-found", "cause": "The guest was asked to stop.",
    ]

    private static let numbers = [
        "memoryMiB": 1_024, "virtualCPUs": 2, "networkKbps": 1_000_000, "speedKbps": 1_000_000, "rateKbps": 1_000_000,
        "totalMemoryMiB": 16_384, "reservedMemoryMiB": 1_024, "processors": 8, "capacityMiB": 102_400, "overcommitRatio": 4,
        "voterLimit": 5, "status": 404, "index": 117, "through": 117, "term": 3, "memory": 812_500, "network": 990_000, "disk": 1_000_000,
        "Shares.virtualCPUs": 937_500, "score": 812_500, "ttlSeconds": 10_800, "total": 3, "reachable": 3, "inMaintenance": 0,
    ]
}
