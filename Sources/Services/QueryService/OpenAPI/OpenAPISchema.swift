/// A JSON Schema of the OpenAPI document, in the few forms that the query port needs.
indirect enum OpenAPISchema: Sendable {
    /// Any text.
    case text
    /// Text of a form.
    case form(OpenAPITextForm)
    case time
    case integer
    /// A whole number within bounds.
    case whole(ClosedRange<Int>)
    /// One of these whole numbers.
    case oneOf([Int])
    case boolean
    case list(OpenAPISchema)
    /// A list of so many elements.
    case items(OpenAPISchema, ClosedRange<Int>)
    /// An object whose every member is a number, and bears one of the form's words.
    case counts(OpenAPITextForm)
    /// A schema of this name among the components.
    case named(String)

    var json: JSONValue { .object(members()) }

    /// Where a request has this member, `null` means the same as its absence.
    var nullableJSON: JSONValue {
        if case .named = self { return .object([("anyOf", .list([json, .object([("type", .text("null"))])]))]) }
        return .object(members(isNullable: true))
    }

    private func members(isNullable: Bool = false) -> [(String, JSONValue)] {
        func type(_ name: String) -> (String, JSONValue) {
            ("type", isNullable ? .list([.text(name), .text("null")]) : .text(name))
        }
        switch self {
        case .text: return [type("string")]
        case .form(let form): return [type("string")] + form.members(isNullable: isNullable)
        case .time: return [type("string"), ("format", .text("date-time")), ("pattern", .text(Self.timePattern))]
        case .integer: return [type("integer"), ("format", .text("int64"))]
        case .whole(let range):
            return [
                type("integer"), ("format", .text("int64")), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound)),
            ]
        case .oneOf(let numbers):
            let allowed = numbers.map { JSONValue.number($0) } + (isNullable ? [.null] : [])
            return [type("integer"), ("format", .text("int64")), ("enum", .list(allowed))]
        case .boolean: return [type("boolean")]
        case .list(let element): return [type("array"), ("items", element.json)]
        case .items(let element, let count):
            return [
                type("array"), ("items", element.json), ("minItems", .number(count.lowerBound)), ("maxItems", .number(count.upperBound)),
            ]
        case .counts(let names):
            return [
                type("object"), ("propertyNames", OpenAPISchema.form(names).json), ("additionalProperties", OpenAPISchema.integer.json),
            ]
        case .named(let name): return [("$ref", .text("#/components/schemas/\(name)"))]
        }
    }

    /// As `QueryTime` spells it; days that a month lacks are left to the reader.
    private static let timePattern =
        "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{3}Z$"
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
    /// Lists of which one at least has so many different elements at least; empty where there is no such need.
    let leastElements: [(property: String, count: Int)]

    init(_ name: String, _ summary: String, _ properties: [OpenAPIProperty], leastElements: [(property: String, count: Int)] = []) {
        self.name = name
        self.summary = summary
        self.properties = properties
        self.leastElements = leastElements
    }

    /// - Parameter isRequest: whether clients send it: a key that is not described is then refused, and a null is no key.
    func json(isRequest: Bool) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("type", .text("object")), ("description", .text(summary)),
            ("required", .list(properties.filter(\.isRequired).map { .text($0.name) })),
            (
                "properties",
                .object(properties.map { ($0.name, isRequest && !$0.isRequired ? $0.schema.nullableJSON : $0.schema.json) })
            ),
            ("example", OpenAPIExample.value(of: self)),
        ]
        if isRequest { members.append(("additionalProperties", .boolean(false))) }
        if !leastElements.isEmpty { members.append(("anyOf", .list(leastElements.map(Self.requirement)))) }
        return .object(members)
    }

    private static func requirement(_ property: String, _ count: Int) -> JSONValue {
        // What is named twice counts once, and one is enough of itself: only of two it matters that they are different.
        let list = JSONValue.object(
            [("type", .text("array")), ("minItems", .number(count))] + (count > 1 ? [("uniqueItems", .boolean(true))] : []))
        return .object([("required", .list([.text(property)])), ("properties", .object([(property, list)]))])
    }
}
