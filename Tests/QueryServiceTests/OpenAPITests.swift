import Foundation
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

    @Test("answers match their schemas, key by key")
    func answersMatch() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"b\"")
        let started = try await scene.send("POST", "/v1/vms/web01/start")
        let answers = [
            ("Master", try await scene.send("GET", "/v1/master")), ("Pool", try await scene.send("GET", "/v1/pool")),
            ("ServerList", try await scene.send("GET", "/v1/servers")), ("MachineList", try await scene.send("GET", "/v1/vms")),
            ("Machine", try await scene.send("GET", "/v1/vms/web01")), ("TagList", try await scene.send("GET", "/v1/vms/web01/tags")),
            ("Explanation", try await scene.send("GET", "/v1/vms/web01/explain?without=beta")), ("TaskBegun", started),
            ("TaskList", try await scene.send("GET", "/v1/tasks")), ("EventList", try await scene.send("GET", "/v1/events")),
            ("TokenCreated", try await scene.send("POST", "/v1/tokens")), ("TokenList", try await scene.send("GET", "/v1/tokens")),
            ("MachineCreated", try await scene.createMachine("web02")), ("Problem", try await scene.send("GET", "/v1/vms/none")),
        ]

        for (schema, answer) in answers {
            let value = try JSONSerialization.jsonObject(with: Data(answer.body), options: .fragmentsAllowed)
            #expect(mismatches(value, .named(schema), at: schema, allowing: ["answer"]) == [])
        }
    }

    /// Where a value and its schema disagree.
    private func mismatches(_ value: Any, _ schema: OpenAPISchema, at place: String, allowing extra: Set<String> = []) -> [String] {
        switch schema {
        case .text: value is String ? [] : [place]
        case .time: (value as? String).flatMap { QueryTime($0) } == nil ? [place] : []
        case .integer: value is NSNumber ? [] : [place]
        case .boolean: value is Bool ? [] : [place]
        case .counts: value is [String: Int] ? [] : [place]
        case .list(let element):
            (value as? [Any])?.enumerated().flatMap { mismatches($1, element, at: "\(place)[\($0)]") } ?? [place]
        case .named(let name): mismatches(value, OpenAPIDocument.objects.first { $0.name == name }, at: place, allowing: extra)
        }
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
