extension DomainConfiguration {
    /// A canonical text, and what an operator should know before it replaces the text it came from.
    package struct Conversion: Hashable, Sendable {
        package let text: String
        /// What was accepted with a loss, and what the text leaves out, in the order of the old text.
        package let warnings: [ConfigurationWarning]
    }

    /// Writes the canonical text for `reader`, and proves it by reading it back.
    ///
    /// - Throws: where the old text is so near to a limit that the new one, which may be longer, is beyond it.
    package func converted(for reader: Reader) throws(DomainConfigurationError) -> Conversion {
        let text = canonicalText(for: reader)
        let start = SourcePosition(line: 1, column: 1)
        let again: DomainConfiguration
        do {
            again = try DomainConfigurationText.parse(text, file: file)
        } catch {
            throw DomainConfigurationError(
                file: file, at: start, found: "a text whose canonical form could not be read again, because it has \(error.found)",
                expected: "a shorter one, well below the limits")
        }
        guard reader == .xl || again.settings == settings else {
            throw DomainConfigurationError(
                file: file, at: start, found: "a text whose canonical form would say something else, which is a mistake of this program",
                expected: "it in a simpler way, and report the file")
        }
        let all = (warnings + losses(for: reader)).enumerated().sorted { left, right in
            (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
        }
        return Conversion(text: text, warnings: all.map(\.element))
    }

    /// What a text for `reader` leaves out that no warning of the reading has named yet.
    private func losses(for reader: Reader) -> [ConfigurationWarning] {
        guard reader == .xl else { return [] }
        let written = Set(settings.keyOrder)
        var seen: Set<String> = []
        let lost = assignments.filter { assignment in
            !DomainSettings.canXLRead(assignment.key) && written.contains(assignment.key) && seen.insert(assignment.key).inserted
        }
        return lost.map { assignment in
            ConfigurationWarning(
                line: assignment.position.line, column: assignment.position.column,
                message: "The key \(assignment.key) has a form that xl does not read, and is written as a comment.")
        }
    }
}
