/// Turns a text into its assignments: the grammar of xl.cfg, and Python's literals where xm had them. It never evaluates.
struct ConfigurationParser {
    let file: String
    var scanner: TextScanner
    var warnings = WarningCollector()

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.scanner = TextScanner(bytes)
    }

    /// Reads the whole text.
    mutating func parseAssignments() throws(DomainConfigurationError) -> [ConfigurationAssignment] {
        var assignments: [ConfigurationAssignment] = []
        while true {
            scanner.skipBlanks(acrossLines: true)
            if scanner.skip(";") { continue }
            if scanner.current == nil { return assignments }
            guard assignments.count < ConfigurationLimits.assignments else {
                throw refusal(
                    at: scanner.position, found: "more than \(ConfigurationLimits.assignments) assignments",
                    expected: "a configuration of one domain, each key once")
            }
            assignments.append(try parseAssignment())
        }
    }

    private mutating func parseAssignment() throws(DomainConfigurationError) -> ConfigurationAssignment {
        let start = scanner
        guard let first = scanner.current, TextScanner.isWordStart(first) else {
            throw refuseUnexpected(expected: "KEY = value, the key in letters, digits and underscores")
        }
        let key = scanner.take(while: TextScanner.isWordPart)
        guard key.utf8.count <= ConfigurationLimits.nameBytes else {
            throw refusal(at: start.position, found: "a key of \(key.utf8.count) bytes", expected: "KEY = value, the key a short word")
        }
        scanner.skipBlanks(acrossLines: false)
        let operation: ConfigurationAssignment.Operation
        if scanner.isAt("+") && scanner.peek(1) == UInt8(ascii: "=") {
            operation = .append
            scanner.advance(2)
        } else if scanner.isAt("=") && scanner.peek(1) != UInt8(ascii: "=") {
            operation = .set
            scanner.advance()
        } else {
            throw refuseStatement(startingWith: key, at: start)
        }
        scanner.skipBlanks(acrossLines: false)
        let value = try parseValue(depth: 0, isBracketed: false)
        try expectEndOfStatement()
        return ConfigurationAssignment(key: key, operation: operation, value: value, at: start.position)
    }

    private mutating func expectEndOfStatement() throws(DomainConfigurationError) {
        scanner.skipBlanks(acrossLines: false)
        guard let byte = scanner.current, byte != UInt8(ascii: "\n") else { return }
        if scanner.skip(";") { return }
        throw refuseAfterValue(expected: "nothing more on this line, or a semicolon before the next assignment")
    }

    /// Reads one literal.
    ///
    /// - Parameters:
    ///   - depth: how many lists, dictionaries and parentheses are open around it.
    ///   - isBracketed: whether a line end inside it is only a space.
    mutating func parseValue(depth: Int, isBracketed: Bool) throws(DomainConfigurationError) -> ConfigurationValue {
        let position = scanner.position
        guard let byte = scanner.current, byte != UInt8(ascii: "\n") else {
            throw refuseUnexpected(expected: "a value: a string in quotes, a number or a list")
        }
        if stringPrefixLength() != nil { return try parseStrings(isBracketed: isBracketed) }
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "("):
            guard depth < ConfigurationLimits.nestingDepth else {
                throw refusal(
                    at: position, found: "more than \(ConfigurationLimits.nestingDepth) brackets inside one another",
                    expected: "lists of at most that depth")
            }
            if byte == UInt8(ascii: "[") { return try parseList(depth: depth + 1) }
            return byte == UInt8(ascii: "{") ? try parseDictionary(depth: depth + 1) : try parseParentheses(depth: depth + 1)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): return try parseNumber()
        default:
            guard TextScanner.isWordStart(byte) else {
                throw refuseUnexpected(expected: "a value: a string in quotes, a number or a list")
            }
            return try parseWord()
        }
    }

    private mutating func parseWord() throws(DomainConfigurationError) -> ConfigurationValue {
        let start = scanner
        let content: ConfigurationValue.Content
        switch scanner.take(while: TextScanner.isWordPart) {
        case "True": content = .boolean(true)
        case "False": content = .boolean(false)
        case "None": content = .nothing
        default:
            scanner.rewind(to: start)
            throw refuseCode()
        }
        guard !scanner.isAt("."), !scanner.isAt("("), !scanner.isAt("[") else {
            scanner.rewind(to: start)
            throw refuseCode()
        }
        return ConfigurationValue(content, at: start.position)
    }

    private mutating func parseNumber() throws(DomainConfigurationError) -> ConfigurationValue {
        let position = scanner.position
        let start = scanner.index
        scanner.advance()
        _ = scanner.take { TextScanner.isWordPart($0) || $0 == UInt8(ascii: ".") }
        let literal = String(decoding: scanner.bytes[start..<scanner.index], as: UTF8.self)
        guard literal.utf8.count <= ConfigurationLimits.nameBytes else {
            throw refusal(at: position, found: "a number of \(literal.utf8.count) characters", expected: "a shorter one")
        }
        switch Numeral(literal) {
        case .integer(let value, let isOctal):
            if isOctal {
                warnings.add("\(DisplayText.quoted(literal)) is octal because of its leading zero, and means \(value).", at: position)
            }
            return ConfigurationValue(.number(value), at: position)
        case .kept: return ConfigurationValue(.numeral(literal), at: position)
        case .malformed:
            throw refusal(
                at: position, found: "\(DisplayText.quoted(literal)), which is not a number",
                expected: "a number in decimal, octal (0755) or hexadecimal (0x1F), or put text in quotes")
        }
    }
}
