extension ConfigurationParser {
    /// Reads the escape that starts at a backslash.
    mutating func parseEscape(isRaw: Bool, isUnicode: Bool, into bytes: inout [UInt8]) throws(DomainConfigurationError) {
        let position = scanner.position
        scanner.advance()
        guard let byte = scanner.current else { return }
        if isRaw {
            // A raw string keeps the backslash, which still shields a quote from ending it.
            bytes.append(UInt8(ascii: "\\"))
            guard byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { return }
            bytes.append(byte)
            scanner.advance()
            return
        }
        if let simple = Self.simpleEscape(byte) {
            scanner.advance()
            bytes.append(simple)
            return
        }
        switch byte {
        case UInt8(ascii: "\n"): scanner.advance()  // The string goes on in the next line.
        case UInt8(ascii: "x"):
            scanner.advance()
            try append(digits: 2...2, radix: 16, asScalar: isUnicode, startedAt: position, to: &bytes)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            try append(digits: 1...3, radix: 8, asScalar: isUnicode, startedAt: position, to: &bytes)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            scanner.advance()
            let length = byte == UInt8(ascii: "u") ? 4 : 8
            try append(digits: length...length, radix: 16, asScalar: true, startedAt: position, to: &bytes)
        default:
            warnings.add("An unknown escape is kept with its backslash, as Python does; xl would refuse it.", at: position)
            bytes.append(UInt8(ascii: "\\"))
        }
    }

    private static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): byte
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: nil
        }
    }

    /// Reads the digits of an escape. They name a byte, except in a `u'..'` string and after `\u`, where they name a Unicode scalar.
    private mutating func append(
        digits: ClosedRange<Int>, radix: UInt32, asScalar: Bool, startedAt position: SourcePosition, to bytes: inout [UInt8]
    ) throws(DomainConfigurationError) {
        var value: UInt32 = 0
        var count = 0
        while count < digits.upperBound, let byte = scanner.current, let digit = Self.digit(byte), digit < radix {
            value = value &* radix &+ digit
            count += 1
            scanner.advance()
        }
        guard count >= digits.lowerBound, value != 0 else { throw refuseEscape(at: position) }
        if !asScalar, let byte = UInt8(exactly: value) {
            bytes.append(byte)
        } else if asScalar, let scalar = Unicode.Scalar(value) {
            bytes.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        } else {
            throw refuseEscape(at: position)
        }
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private func refuseEscape(at position: SourcePosition) -> DomainConfigurationError {
        refusal(
            at: position, found: "an escape that names no character",
            expected: "\\xHH, \\OOO or \\uHHHH with all their digits, and not zero")
    }
}
