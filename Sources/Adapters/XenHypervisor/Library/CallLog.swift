import CXenLight
import Synchronization

/// What libxl said during one call: a bounded number of error lines, of which a failure's cause is made.
final class CallLog: Sendable {
    /// The first error tells the cause most often, the last what came of it; what lies between is left out.
    private struct Lines {
        var first: String?
        var last: String?
    }

    private let lines = Mutex(Lines())

    /// Bytes of one line.
    static let longestLine = 300

    func add(_ text: String, level: Int32) {
        guard level >= Int32(XTL_ERROR.rawValue) else { return }
        let line = Self.readable(text)
        lines.withLock { lines in
            if lines.first == nil { lines.first = line } else { lines.last = line }
        }
    }

    /// What was said, nil for nothing.
    var cause: String? {
        lines.withLock { lines in
            guard let first = lines.first else { return nil }
            guard let last = lines.last, last != first else { return first }
            return "\(first); then: \(last)"
        }
    }

    /// A line without the place in libxl's sources, without what a terminal could take as a command, and of bounded length.
    static func readable(_ text: String) -> String {
        var line = text[...]
        // libxl writes `libxl_create.c:1247:domcreate_launch_dm:Domain 3:unable to ..`; libxc writes no place.
        let parts = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        if parts.count == 4, parts[0].hasSuffix(".c"), parts[1].allSatisfy(\.isNumber) { line = parts[3] }
        // The line becomes the middle of a sentence.
        while line.last == "." || line.last?.isWhitespace == true { line = line.dropLast() }
        return ForeignText.shown(String(line), longest: longestLine)
    }
}

/// Text from outside, made safe to show.
enum ForeignText {
    /// `text` on one line without control characters, shortened to `longest` bytes.
    static func shown(_ text: String, longest: Int) -> String {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            let isPlain = scalar.value >= 0x20 && scalar.value != 0x7F && !(0x80..<0xA0).contains(scalar.value)
            let shown = isPlain && scalar.properties.generalCategory != .format ? scalar : " "
            guard bytes.count + UTF8.width(shown) <= longest else { return trimmed(bytes) + "..." }
            bytes.append(contentsOf: Array(String(Character(shown)).utf8))
        }
        return trimmed(bytes)
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        let space = UInt8(ascii: " ")
        let start = bytes.firstIndex { $0 != space } ?? bytes.endIndex
        let end = bytes.lastIndex { $0 != space } ?? start
        guard start < bytes.endIndex else { return "" }
        return String(decoding: bytes[start...end], as: UTF8.self)
    }
}
