/// Something in a configuration that this adapter does not carry out, or carries out in another way.
package struct XenWarning: Hashable, Sendable {
    /// The key of the configuration.
    package let key: String
    /// Where it stands, counted from 1.
    package let line: Int
    /// Where it stands, counted from 1 in Unicode scalars.
    package let column: Int
    /// What becomes of it, in a sentence or two.
    package let sentence: String

    package init(key: String, line: Int, column: Int, sentence: String) {
        self.key = key
        self.line = line
        self.column = column
        self.sentence = sentence
    }
}

/// Why no domain can be made of a configuration.
package struct XenRefusal: Error, Hashable, Sendable {
    /// What is wrong, as a sentence.
    package let cause: String
    /// What to do, as a sentence.
    package let cure: String

    package init(cause: String, cure: String) {
        self.cause = cause
        self.cure = cure
    }

    /// One sentence for what is wrong, one for what to do.
    package var message: String { "\(cause) \(cure)" }
}
