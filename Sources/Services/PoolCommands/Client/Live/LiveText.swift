/// How many columns and rows a terminal has.
package struct TerminalSize: Hashable, Sendable {
    package let columns: Int
    package let rows: Int

    /// What a terminal has that does not tell.
    package static let usual = TerminalSize(columns: 80, rows: 24)

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// A text on a terminal that is drawn again in its place, so that what stands above it stays.
package struct LiveText: Hashable, Sendable {
    /// What is seen now, and on what.
    private var lines: [String] = []
    private var size: TerminalSize?

    /// From the cursor to the end of the line, and to the end of the terminal (ECMA-48, EL and ED).
    private static let eraseLine = "\u{1B}[K"
    private static let eraseBelow = "\u{1B}[J"
    private static let clear = "\u{1B}[H\u{1B}[2J"

    package init() {}

    /// What to write so that `text` is seen instead of what was; empty when that is the same.
    ///
    /// A longer or wider text is cut: a line that wraps or scrolls could not be found again.
    package mutating func frame(_ text: String, on size: TerminalSize) -> String {
        let cut = Self.cut(text, to: size)
        guard cut != lines || size != self.size else { return "" }
        var frame = ""
        if let old = self.size, old != size {
            // Lines have wrapped anew, and nobody knows where they begin.
            frame += Self.clear
        } else if !lines.isEmpty {
            frame += "\r\u{1B}[\(lines.count)A"
        }
        frame += cut.map { $0 + Self.eraseLine + "\n" }.joined() + Self.eraseBelow
        lines = cut
        self.size = size
        return frame
    }

    private static func cut(_ text: String, to size: TerminalSize) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        // The cursor stands below the last line and needs a row of its own.
        let rows = max(size.rows - 1, 1)
        if lines.count > rows {
            let hidden = lines.count - rows + 1
            lines = lines.prefix(rows - 1) + [".. \(hidden) more"]
        }
        return lines.map { TextWidth.cut($0, to: max(size.columns, 1)) }
    }
}
