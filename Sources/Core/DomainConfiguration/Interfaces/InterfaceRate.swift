/// A limit on outgoing traffic, as `rate` gives it: `100Mb/s`, `250KB/s`, `1MB/s@20ms`.
package struct InterfaceRate: Hashable, Sendable {
    /// Bytes per second, as Xen's backend counts (1 KB is 1,000 bytes).
    package let bytesPerSecond: Int
    /// How often the credit is renewed, in microseconds.
    package let intervalMicroseconds: Int

    /// xl's interval where the rate names none: 50 ms.
    package static let defaultIntervalMicroseconds = 50_000

    /// - Precondition: both are positive.
    package init(bytesPerSecond: Int, intervalMicroseconds: Int = defaultIntervalMicroseconds) {
        precondition(bytesPerSecond > 0 && intervalMicroseconds > 0, "a rate of \(bytesPerSecond) bytes in \(intervalMicroseconds) µs")
        self.bytesPerSecond = bytesPerSecond
        self.intervalMicroseconds = intervalMicroseconds
    }

    /// Kilobits (1,000 bits) per second, rounded up.
    package var kilobitsPerSecond: Int { (bytesPerSecond * 8 + 999) / 1_000 }

    /// xl's spelling, in a unit that loses nothing.
    package var text: String {
        // Whatever could be read has a form here: its own, as libxl keeps the number before the unit in 32 bits.
        let units: [(name: String, bits: Int)] = [
            ("Gb", 1_000_000_000), ("Mb", 1_000_000), ("Kb", 1_000), ("GB", 8_000_000_000), ("MB", 8_000_000), ("KB", 8_000),
        ]
        let bits = bytesPerSecond * 8
        let unit = units.first { bits % $0.bits == 0 && bits / $0.bits <= Int(UInt32.max) }
        let rate = unit.map { "\(bits / $0.bits)\($0.name)/s" } ?? "\(bytesPerSecond)B/s"
        return intervalMicroseconds == Self.defaultIntervalMicroseconds ? rate : "\(rate)@\(intervalMicroseconds)us"
    }

    /// What reading a rate gave.
    enum Reading: Hashable {
        /// `note` says what an operator should know of the spelling.
        case rate(InterfaceRate, note: String?)
        case malformed
    }

    /// Reads xl's spelling, and a plain number, which xl-network-configuration(5) defines as bytes per second.
    static func read(_ text: String) -> Reading {
        let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        var amount = halves[0]
        var note: String?
        if amount.hasSuffix("/s") {
            amount = amount.dropLast(2)
        } else {
            note = "The rate \(DisplayText.quoted(text)) lacks \"/s\", which xl demands; it is taken as per second."
        }
        guard let (bytes, isRounded) = bytes(amount, hasSuffix: halves[0].hasSuffix("/s")) else { return .malformed }
        if isRounded { note = "The rate \(DisplayText.quoted(text)) is no whole number of bytes, and rounded down, as xl does." }
        guard halves.count == 2 else { return .rate(InterfaceRate(bytesPerSecond: bytes), note: note) }
        guard let (interval, hasUnit) = microseconds(halves[1]) else { return .malformed }
        if !hasUnit {
            note = "The interval of \(DisplayText.quoted(text)) has no unit, and xl takes it as seconds; write s, ms or us."
        }
        return .rate(InterfaceRate(bytesPerSecond: bytes, intervalMicroseconds: interval), note: note)
    }

    private static func bytes(_ amount: Substring, hasSuffix: Bool) -> (count: Int, isRounded: Bool)? {
        let digits = amount.prefix { $0.isASCII && $0.isNumber }
        let factors: [String: Int] = ["": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000]
        var unit = amount.dropFirst(digits.count)
        // libxl keeps the number before its unit in 32 bits.
        guard let number = Int(digits), number > 0, number <= Int(UInt32.max) else { return nil }
        if unit.isEmpty { return hasSuffix ? nil : (number, false) }
        let isBits = unit.last == "b"
        guard isBits || unit.last == "B" else { return nil }
        unit = unit.dropLast()
        guard let factor = factors[String(unit)] else { return nil }
        let (product, overflowed) = number.multipliedReportingOverflow(by: factor)
        // Eight times as much must still fit, to be told in bits.
        guard !overflowed, product <= Int.max / 16 else { return nil }
        let bytes = isBits ? product / 8 : product
        return bytes > 0 ? (bytes, isBits && product % 8 != 0) : nil
    }

    private static func microseconds(_ text: Substring) -> (value: Int, hasUnit: Bool)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let factors: [String: Int] = ["": 1_000_000, "s": 1_000_000, "ms": 1_000, "us": 1]
        let unit = text.dropFirst(digits.count)
        guard let number = Int(digits), number > 0, let factor = factors[String(unit)] else { return nil }
        let (product, overflowed) = number.multipliedReportingOverflow(by: factor)
        guard !overflowed, product <= Int(UInt32.max) else { return nil }
        return (product, !unit.isEmpty)
    }
}
