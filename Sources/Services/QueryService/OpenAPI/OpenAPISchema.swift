/// A JSON Schema of the OpenAPI document, in the few forms that the query port needs.
indirect enum OpenAPISchema: Sendable {
    case text
    case time
    case integer
    case boolean
    case list(OpenAPISchema)
    /// An object whose every member is a number.
    case counts
    /// A schema of this name among the components.
    case named(String)

    var json: JSONValue {
        switch self {
        case .text: .object([("type", .text("string"))])
        case .time: .object([("type", .text("string")), ("format", .text("date-time"))])
        case .integer: .object([("type", .text("integer")), ("format", .text("int64"))])
        case .boolean: .object([("type", .text("boolean"))])
        case .list(let element): .object([("type", .text("array")), ("items", element.json)])
        case .counts: .object([("type", .text("object")), ("additionalProperties", OpenAPISchema.integer.json)])
        case .named(let name): .object([("$ref", .text("#/components/schemas/\(name)"))])
        }
    }
}

/// One member of an object's schema.
struct OpenAPIProperty: Sendable {
    let name: String
    let schema: OpenAPISchema
    let isRequired: Bool

    init(_ name: String, _ schema: OpenAPISchema) {
        self.name = name
        self.schema = schema
        isRequired = true
    }

    /// A member that may be absent.
    static func optional(_ name: String, _ schema: OpenAPISchema) -> OpenAPIProperty {
        OpenAPIProperty(name: name, schema: schema, isRequired: false)
    }

    private init(name: String, schema: OpenAPISchema, isRequired: Bool) {
        self.name = name
        self.schema = schema
        self.isRequired = isRequired
    }
}

/// A named object among the components.
struct OpenAPIObject: Sendable {
    let name: String
    let summary: String
    let properties: [OpenAPIProperty]

    init(_ name: String, _ summary: String, _ properties: [OpenAPIProperty]) {
        self.name = name
        self.summary = summary
        self.properties = properties
    }

    var json: JSONValue {
        .object([
            ("type", .text("object")), ("description", .text(summary)),
            ("required", .list(properties.filter(\.isRequired).map { .text($0.name) })),
            ("properties", .object(properties.map { ($0.name, $0.schema.json) })),
        ])
    }
}
