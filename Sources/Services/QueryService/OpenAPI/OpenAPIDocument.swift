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

    /// What holds for every operation.
    private static let description = """
        The server pool, answered by any of its members. HEAD is answered wherever GET is. Every refusal is an application/problem+json; \
        but a connection that is one too many (\(QueryLimits.connections) together, \(QueryLimits.connectionsOfAddress) from one address) \
        is closed before TLS, without an answer.
        """

    private static var json: JSONValue {
        .object([
            ("openapi", .text("3.1.0")),
            (
                "info",
                .object([
                    ("title", .text("ovm master query port")), ("version", .text("1")),
                    ("description", .text(description)),
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
