extension ConfigurationParser {
    /// The length of a string's prefix (`u`, `b`, `r`, `ur`, none) if a string starts here.
    func stringPrefixLength() -> Int? {
        var length = 0
        while length < 2, let byte = scanner.peek(length), Self.isPrefixLetter(byte) { length += 1 }
        guard let quote = scanner.peek(length), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        return length
    }

    private static func isPrefixLetter(_ byte: UInt8) -> Bool {
        switch byte | 0x20 {
        case UInt8(ascii: "u"), UInt8(ascii: "b"), UInt8(ascii: "r"): TextScanner.isWordStart(byte)
        default: false
        }
    }

    /// Reads a string, and those that stand directly beside it: Python joins them.
    mutating func parseStrings(isBracketed: Bool) throws(DomainConfigurationError) -> ConfigurationValue {
        let position = scanner.position
        var bytes: [UInt8] = []
        var count = 0
        while let prefixLength = stringPrefixLength() {
            if count == 1 {
                warnings.add("Two strings side by side are joined into one; a comma may be missing between them.", at: scanner.position)
            }
            count += 1
            try parseString(prefixLength: prefixLength, startedAt: position, into: &bytes)
            let end = scanner
            scanner.skipBlanks(acrossLines: isBracketed)
            // What follows belongs to the caller unless it is another string.
            if stringPrefixLength() == nil {
                scanner.rewind(to: end)
                break
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refusal(
                at: position, found: "a string whose escapes are not UTF-8",
                expected: "the characters themselves in UTF-8, or \\u escapes")
        }
        return ConfigurationValue(.text(text), at: position)
    }

    private mutating func parseString(
        prefixLength: Int, startedAt first: SourcePosition, into bytes: inout [UInt8]
    ) throws(DomainConfigurationError) {
        let position = scanner.position
        var isRaw = false
        var isUnicode = false
        for _ in 0..<prefixLength {
            isRaw = isRaw || (scanner.current ?? 0) | 0x20 == UInt8(ascii: "r")
            isUnicode = isUnicode || (scanner.current ?? 0) | 0x20 == UInt8(ascii: "u")
            scanner.advance()
        }
        guard let quote = scanner.current else { return }
        let isTriple = scanner.peek(1) == quote && scanner.peek(2) == quote
        scanner.advance(isTriple ? 3 : 1)
        while let byte = scanner.current {
            if byte == quote && (!isTriple || (scanner.peek(1) == quote && scanner.peek(2) == quote)) {
                scanner.advance(isTriple ? 3 : 1)
                return
            }
            if byte == UInt8(ascii: "\n") && !isTriple { break }
            guard bytes.count < ConfigurationLimits.stringBytes, byte != 0 else {
                throw refuseContent(of: byte, startedAt: first)
            }
            if byte == UInt8(ascii: "\\") {
                try parseEscape(isRaw: isRaw, isUnicode: isUnicode, into: &bytes)
            } else {
                bytes.append(byte)
                scanner.advance()
            }
        }
        throw refusal(at: position, found: "a string that is never closed", expected: "the closing quote on the same line")
    }

    private func refuseContent(of byte: UInt8, startedAt position: SourcePosition) -> DomainConfigurationError {
        if byte == 0 {
            return refusal(at: scanner.position, found: "a zero byte in a string", expected: "the string without it")
        }
        return refusal(
            at: position, found: "a string of more than \(ConfigurationLimits.stringBytes) bytes", expected: "a shorter one")
    }
}
