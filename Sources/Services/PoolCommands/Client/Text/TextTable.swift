/// A table in columns, for people.
package struct TextTable: Hashable, Sendable, StyledText {
    /// On which side a column's cells touch its edge.
    package enum Alignment: Hashable, Sendable {
        case left
        case right
    }

    /// One column: its heading, and how its cells are shown.
    package struct Column: Hashable, Sendable {
        package let heading: String
        package let alignment: Alignment
        /// Shown only by `-o wide`.
        package let isWide: Bool
        /// Its cells are statuses, which have colours.
        package let isStatus: Bool

        package init(_ heading: String, _ alignment: Alignment = .left, isWide: Bool = false, isStatus: Bool = false) {
            self.heading = heading
            self.alignment = alignment
            self.isWide = isWide
            self.isStatus = isStatus
        }
    }

    /// What stands in one column of one row.
    struct Cell: Hashable, Sendable {
        let text: String
        let isStatus: Bool

        init(_ text: String, isStatus: Bool = false) {
            self.text = TextTable.printable(text)
            self.isStatus = isStatus
        }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []
    /// A sentence above the headings, where there are headings.
    package var title: String?
    /// A sentence beneath the rows.
    package var note: String?
    private static let gap = "  "

    package init(_ columns: [Column]) { self.columns = columns }

    /// - Precondition: there is one cell for each column, those of `-o wide` included.
    package mutating func add(_ cells: [String]) {
        add(zip(cells, columns).map { Cell($0, isStatus: $1.isStatus) })
    }

    mutating func add(_ cells: [Cell]) {
        precondition(cells.count == columns.count, "a row of \(cells.count) cells was added to \(columns.count) columns")
        rows.append(cells)
    }

    /// The table, its headings first; each line ends with a line feed and bears no blanks at its end.
    package var text: String { text(in: TextStyle()) }

    package func text(in style: TextStyle) -> String {
        let shown = columns.indices.filter { style.isWide || !columns[$0].isWide }
        let lines = (style.hasHeadings ? [columns.map { Cell($0.heading) }] : []) + rows
        // Colours take no column: widths are those of the bare texts.
        let widths = columns.indices.map { position in lines.map { TextWidth.columns(of: $0[position].text) }.max() ?? 0 }
        return (title.map { style.hasHeadings ? Self.printable($0) + "\n" : "" } ?? "")
            + lines.map { line(of: $0, shown, widths, isColoured: style.isColoured) + "\n" }.joined()
            + (note.map { Self.printable($0) + "\n" } ?? "")
    }

    private func line(of cells: [Cell], _ shown: [Int], _ widths: [Int], isColoured: Bool) -> String {
        var line = ""
        for position in shown {
            let cell = cells[position]
            let blanks = String(repeating: " ", count: widths[position] - TextWidth.columns(of: cell.text))
            let text = isColoured && cell.isStatus ? StatusColour.coloured(cell.text) : cell.text
            if position != shown.first { line += Self.gap }
            line += columns[position].alignment == .left ? text + blanks : blanks + text
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Names and causes come from others: what would move the cursor of a terminal is shown as a question mark.
    package static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { TextWidth.isControl($0) ? "?" : $0 }))
    }
}
