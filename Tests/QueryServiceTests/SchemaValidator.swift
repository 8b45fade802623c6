import Foundation

/// Validates JSON against the JSON Schemas of an OpenAPI document: the few keywords that ours uses, and no others, so that a keyword
/// that is not understood is not taken for fulfilled.
struct SchemaValidator {
    private let schemas: [String: [String: Any]]

    init(document: [String: Any]) {
        let components = document["components"] as? [String: Any]
        schemas = components?["schemas"] as? [String: [String: Any]] ?? [:]
    }

    /// Says nothing of a value.
    private static let annotations: Set = ["description", "example", "format"]

    /// Where a value and a schema disagree; empty where they agree.
    func mismatches(_ value: Any, _ schema: [String: Any], at place: String = "$") -> [String] {
        schema.keys.sorted().filter { !Self.annotations.contains($0) }.flatMap { keyword in
            mismatches(value, keyword, schema[keyword] ?? NSNull(), schema, at: place)
        }
    }

    private func mismatches(_ value: Any, _ keyword: String, _ rule: Any, _ schema: [String: Any], at place: String) -> [String] {
        switch keyword {
        case "$ref": reference(value, rule, at: place)
        case "type": Self.isOf(value, rule) ? [] : ["\(place) is not of type \(rule)"]
        case "enum": Self.contains(rule, value) ? [] : ["\(place) is \(value), which is none of its words"]
        case "pattern": Self.fits(value, rule) ? [] : ["\(place) is \(value), which does not fit \(rule)"]
        case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems": bound(value, keyword, rule, at: place)
        case "uniqueItems": Self.isUnique(value) ? [] : ["\(place) has an element twice"]
        case "items": elements(value, rule, at: place)
        case "required": missing(value, rule, at: place)
        case "properties": members(value, rule, at: place)
        case "propertyNames": (value as? [String: Any] ?? [:]).keys.flatMap { mismatches($0, object(rule), at: "\(place).\($0)") }
        case "additionalProperties": additional(value, rule, schema, at: place)
        case "allOf": (rule as? [Any] ?? []).flatMap { mismatches(value, object($0), at: place) }
        case "anyOf": any(value, rule as? [Any] ?? [], at: place)
        default: ["\(place): the keyword \(keyword) is not understood"]
        }
    }

    private func object(_ rule: Any) -> [String: Any] { rule as? [String: Any] ?? ["no schema": rule] }

    private func reference(_ value: Any, _ rule: Any, at place: String) -> [String] {
        let name = (rule as? String)?.split(separator: "/").last.map(String.init) ?? ""
        guard let schema = schemas[name] else { return ["\(place): there is no schema \(rule)"] }
        return mismatches(value, schema, at: place)
    }

    private func bound(_ value: Any, _ keyword: String, _ rule: Any, at place: String) -> [String] {
        let measure: Int? =
            switch value {
            case let text as String where keyword.hasSuffix("Length"): text.unicodeScalars.count
            case let list as [Any] where keyword.hasSuffix("Items"): list.count
            case let number as Int where keyword.hasSuffix("imum"): number
            default: nil
            }
        guard let measure, let limit = rule as? Int else { return [] }
        let holds = keyword.hasPrefix("min") ? measure >= limit : measure <= limit
        return holds ? [] : ["\(place) has \(measure), and the \(keyword) is \(limit)"]
    }

    private func elements(_ value: Any, _ rule: Any, at place: String) -> [String] {
        (value as? [Any] ?? []).enumerated().flatMap { mismatches($1, object(rule), at: "\(place)[\($0)]") }
    }

    private func missing(_ value: Any, _ rule: Any, at place: String) -> [String] {
        guard let members = value as? [String: Any] else { return [] }
        return (rule as? [String] ?? []).filter { members[$0] == nil }.map { "\(place).\($0) is missing" }
    }

    private func members(_ value: Any, _ rule: Any, at place: String) -> [String] {
        guard let members = value as? [String: Any] else { return [] }
        return object(rule).keys.sorted().flatMap { name in
            members[name].map { mismatches($0, object(object(rule)[name] ?? NSNull()), at: "\(place).\(name)") } ?? []
        }
    }

    private func additional(_ value: Any, _ rule: Any, _ schema: [String: Any], at place: String) -> [String] {
        let known = (schema["properties"] as? [String: Any] ?? [:]).keys
        let others = (value as? [String: Any] ?? [:]).filter { !known.contains($0.key) }
        if let isAllowed = rule as? Bool { return isAllowed ? [] : others.keys.sorted().map { "\(place).\($0) is not described" } }
        return others.flatMap { mismatches($1, object(rule), at: "\(place).\($0)") }
    }

    private func any(_ value: Any, _ rules: [Any], at place: String) -> [String] {
        let found = rules.map { mismatches(value, object($0), at: place) }
        return found.contains([]) ? [] : found.flatMap { $0 }
    }

    private static func isOf(_ value: Any, _ rule: Any) -> Bool {
        (rule as? [String] ?? [rule as? String ?? ""]).contains { type in
            switch type {
            case "string": value is String
            case "object": value is [String: Any]
            case "array": value is [Any]
            case "null": value is NSNull
            // A Bool of JSONSerialization is an NSNumber, too.
            case "boolean": (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
            case "integer": (value as? NSNumber).map { String(cString: $0.objCType) != "c" } ?? false && value is Int
            default: false
            }
        }
    }

    private static func contains(_ rule: Any, _ value: Any) -> Bool {
        let allowed = rule as? [Any] ?? []
        return switch value {
        case let text as String: allowed.contains { $0 as? String == text }
        case let number as Int: allowed.contains { $0 as? Int == number }
        default: value is NSNull && allowed.contains { $0 is NSNull }
        }
    }

    /// The pattern is looked for anywhere, as JSON Schema has it.
    private static func fits(_ value: Any, _ rule: Any) -> Bool {
        guard let text = value as? String, let pattern = rule as? String else { return true }
        return text.range(of: pattern, options: .regularExpression) != nil
    }

    private static func isUnique(_ value: Any) -> Bool {
        guard let texts = value as? [String] else { return true }
        return Set(texts).count == texts.count
    }
}
