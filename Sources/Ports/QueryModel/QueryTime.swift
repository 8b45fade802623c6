/// A point in time as the query port spells it: ISO 8601 in UTC with milliseconds, `2011-06-30T08:05:09.120Z`.
package struct QueryTime: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// Since 1970-01-01 UTC; years 0001 to 9999.
    package let milliseconds: Int64

    /// The years that have four digits: 0001-01-01 to 9999-12-31.
    package static let bounds: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    /// A time outside the bounds becomes the nearest within them.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.bounds.lowerBound), Self.bounds.upperBound)
    }

    /// Reads the form above; nil for anything else, also for a day that its month does not have.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 24 else { return nil }
        let separators: [Int: UInt8] = [
            4: UInt8(ascii: "-"), 7: UInt8(ascii: "-"), 10: UInt8(ascii: "T"), 13: UInt8(ascii: ":"), 16: UInt8(ascii: ":"),
            19: UInt8(ascii: "."), 23: UInt8(ascii: "Z"),
        ]
        guard separators.allSatisfy({ bytes[$0.key] == $0.value }) else { return nil }
        let fields = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19, 20..<23].compactMap { Self.number(bytes[$0]) }
        guard fields.count == 7 else { return nil }
        guard fields[0] >= 1, (1...12).contains(fields[1]), fields[2] >= 1, fields[3] < 24, fields[4] < 60, fields[5] < 60 else {
            return nil
        }
        let days = Self.days(year: fields[0], month: fields[1], day: fields[2])
        let seconds = ((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]
        milliseconds = seconds * 1_000 + fields[6]
        guard description == text else { return nil }
    }

    /// Reads a time as the Internet spells it (RFC 3339): any fraction of a second, of which milliseconds count, and any offset from
    /// UTC. Nil for anything else, also for a leap second.
    package init?(internet text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 64, bytes[10] | 0x20 == UInt8(ascii: "t") else { return nil }
        let fraction = bytes[19] == UInt8(ascii: ".") ? bytes[20...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } : []
        guard bytes[19] != UInt8(ascii: ".") || !fraction.isEmpty else { return nil }
        let digits = (fraction.prefix(3) + [UInt8](repeating: UInt8(ascii: "0"), count: 3)).prefix(3)
        let zone = bytes.dropFirst(fraction.isEmpty ? 19 : 20 + fraction.count)
        let plain = String(decoding: bytes[..<10], as: UTF8.self) + "T" + String(decoding: bytes[11..<19], as: UTF8.self)
        guard let time = QueryTime("\(plain).\(String(decoding: digits, as: UTF8.self))Z"), let offset = Self.offset(zone) else {
            return nil
        }
        self.init(milliseconds: time.milliseconds - offset * 60_000)
    }

    /// `Z`, or `+HH:MM`, in minutes; nil for anything else.
    private static func offset(_ zone: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(zone)
        if bytes.count == 1 { return bytes[0] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
            let hours = number(bytes[1...2]), let minutes = number(bytes[4...5]), hours < 24, minutes < 60
        else { return nil }
        return (bytes[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = QueryTime(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time such as 2011-06-30T08:05:09.120Z")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package static func < (left: QueryTime, right: QueryTime) -> Bool { left.milliseconds < right.milliseconds }

    package var description: String {
        let (days, ofDay) = Self.floorDivision(milliseconds, by: 86_400_000)
        let (year, month, day) = Self.date(days: days)
        let seconds = ofDay / 1_000
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        let time = "\(Self.padded(seconds / 3_600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
        return "\(date)T\(time).\(Self.padded(ofDay % 1_000, 3))Z"
    }

    // The calendar in whole numbers: a Date keeps seconds in floating point, and loses a millisecond now and then.
    // The year is taken to begin in March, so that the leap day is its last.

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivision(shiftedYear, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivision(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func floorDivision(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = (value % divisor + divisor) % divisor
        return ((value - remainder) / divisor, remainder)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
