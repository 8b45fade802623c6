extension ConfigurationParser {
    /// Reads `[ value, .. ]`, which may end with a comma.
    mutating func parseList(depth: Int) throws(DomainConfigurationError) -> ConfigurationValue {
        let position = scanner.position
        scanner.advance()
        let elements = try parseElements(until: "]", openedAt: position, depth: depth).elements
        return ConfigurationValue(.list(elements), at: position)
    }

    /// Reads `( value )`, which is the value, or a Python tuple, which is a list.
    mutating func parseParentheses(depth: Int) throws(DomainConfigurationError) -> ConfigurationValue {
        let position = scanner.position
        scanner.advance()
        let (elements, hasComma) = try parseElements(until: ")", openedAt: position, depth: depth)
        if let only = elements.first, !hasComma { return only }
        return ConfigurationValue(.list(elements), at: position)
    }

    private mutating func parseElements(
        until end: Unicode.Scalar, openedAt opening: SourcePosition, depth: Int
    ) throws(DomainConfigurationError) -> (elements: [ConfigurationValue], hasComma: Bool) {
        var elements: [ConfigurationValue] = []
        var hasComma = false
        while true {
            scanner.skipBlanks(acrossLines: true)
            if scanner.skip(end) { return (elements, hasComma) }
            try refuseTooMany(elements.count)
            try refuseUnclosed(openedAt: opening)
            elements.append(try parseValue(depth: depth, isBracketed: true))
            scanner.skipBlanks(acrossLines: true)
            if scanner.skip(",") {
                hasComma = true
            } else if !scanner.isAt(end) {
                try refuseUnclosed(openedAt: opening)
                throw refuseAfterValue(expected: "a comma between the elements, or the closing \"\(end)\"")
            }
        }
    }

    /// Reads `{ key: value, .. }`.
    mutating func parseDictionary(depth: Int) throws(DomainConfigurationError) -> ConfigurationValue {
        let position = scanner.position
        scanner.advance()
        var entries: [ConfigurationEntry] = []
        while true {
            scanner.skipBlanks(acrossLines: true)
            if scanner.skip("}") { return ConfigurationValue(.dictionary(entries), at: position) }
            try refuseTooMany(entries.count)
            try refuseUnclosed(openedAt: position)
            entries.append(try parseEntry(depth: depth, openedAt: position))
            scanner.skipBlanks(acrossLines: true)
            if !scanner.skip(",") && !scanner.isAt("}") {
                try refuseUnclosed(openedAt: position)
                throw refuseAfterValue(expected: "a comma between the entries, or the closing \"}\"")
            }
        }
    }

    private mutating func parseEntry(depth: Int, openedAt opening: SourcePosition) throws(DomainConfigurationError) -> ConfigurationEntry {
        let key = try parseValue(depth: depth, isBracketed: true)
        let name: String
        switch key.content {
        case .text(let text): name = text
        case .number(let number): name = String(number)
        case .numeral, .boolean, .nothing, .list, .dictionary:
            throw refusal(at: key.position, found: "a dictionary key that is no string", expected: "'key': value, the key in quotes")
        }
        scanner.skipBlanks(acrossLines: true)
        guard scanner.skip(":") else {
            try refuseUnclosed(openedAt: opening)
            throw refuseAfterValue(expected: "a colon between the key and its value")
        }
        scanner.skipBlanks(acrossLines: true)
        try refuseUnclosed(openedAt: opening)
        return ConfigurationEntry(key: name, value: try parseValue(depth: depth, isBracketed: true))
    }

    private func refuseTooMany(_ count: Int) throws(DomainConfigurationError) {
        guard count >= ConfigurationLimits.listElements else { return }
        throw refusal(
            at: scanner.position, found: "more than \(ConfigurationLimits.listElements) elements in one list",
            expected: "at most that many")
    }

    /// The opening bracket is the place to mend, not the end of the text.
    private func refuseUnclosed(openedAt opening: SourcePosition) throws(DomainConfigurationError) {
        guard scanner.current == nil else { return }
        throw refusal(at: opening, found: "a bracket that is never closed", expected: "the closing bracket after the last element")
    }
}
