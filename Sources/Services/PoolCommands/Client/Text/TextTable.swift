/// A table in columns, for people.
package struct TextTable: Hashable, Sendable {
    /// On which side a column's cells touch its edge.
    package enum Alignment: Hashable, Sendable {
        case left
        case right
    }

    /// One column: its heading, and the side of its cells.
    package struct Column: Hashable, Sendable {
        package let heading: String
        package let alignment: Alignment

        package init(_ heading: String, _ alignment: Alignment = .left) {
            self.heading = heading
            self.alignment = alignment
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []
    private static let gap = "  "

    package init(_ columns: [Column]) { self.columns = columns }

    /// - Precondition: there is one cell for each column.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row of \(cells.count) cells was added to \(columns.count) columns")
        rows.append(cells.map(Self.printable))
    }

    /// The table, its headings first; each line ends with a line feed and bears no blanks at its end.
    package var text: String {
        let lines = [columns.map(\.heading)] + rows
        let widths = columns.indices.map { position in lines.map { TextWidth.columns(of: $0[position]) }.max() ?? 0 }
        return lines.map { line(of: $0, widths) + "\n" }.joined()
    }

    private func line(of cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (position, cell) in cells.enumerated() {
            let blanks = String(repeating: " ", count: widths[position] - TextWidth.columns(of: cell))
            if position > 0 { line += Self.gap }
            line += columns[position].alignment == .left ? cell + blanks : blanks + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Names and causes come from others: what would move the cursor of a terminal is shown as a question mark.
    package static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { TextWidth.isControl($0) ? "?" : $0 }))
    }
}
