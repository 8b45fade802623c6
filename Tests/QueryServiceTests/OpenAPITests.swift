import Foundation
import Placement
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("The OpenAPI document")
struct OpenAPITests {
    private func document() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.text.utf8)) as? [String: Any])
    }

    /// A route as the document would name it.
    private func line(_ method: String, _ path: String, _ identifier: String) -> String {
        "\(method) \(path.replacing("...}", with: "}")) \(identifier)"
    }

    @Test("describes every route, and routes everything that it describes")
    func bothWays() throws {
        let paths = try #require(try document()["paths"] as? [String: [String: [String: Any]]])
        let described = paths.flatMap { path, methods in
            methods.map { line($0.key.uppercased(), path, $0.value["operationId"] as? String ?? "") }
        }

        let routed = QueryService.routes.map { line($0.method, $0.pattern, $0.operation) }

        #expect(described.sorted() == routed.sorted())
        #expect(Set(routed).count == routed.count)
    }

    @Test("the form of a page's cursor is that of every cursor that the service makes, and reads back")
    func describesCursors() throws {
        let cursors = [
            PoolStateCursor(index: LogIndex(7), section: .server, name: "alpha"),
            PoolStateCursor(index: LogIndex(1 << 59), section: .vm, name: String(repeating: "w", count: 80)),
            PoolStateCursor(index: LogIndex(117), section: .rule, name: "spread-web"),
            PoolStateCursor(index: LogIndex(117), section: .tag, name: "web01", key: "owner/team"),
        ]
        let form = try Regex(try #require(OpenAPITextForm.stateCursor.pattern))

        for cursor in cursors {
            #expect(cursor.text.wholeMatch(of: form) != nil, "\(cursor.text)")
            #expect(PoolStateCursor(cursor.text) == cursor)
        }
        #expect("web".wholeMatch(of: form) == nil)
        #expect(PoolStateCursor(OpenAPITextForm.stateCursor.example) != nil)
    }

    @Test("knows the same query parameters and the same need of a credential as the routes")
    func parameters() throws {
        let operations = Dictionary(uniqueKeysWithValues: OpenAPIDocument.operations.map { ($0.identifier, $0) })

        for route in QueryService.routes {
            let operation = try #require(operations[route.operation])
            #expect(operation.query.map(\.name).sorted() == route.query.sorted(), "\(route.operation)")
            #expect(operation.needsCredential == (route.access == .known), "\(route.operation)")
        }
    }

    @Test("refers only to schemas that it has")
    func references() throws {
        let schemas = Set(OpenAPIDocument.objects.map(\.name))
        let text = OpenAPIDocument.text
        let used = Set(text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/).map { String($0.1) })

        #expect(used.subtracting(schemas) == [])
        #expect(schemas.subtracting(used) == ["JoinChecked", "Event"].filter { !used.contains($0) }.reduce(into: []) { $0.insert($1) })
    }

    @Test("every operation has a summary, a description, and examples of its request, its answers and each of its errors")
    func complete() throws {
        let paths = try #require(try document()["paths"] as? [String: [String: [String: Any]]])

        for (path, methods) in paths {
            for (method, operation) in methods {
                let name = "\(method) \(path)"
                let summary = try #require(operation["summary"] as? String)
                let description = try #require(operation["description"] as? String)
                #expect(description.hasSuffix(".") && description != summary, "\(name)")
                let body = (operation["requestBody"] as? [String: Any])?["content"] as? [String: [String: Any]] ?? [:]
                #expect(body.values.allSatisfy { $0["example"] != nil }, "\(name)")
                for (status, response) in try #require(operation["responses"] as? [String: [String: Any]]) {
                    let content = response["content"] as? [String: [String: Any]] ?? [:]
                    #expect(content.isEmpty == ["101", "304"].contains(status), "\(name) \(status)")
                    #expect(content.values.allSatisfy { $0["example"] != nil || $0["examples"] != nil }, "\(name) \(status)")
                }
            }
        }
    }

    @Test("every example fits its schema, keyword by keyword")
    func examples() throws {
        let document = try document()
        let validator = SchemaValidator(document: document)
        var found: [(place: String, schema: [String: Any], example: Any)] = []
        collectExamples(document, at: "", into: &found)

        #expect(found.count > 400)
        for (place, schema, example) in found { #expect(validator.mismatches(example, schema) == [], "\(place)") }
    }

    /// Finds what stands beside a schema, or within one, as its example.
    private func collectExamples(
        _ value: Any, at place: String, into found: inout [(place: String, schema: [String: Any], example: Any)]
    ) {
        if let list = value as? [Any] {
            for (position, element) in list.enumerated() { collectExamples(element, at: "\(place)[\(position)]", into: &found) }
        }
        guard let members = value as? [String: Any] else { return }
        if let example = members["example"] { found.append((place, members["schema"] as? [String: Any] ?? members, example)) }
        for (name, example) in members["examples"] as? [String: [String: Any]] ?? [:] {
            found.append(("\(place) \(name)", members["schema"] as? [String: Any] ?? [:], example["value"] ?? NSNull()))
        }
        for (name, member) in members where name != "example" && name != "examples" {
            collectExamples(member, at: "\(place)/\(name)", into: &found)
        }
    }

    @Test("a validator that found every example right would find a wrong one: a word, a bound, a member too few")
    func validatorBites() throws {
        let validator = SchemaValidator(document: try document())
        let schema = ["$ref": "#/components/schemas/CreateRule"]
        func mismatches(_ json: String) throws -> Int {
            validator.mismatches(try JSONSerialization.jsonObject(with: Data(json.utf8)), schema).count
        }

        #expect(try mismatches(#"{"name": "r", "kind": "affinity", "tags": ["a"], "strength": null}"#) == 0)
        #expect(try mismatches(#"{"name": "r", "kind": "affine", "tags": ["a"]}"#) == 1)
        #expect(try mismatches(#"{"name": "-", "kind": "affinity", "tags": ["a"], "machines": 7}"#) == 2)
        #expect(try mismatches(#"{"kind": "affinity", "tags": ["a"]}"#) == 1)
        #expect(try mismatches(#"{"name": "r", "kind": "affinity", "tags": []}"#) == 2)
        #expect(try mismatches(#"{"name": "r", "kind": "affinity", "tags": ["a"], "extra": 1}"#) == 1)
    }

    @Test("the closed sets of words are whole: each word that the service can say is one that the document knows")
    func words() throws {
        let schemas = try #require((try document()["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])
        let sets: [(place: String, words: [String])] = [
            ("Server.status", ServerStatusWord.allCases.map(\.rawValue)), ("Server.roles", ServerRoles.all.words),
            ("ServerFacts.domainTypes", DomainType.allCases.map(\.rawValue)), ("Machine.status", MachineStatus.allCases.map(\.rawValue)),
            ("PlacedMachine.status", MachineStatus.allCases.map(\.rawValue)), ("Machine.intent", MachineIntent.allCases.map(\.rawValue)),
            ("Machine.operations", MachineOperation.allCases.map(\.rawValue)),
            ("Requirements.onCrash", MachineEndAction.allCases.map(\.rawValue)),
            ("Refusal.type", PlacementRefusalType.allCases.map(\.rawValue)), ("Rule.kind", RuleKind.allCases.map(\.rawValue)),
            ("Rule.strength", RuleStrength.allCases.map(\.rawValue)), ("Token.status", TokenStatusWord.allCases.map(\.rawValue)),
            ("Task.kind", PoolTaskKind.allCases.map(\.rawValue)), ("Task.status", PoolTaskState.allCases.map(\.rawValue)),
            ("Event.kind", PoolEventKind.allCases.map(\.rawValue)), ("ChangeEntry.kind", PoolEventKind.allCases.map(\.rawValue)),
            ("ObjectDiff.change", ObjectChange.allCases.map(\.rawValue)), ("Problem.type", ProblemKind.allCases.map(\.type)),
            ("Problem.refusal", PoolRefusalType.allCases.map(\.rawValue)),
        ]

        for (place, words) in sets {
            let path = place.split(separator: ".").map(String.init)
            let property = try #require((schemas[path[0]]?["properties"] as? [String: [String: Any]])?[path[1]])
            let described = property["enum"] ?? (property["items"] as? [String: Any])?["enum"]
            #expect(described as? [String] == words, "\(place)")
        }
    }

    @Test("what a request may hold is bounded as the server bounds it: the example of each body is accepted or refused by the pool alone")
    func bodies() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let schemas = try #require((try document()["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])

        for operation in OpenAPIDocument.operations where operation.identifier != "join" {
            guard let body = operation.body, let example = schemas[body]?["example"] else { continue }
            let target = operation.path.replacing("{name}", with: "web01")
            let bytes = Array(try JSONSerialization.data(withJSONObject: example))
            let answer = try await scene.send(operation.method, target, bytes: bytes)
            #expect([200, 201, 202, 404, 409].contains(answer.status), "\(operation.identifier): \(answer.text)")
        }
    }

    @Test("answers match their schemas, key by key")
    func answersMatch() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"b\"")
        let started = try await scene.send("POST", "/v1/vms/web01/start")
        _ = try await scene.send("POST", "/v1/rules", #"{"name": "r", "kind": "anti-affinity", "strength": "soft", "tags": ["a"]}"#)
        _ = try await scene.createMachine("web03")
        _ = try await scene.send("PUT", "/v1/vms/web03/tags/a", "\"b\"")
        let answers = [
            ("Rule", try await scene.send("GET", "/v1/rules/r")), ("RuleList", try await scene.send("GET", "/v1/rules")),
            ("Explanation", try await scene.send("GET", "/v1/vms/web03/explain")),
            ("Master", try await scene.send("GET", "/v1/master")), ("Pool", try await scene.send("GET", "/v1/pool")),
            ("ServerList", try await scene.send("GET", "/v1/servers")), ("MachineList", try await scene.send("GET", "/v1/vms")),
            ("Machine", try await scene.send("GET", "/v1/vms/web01")), ("TagList", try await scene.send("GET", "/v1/vms/web01/tags")),
            ("Explanation", try await scene.send("GET", "/v1/vms/web01/explain?without=beta")), ("TaskBegun", started),
            ("TaskList", try await scene.send("GET", "/v1/tasks")), ("EventList", try await scene.send("GET", "/v1/events")),
            ("TokenCreated", try await scene.send("POST", "/v1/tokens")), ("TokenList", try await scene.send("GET", "/v1/tokens")),
            ("PoolState", try await scene.send("GET", "/v1/pool/state?at=7")),
            ("PoolDiff", try await scene.send("GET", "/v1/pool/diff?from=7")), ("Server", try await scene.send("GET", "/v1/servers/alpha")),
            ("MachineCreated", try await scene.createMachine("web02")), ("Problem", try await scene.send("GET", "/v1/vms/none")),
        ]

        for (schema, answer) in answers {
            let value = try JSONSerialization.jsonObject(with: Data(answer.body), options: .fragmentsAllowed)
            #expect(mismatches(value, .named(schema), at: schema, allowing: ["answer"]) == [])
            #expect(SchemaValidator(document: try document()).mismatches(value, ["$ref": "#/components/schemas/\(schema)"]) == [])
        }
    }

    /// Where a value and its schema disagree.
    private func mismatches(_ value: Any, _ schema: OpenAPISchema, at place: String, allowing extra: Set<String> = []) -> [String] {
        switch schema {
        case .text: value is String ? [] : [place]
        case .form(let form): (value as? String).map { fits($0, form) } == true ? [] : [place]
        case .time: (value as? String).flatMap { QueryTime($0) } == nil ? [place] : []
        case .integer: value is NSNumber ? [] : [place]
        case .whole(let range): (value as? Int).map { range.contains($0) } == true ? [] : [place]
        case .boolean: value is Bool ? [] : [place]
        case .counts: value is [String: Int] ? [] : [place]
        case .list(let element):
            (value as? [Any])?.enumerated().flatMap { mismatches($1, element, at: "\(place)[\($0)]") } ?? [place]
        case .items(let element, let count):
            (value as? [Any]).map { count.contains($0.count) } == true ? mismatches(value, .list(element), at: place) : [place]
        case .oneOf(let allowed): (value as? Int).map { allowed.contains($0) } == true ? [] : [place]
        case .named(let name): mismatches(value, OpenAPIDocument.objects.first { $0.name == name }, at: place, allowing: extra)
        }
    }

    private func fits(_ text: String, _ form: OpenAPITextForm) -> Bool {
        let isLong = form.length.map { $0.contains(text.unicodeScalars.count) } ?? true
        let isWord = form.words.isEmpty || form.words.contains(text)
        let matches = form.pattern.map { text.range(of: $0, options: .regularExpression) == text.startIndex..<text.endIndex } ?? true
        return isLong && isWord && matches
    }

    private func mismatches(_ value: Any, _ object: OpenAPIObject?, at place: String, allowing extra: Set<String>) -> [String] {
        guard let object, let members = value as? [String: Any] else { return ["\(place): no such object"] }
        let known = Set(object.properties.map(\.name)).union(extra)
        let unknown = members.keys.filter { !known.contains($0) }.map { "\(place).\($0) is not described" }
        return unknown
            + object.properties.flatMap { property -> [String] in
                guard let member = members[property.name] else {
                    return property.isRequired ? ["\(place).\(property.name) is missing"] : []
                }
                return mismatches(member, property.schema, at: "\(place).\(property.name)")
            }
    }
}
