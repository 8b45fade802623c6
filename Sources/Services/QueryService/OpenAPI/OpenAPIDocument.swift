import QueryModel

/// The description of the query port, OpenAPI 3.1.
enum OpenAPIDocument {
    /// The document's JSON; built once, as it never changes.
    static let text: String = {
        do {
            return String(decoding: try QueryJSON.encode(json), as: UTF8.self) + "\n"
        } catch {
            preconditionFailure("the OpenAPI document does not encode: \(error)")
        }
    }()

    private static var json: JSONValue {
        .object([
            ("openapi", .text("3.1.0")),
            (
                "info",
                .object([
                    ("title", .text("ovm master query port")), ("version", .text("1")),
                    ("description", .text("The server pool, answered by any of its members.")),
                ])
            ),
            ("security", .list([.object([("bearer", .list([]))]), .object([("certificate", .list([]))])])),
            ("paths", .object(paths)),
            (
                "components",
                .object([
                    ("schemas", .object(objects.map { ($0.name, $0.json(isRequest: bodies.contains($0.name))) })),
                    (
                        "securitySchemes",
                        .object([
                            ("bearer", .object([("type", .text("http")), ("scheme", .text("bearer"))])),
                            ("certificate", .object([("type", .text("mutualTLS"))])),
                        ])
                    ),
                ])
            ),
        ])
    }

    /// The objects that clients send.
    private static let bodies = Set(operations.compactMap(\.body))

    private static var paths: [(String, JSONValue)] {
        Dictionary(grouping: operations, by: \.path).sorted { $0.key < $1.key }.map { path, operations in
            (path, .object(operations.map { ($0.method.lowercased(), $0.json) }))
        }
    }
}
