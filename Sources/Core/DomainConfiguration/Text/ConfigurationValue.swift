/// A value as the text gave it, with its place.
package struct ConfigurationValue: Hashable, Sendable {
    /// The literal itself.
    package enum Content: Hashable, Sendable {
        /// A string, its escapes resolved.
        case text(String)
        /// A whole number that fits 64 bits.
        case number(Int)
        /// A number that does not: larger, or with a fraction. Kept as written.
        case numeral(String)
        /// Python's `True` or `False`.
        case boolean(Bool)
        /// Python's `None`.
        case nothing
        /// A list or tuple.
        case list([ConfigurationValue])
        /// A Python dictionary, in the order written.
        case dictionary([ConfigurationEntry])
    }

    package let content: Content
    /// Where the literal starts.
    package let position: SourcePosition

    package init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }
}

/// One `key: value` of a dictionary.
package struct ConfigurationEntry: Hashable, Sendable {
    package let key: String
    package let value: ConfigurationValue

    package init(key: String, value: ConfigurationValue) {
        self.key = key
        self.value = value
    }
}

/// One `KEY = value` or `KEY += value`, as given.
package struct ConfigurationAssignment: Hashable, Sendable {
    /// The two ways of assigning.
    package enum Operation: Hashable, Sendable {
        /// `=`, which forgets what the key had.
        case set
        /// `+=`, which lengthens a list or a string.
        case append
    }

    package let key: String
    package let operation: Operation
    package let value: ConfigurationValue
    /// Where the key starts.
    package let position: SourcePosition

    package init(key: String, operation: Operation, value: ConfigurationValue, at position: SourcePosition) {
        self.key = key
        self.operation = operation
        self.value = value
        self.position = position
    }
}
