/// Why a configuration was refused: the place, what stands there, and what should.
package struct DomainConfigurationError: Error, Hashable, Sendable {
    /// The file's name as the caller gave it.
    package let file: String
    /// The line of the mistake, counted from 1.
    package let line: Int
    /// The column of the mistake, counted from 1 in Unicode scalars.
    package let column: Int
    /// What stands there, as the object of "Found …".
    package let found: String
    /// What to write instead, as the object of "Write …".
    package let expected: String

    package init(file: String, at position: SourcePosition, found: String, expected: String) {
        self.file = file
        self.line = position.line
        self.column = position.column
        self.found = found
        self.expected = expected
    }

    /// `FILE:LINE:COLUMN: ` and one sentence of cause, one of cure.
    package var message: String {
        "\(DisplayText.printable(file)):\(line):\(column): Found \(found). Write \(expected)."
    }
}
