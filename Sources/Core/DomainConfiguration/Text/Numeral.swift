/// What the digits of a number literal mean, in the spelling of C and Python 2: decimal, `0755`, `0o755`, `0x1F`, `0b11`, `12L`.
enum Numeral: Hashable {
    /// A whole number; `isOctal` when only a leading zero says so, which surprises operators.
    case integer(Int, isOctal: Bool)
    /// A number outside 64 bits, or with a fraction.
    case kept
    /// Not a number.
    case malformed

    /// Reads a whole literal, without spaces around it.
    init(_ literal: some StringProtocol) {
        var digits = Array(literal.utf8)
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        if digits.count > 1, digits.last == UInt8(ascii: "L") || digits.last == UInt8(ascii: "l") { digits.removeLast() }
        var radix = 10
        var isOctal = false
        if digits.count > 1, digits[0] == UInt8(ascii: "0") {
            switch digits[1] {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): radix = 16
            case UInt8(ascii: "o"), UInt8(ascii: "O"): radix = 8
            case UInt8(ascii: "b"), UInt8(ascii: "B"): radix = 2
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                radix = 8
                isOctal = true
            default: break
            }
            if radix != 10 { digits.removeFirst(isOctal ? 1 : 2) }
        }
        self = Numeral.value(of: digits, radix: radix, isNegative: isNegative, isOctal: isOctal)
    }

    private static func value(of digits: [UInt8], radix: Int, isNegative: Bool, isOctal: Bool) -> Numeral {
        guard !digits.isEmpty else { return .malformed }
        var value = 0
        var isTooLarge = false
        for (index, byte) in digits.enumerated() {
            guard let digit = digitValue(byte), digit < radix else {
                return !isOctal && radix == 10 && index > 0 && isFraction(digits) ? .kept : .malformed
            }
            let (product, overflowed) = value.multipliedReportingOverflow(by: radix)
            // Negative numbers are summed downwards, so that the smallest one fits.
            let (sum, carried) = product.addingReportingOverflow(isNegative ? -digit : digit)
            isTooLarge = isTooLarge || overflowed || carried
            value = sum
        }
        return isTooLarge ? .kept : .integer(value, isOctal: isOctal)
    }

    private static func digitValue(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// Whether these are digits, one point, digits.
    private static func isFraction(_ digits: [UInt8]) -> Bool {
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            }
    }
}
