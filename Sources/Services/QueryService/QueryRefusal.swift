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

    static let pathTooLong = QueryRefusal(
        .tooLarge, cause: "The request's path has more than \(QueryLimits.pathBytes) bytes.", cure: "Send a shorter one.")

    /// A body of more than `limit` bytes.
    static func bodyTooLarge(_ limit: Int) -> QueryRefusal {
        QueryRefusal(.tooLarge, cause: "The request's body has more than \(limit) bytes.", cure: "Send a smaller one.")
    }

    static let bodyTooSlow = QueryRefusal(
        .tooSlow, cause: "The request's body did not arrive within \(QueryLimits.bodyPatience).", cure: "Send it again, faster.")

    /// A body that says of itself that it is something else than JSON.
    static func notJSON(_ mediaType: String) -> QueryRefusal {
        QueryRefusal(
            .unsupportedMediaType, cause: "The request's body is said to be \(shown(mediaType)), and is read as JSON only.",
            cure: "Send JSON, with Content-Type: application/json.")
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
