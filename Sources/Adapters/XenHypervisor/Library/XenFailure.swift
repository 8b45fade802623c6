/// Why a call of libxl failed.
struct XenFailure: Error, Hashable, Sendable {
    /// What was to be done, after "could not": `list the domains`.
    let action: String
    /// libxl's code (`libxl_error`); nil where no call of libxl failed.
    let code: Int32?
    /// Why, as the middle of a sentence.
    let reason: String

    /// A failure that is not libxl's.
    init(_ action: String, reason: String) {
        self.action = action
        code = nil
        self.reason = reason
    }

    /// A failure of libxl.
    init(_ action: String, code: Int32, name: String, log: String?) {
        self.action = action
        self.code = code
        reason = log.map { "\($0) (\(name))" } ?? "it answers \(name)"
    }

    /// The failure as a sentence.
    var sentence: String { "Xen could not \(action): \(reason)." }
}
