package import QueryModel

/// Amounts as people write and read them.
package enum QuantityText {
    /// Reads an amount of memory in MiB: a number with `M`, `G` or `T` (powers of 1,024); a bare number is MiB. Nil for anything else.
    package static func mebibytes(_ text: String) -> Int? {
        read(text, units: ["": 1, "M": 1, "MIB": 1, "G": 1_024, "GIB": 1_024, "T": 1_048_576, "TIB": 1_048_576])
    }

    /// Reads a time in seconds: a number with `s`, `m`, `h` or `d`; a bare number is seconds. Nil for anything else.
    package static func seconds(_ text: String) -> Int64? {
        read(text, units: ["": 1, "S": 1, "M": 60, "H": 3_600, "D": 86_400]).map(Int64.init)
    }

    /// A time as `seconds(_:)` reads it, such as `90s`, `10m` or `2d`: in the largest unit of which it is a whole number.
    package static func duration(seconds: Int64) -> String {
        let units: [(letter: String, seconds: Int64)] = [("d", 86_400), ("h", 3_600), ("m", 60)]
        let unit = units.first { seconds > 0 && seconds % $0.seconds == 0 } ?? (letter: "s", seconds: 1)
        return "\(seconds / unit.seconds)\(unit.letter)"
    }

    /// An amount of memory, such as `512 MiB` or `1.5 GiB`.
    package static func memory(mebibytes count: Int) -> String {
        if count.magnitude < 1_024 { return "\(count) MiB" }
        let isLarge = count.magnitude >= 1_024 * 1_024
        return tenths(count, of: isLarge ? 1_048_576 : 1_024) + (isLarge ? " TiB" : " GiB")
    }

    /// A rate, such as `1 Gb/s`.
    package static func rate(kilobits count: Int) -> String {
        switch count.magnitude {
        case ..<1_000: "\(count) kb/s"
        case ..<1_000_000: tenths(count, of: 1_000) + " Mb/s"
        default: tenths(count, of: 1_000_000) + " Gb/s"
        }
    }

    /// A share in millionths as a percentage, such as `62.5 %`; rounded down, as placement does.
    package static func percent(millionths count: Int) -> String { tenths(count, of: 10_000, rounded: false) + " %" }

    /// A point in time to the second, such as `2011-06-30 08:05:09Z`.
    package static func time(_ time: QueryTime) -> String {
        "\(time.description.prefix(10)) \(time.description.dropFirst(11).prefix(8))Z"
    }

    private static func read(_ text: String, units: [String: Int]) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        guard let number = Int(digits), let unit = units[text.dropFirst(digits.count).uppercased()] else { return nil }
        let (product, isOverflown) = number.multipliedReportingOverflow(by: unit)
        return isOverflown ? nil : product
    }

    /// `count` in units of `unit`, to one place after the point, which is left out where it is a zero.
    private static func tenths(_ count: Int, of unit: Int, rounded: Bool = true) -> String {
        let whole = count.magnitude / UInt(unit)
        let rest = count.magnitude % UInt(unit)
        let tenths = whole * 10 + (rest * 10 + (rounded ? UInt(unit) / 2 : 0)) / UInt(unit)
        let sign = count < 0 ? "-" : ""
        return tenths % 10 == 0 ? "\(sign)\(tenths / 10)" : "\(sign)\(tenths / 10).\(tenths % 10)"
    }
}
