import Foundation
import QueryModel

/// The fields of a document as text, by name: those of an object within it follow a dot. Whatever the query port shows of an object
/// can so be compared, and nothing else.
struct DocumentFields: Hashable, Sendable {
    private(set) var texts: [String: String] = [:]

    init() {}

    /// - Parameter without: fields to leave out, with all that lies within them.
    init(_ document: some Encodable, without: Set<String> = []) throws(QueryRefusal) {
        do {
            let value = try QueryJSON.decode(FieldValue.self, from: QueryJSON.encode(document))
            guard case .object(let members) = value else { return }
            for (name, member) in members where !without.contains(name) { add(member, as: name) }
        } catch {
            // Our own documents always encode, and JSON of them is made of the five forms below.
            throw QueryRefusal(.internalError, cause: "An object's fields could not be read.", cure: "Report it with the agent's log.")
        }
    }

    mutating func add(_ text: String, as name: String) { texts[name] = Self.cut(text) }

    private mutating func add(_ value: FieldValue, as name: String) {
        if case .object(let members) = value {
            for (inner, member) in members { add(member, as: "\(name).\(inner)") }
        } else {
            texts[name] = Self.cut(value.text)
        }
    }

    /// What differs from `former`, by name.
    func differences(from former: DocumentFields) -> [FieldDiffDocument] {
        Set(texts.keys).union(former.texts.keys).sorted().compactMap { name in
            guard texts[name] != former.texts[name] else { return nil }
            return FieldDiffDocument(name: name, before: former.texts[name], after: texts[name])
        }
    }

    private static func cut(_ text: String) -> String {
        text.count <= QueryLimits.fieldCharacters ? text : "\(text.prefix(QueryLimits.fieldCharacters))... (\(text.utf8.count) bytes)"
    }
}

/// A value of JSON.
private indirect enum FieldValue: Decodable {
    case text(String)
    case list([FieldValue])
    case object([String: FieldValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The most frequent first: what does not fit costs an error.
        do { self = .text(try container.decode(String.self)) } catch {
            do { self = .text(String(try container.decode(Int64.self))) } catch {
                do { self = .text(String(try container.decode(Bool.self))) } catch {
                    do { self = .text(String(try container.decode(UInt64.self))) } catch {
                        do { self = .list(try container.decode([FieldValue].self)) } catch {
                            self = .object(try container.decode([String: FieldValue].self))
                        }
                    }
                }
            }
        }
    }

    var text: String {
        switch self {
        case .text(let text): text
        case .list(let values): values.map(\.text).joined(separator: ", ")
        case .object(let members): members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: " ")
        }
    }
}
