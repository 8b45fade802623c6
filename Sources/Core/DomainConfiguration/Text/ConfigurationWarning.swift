/// Something in a configuration that was accepted, but that an operator should know of.
package struct ConfigurationWarning: Hashable, Sendable {
    /// Where, counted from 1.
    package let line: Int
    /// Where, counted from 1 in Unicode scalars.
    package let column: Int
    /// What was found and what became of it, in a sentence or two.
    package let message: String

    package init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }
}

/// Gathers warnings up to a limit; the rest are counted, as a hostile text could cause one for every other byte.
struct WarningCollector {
    private var warnings: [ConfigurationWarning] = []
    private var omitted = 0

    mutating func add(_ message: @autoclosure () -> String, at position: SourcePosition) {
        guard warnings.count < ConfigurationLimits.warnings else {
            omitted += 1
            return
        }
        warnings.append(ConfigurationWarning(line: position.line, column: position.column, message: message()))
    }

    /// All warnings in the order of the text, those of one place in the order they were found.
    func inOrder() -> [ConfigurationWarning] {
        // The index makes the order total, so it does not rest on the sort being stable.
        var sorted = warnings.enumerated().sorted { left, right in
            (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
        }.map(\.element)
        if omitted > 0, let last = sorted.last {
            let message = "\(omitted) more warnings are not listed."
            sorted.append(ConfigurationWarning(line: last.line, column: last.column, message: message))
        }
        return sorted
    }
}
