package import QueryModel

/// Why a request is not carried out: the problem that its sender is told.
package struct QueryRefusal: Error, Hashable, Sendable {
    package var problem: ProblemDocument
    /// Seconds for `Retry-After`; nil for none.
    package var retryAfterSeconds: Int?
    /// The methods for `Allow`, where the method was wrong.
    package var allowedMethods: [String] = []

    package init(_ kind: ProblemKind, cause: String, cure: String) {
        problem = ProblemDocument(kind, cause: cause, cure: cure)
    }

    /// Nothing of that name.
    ///
    /// - Parameter names: what it may have been meant for.
    static func notFound(_ noun: String, _ name: String, among names: [String] = [], list: String) -> QueryRefusal {
        let hint = NearestName.find(name, among: names).map { "Did you mean \($0)? " } ?? ""
        return QueryRefusal(.notFound, cause: "There is no \(noun) \(shown(name)).", cure: "\(hint)List them with \(list).")
    }

    /// A value that cannot be read.
    static func badValue(_ what: String, _ value: String, expected: String) -> QueryRefusal {
        QueryRefusal(.badRequest, cause: "The \(what) \(shown(value)) cannot be read.", cure: "Send \(expected).")
    }

    /// A client's text within a sentence: short and without control characters.
    static func shown(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(80).map { $0.properties.isPrintable ? Character($0) : "?" }
        return "\"\(String(printable))\"" + (text.unicodeScalars.count > 80 ? ".." : "")
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
