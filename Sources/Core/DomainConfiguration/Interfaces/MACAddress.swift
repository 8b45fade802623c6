/// A 48-bit Ethernet address.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
    /// The six bytes as one number.
    package let value: UInt64

    /// An address by its number, of which the lower 48 bits count.
    package init(value: UInt64) { self.value = value & 0xFFFF_FFFF_FFFF }

    /// Reads six bytes in hexadecimal, separated by colons or dashes, or not at all; nil if `text` is something else.
    package init?(_ text: String) {
        var value: UInt64 = 0
        var digits = 0
        var separators = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") {
                separators += 1
                guard digits == separators * 2 else { return nil }
            } else {
                guard digits < 12, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                value = value << 4 | UInt64(digit)
                digits += 1
            }
        }
        guard digits == 12, separators == 0 || separators == 5 else { return nil }
        self.value = value
    }

    /// Whether the address names a group of stations, which no single interface can have.
    package var isMulticast: Bool { value >> 40 & 1 == 1 }

    /// Lower case, with colons.
    package var description: String {
        (0..<6).map { index in
            let byte = value >> UInt64(8 * (5 - index)) & 0xFF
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined(separator: ":")
    }
}
