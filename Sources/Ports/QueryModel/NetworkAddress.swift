/// `HOST:PORT`, where HOST is a DNS name, an IPv4 address, or an IPv6 address in brackets.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without brackets. A letter, digit, `.`, `-`, `_` (and `:`, `%` in brackets); 1 to 246 bytes.
    package let host: String
    /// 1 to 65535.
    package let port: Int

    /// The longest text of an address, in bytes.
    package static let longest = 254

    /// Reads the form above; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.longest, let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(Self.isDigit), digits.utf8.first != UInt8(ascii: "0") else {
            return nil
        }
        guard let port = Int(digits), (1...65_535).contains(port) else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.utf8.allSatisfy({ Self.isHostByte($0, isBracketed: isBracketed) }) else { return nil }
        if isBracketed { guard host.contains(":") else { return nil } }
        self.host = String(host)
        self.port = port
    }

    /// The form above.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHostByte(_ byte: UInt8, isBracketed: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        case UInt8(ascii: ":"), UInt8(ascii: "%"): isBracketed
        default: false
        }
    }
}
