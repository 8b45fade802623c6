/// A domain's configuration: the text's assignments as given, what they mean, and what an operator should know of them.
package struct DomainConfiguration: Hashable, Sendable {
    /// The file's name as the caller gave it.
    package let file: String
    /// Every assignment in the order of the text, also those that a later one replaced.
    package let assignments: [ConfigurationAssignment]
    /// What the assignments mean.
    package let settings: DomainSettings
    /// What was accepted but should be looked at, in the order of the text.
    package let warnings: [ConfigurationWarning]

    /// The same configuration with what somebody else, such as a hypervisor, has to say of it; at most ``ConfigurationLimits/warnings`` of
    /// that are listed, and the rest counted.
    package func adding(_ more: [ConfigurationWarning]) -> DomainConfiguration {
        var collector = WarningCollector()
        for warning in more { collector.add(warning.message, at: SourcePosition(line: warning.line, column: warning.column)) }
        let all = (warnings + collector.inOrder()).enumerated().sorted { left, right in
            (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
        }
        return DomainConfiguration(file: file, assignments: assignments, settings: settings, warnings: all.map(\.element))
    }
}

/// Reads the text of a vm.cfg (xm, Oracle) or xl.cfg.
package enum DomainConfigurationText {
    /// Reads `text`, in time proportional to its length.
    ///
    /// - Parameter file: the name that messages give.
    /// - Throws: the first mistake, with its place.
    package static func parse(_ text: String, file: String) throws(DomainConfigurationError) -> DomainConfiguration {
        try parse(bytes: Array(text.utf8.prefix(ConfigurationLimits.textBytes + 1)), file: file)
    }

    /// Reads the bytes of a file, which must be UTF-8.
    ///
    /// - Parameter file: the name that messages give.
    /// - Throws: the first mistake, with its place.
    package static func parse(bytes: [UInt8], file: String) throws(DomainConfigurationError) -> DomainConfiguration {
        let start = SourcePosition(line: 1, column: 1)
        guard bytes.count <= ConfigurationLimits.textBytes else {
            throw DomainConfigurationError(
                file: file, at: start, found: "a text of more than \(ConfigurationLimits.textBytes) bytes",
                expected: "the configuration of one domain; is this the right file?")
        }
        if let position = positionOfInvalidByte(in: bytes) {
            throw DomainConfigurationError(
                file: file, at: position, found: "a byte that is not UTF-8", expected: "the file in UTF-8, for example with iconv -t UTF-8")
        }
        var parser = ConfigurationParser(bytes, file: file)
        let assignments = try parser.parseAssignments()
        var interpreter = DomainInterpreter(file: file, end: parser.scanner.position, warnings: parser.warnings)
        let settings = try interpreter.interpret(assignments)
        return DomainConfiguration(
            file: file, assignments: assignments, settings: settings, warnings: interpreter.warnings.inOrder())
    }

    /// How many steps over bytes the grammar takes to read or refuse `bytes`: a cost that is the same on every machine.
    package static func steps(toRead bytes: [UInt8]) -> Int {
        var parser = ConfigurationParser(bytes, file: "")
        do {
            _ = try parser.parseAssignments()
        } catch {
            // A refusal has its cost too.
            return parser.scanner.steps
        }
        return parser.scanner.steps
    }

    private static func positionOfInvalidByte(in bytes: [UInt8]) -> SourcePosition? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var scanner = TextScanner(bytes)
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes[scanner.index...].makeIterator()
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): scanner.advance(scalar.count)
            case .emptyInput, .error: return scanner.position
            }
        }
    }
}
