extension ConfigurationParser {
    func refusal(at position: SourcePosition, found: String, expected: String) -> DomainConfigurationError {
        DomainConfigurationError(file: file, at: position, found: found, expected: expected)
    }

    /// Names what stands at the scanner, which nothing in the grammar allows there.
    func refuseUnexpected(expected: String) -> DomainConfigurationError {
        let found: String
        switch scanner.current {
        case nil: found = "the end of the file"
        case UInt8(ascii: "\n"): found = "the end of the line"
        default: found = DisplayText.quoted(characterHere())
        }
        return refusal(at: scanner.position, found: found, expected: expected)
    }

    private func characterHere() -> String {
        let end = min(scanner.index + 4, scanner.bytes.count)
        let text = String(decoding: scanner.bytes[scanner.index..<end], as: UTF8.self)
        return text.unicodeScalars.first.map { String(Character($0)) } ?? ""
    }

    /// Refuses a value that is a call, an attribute, a subscript or a name.
    mutating func refuseCode() -> DomainConfigurationError {
        let position = scanner.position
        if scanner.isAt("f") || scanner.isAt("F"), let quote = scanner.peek(1), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
            return refusal(at: position, found: "a formatted string, which is code", expected: Self.literalCure)
        }
        let name = scanner.take { TextScanner.isWordPart($0) || $0 == UInt8(ascii: ".") }
        let shown = String(name.prefix(ConfigurationLimits.quotedScalars))
        scanner.skipBlanks(acrossLines: false)
        if scanner.isAt("(") { return refusal(at: position, found: "the call \(shown)(...)", expected: Self.literalCure) }
        if scanner.isAt("[") { return refusal(at: position, found: "the expression \(shown)[...]", expected: Self.literalCure) }
        if name.contains(".") { return refusal(at: position, found: "the expression \(shown)", expected: Self.literalCure) }
        if name == "lambda" || name == "not" { return refusal(at: position, found: "the code \(shown) ...", expected: Self.literalCure) }
        return refusal(
            at: position, found: "the bare word \(shown)", expected: "a string in quotes, a number or a list; text always needs quotes")
    }

    static let literalCure = "the value itself, as a string in quotes, a number or a list: a configuration is read, never run"

    /// Refuses a statement that assigns nothing.
    func refuseStatement(startingWith word: String, at start: TextScanner) -> DomainConfigurationError {
        let shown = String(word.prefix(ConfigurationLimits.quotedScalars))
        if Self.statementWords.contains(word) && !scanner.isAt("=") && !scanner.isAt("+") {
            return refusal(
                at: start.position, found: "the statement \(shown) ..., which is code",
                expected: "only KEY = value: a configuration is read, never run")
        }
        switch scanner.current {
        case UInt8(ascii: "("), UInt8(ascii: "."), UInt8(ascii: "["):
            var code = self
            code.scanner = start
            let refused = code.refuseCode()
            return refusal(at: start.position, found: refused.found, expected: "only KEY = value: a configuration is read, never run")
        default:
            return refusal(
                at: scanner.position, found: "no \"=\" after the key \(shown)", expected: "KEY = value or KEY += value")
        }
    }

    private static let statementWords: Set<String> = [
        "import", "from", "def", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "return", "del",
        "global", "assert", "raise", "print", "exec", "pass",
    ]

    /// Refuses what follows a complete value: an operator of an expression, or a slip.
    func refuseAfterValue(expected: String) -> DomainConfigurationError {
        guard let byte = scanner.current else { return refuseUnexpected(expected: expected) }
        if Self.operators.contains(byte) {
            return refusal(
                at: scanner.position, found: "the operator \(DisplayText.quoted(characterHere())) of an expression",
                expected: Self.literalCure)
        }
        guard TextScanner.isWordStart(byte) else { return refuseUnexpected(expected: expected) }
        var copy = scanner
        let word = copy.take(while: TextScanner.isWordPart)
        let shown = String(word.prefix(ConfigurationLimits.quotedScalars))
        if ["if", "for", "and", "or", "in", "is", "not"].contains(word) {
            return refusal(at: scanner.position, found: "the operator \"\(shown)\" of an expression", expected: Self.literalCure)
        }
        return refusal(at: scanner.position, found: "\"\(shown)\" after a complete value", expected: expected)
    }

    private static let operators = Set("+-*/%.([<>&|^@?!~".utf8)
}
