/// In which form a command answers.
package enum OutputForm: String, CaseIterable, Sendable {
    /// Columns or properties, for people.
    case table
    /// The same with more columns.
    case wide
    /// The document as JSON, for programs.
    case json
    /// The document as YAML, for people who read a whole one.
    case yaml
    /// Names alone, one on each line, for other commands.
    case name
}

/// How a text for people is to look.
package struct TextStyle: Hashable, Sendable {
    /// Whether columns that are seldom asked for are shown too.
    package var isWide: Bool
    /// Whether a table begins with its headings.
    package var hasHeadings: Bool
    /// Whether statuses bear the terminal's colours.
    package var isColoured: Bool

    package init(isWide: Bool = false, hasHeadings: Bool = true, isColoured: Bool = false) {
        self.isWide = isWide
        self.hasHeadings = hasHeadings
        self.isColoured = isColoured
    }
}

/// Something that is written for people, in one style or another.
package protocol StyledText {
    /// The text, each line with its line feed.
    func text(in style: TextStyle) -> String
}

extension String: StyledText {
    /// A sentence looks the same in every style.
    package func text(in style: TextStyle) -> String { self }
}

/// Several texts with an empty line between them.
package struct TextBlocks: StyledText {
    private let blocks: [any StyledText]

    package init(_ blocks: [any StyledText]) { self.blocks = blocks }

    package func text(in style: TextStyle) -> String { blocks.map { $0.text(in: style) }.joined(separator: "\n") }
}

/// A command's answer in the form that was asked for.
package struct AnswerForm: Hashable, Sendable {
    package let form: OutputForm
    package let style: TextStyle
    /// Whether other answers follow this one, so that a program must see where one ends.
    package let isStream: Bool

    package init(_ form: OutputForm, style: TextStyle = TextStyle(), isStream: Bool = false) {
        self.form = form
        self.style = style
        self.isStream = isStream
    }

    /// Whether the text is made for people, and may say more than the document.
    package var isForPeople: Bool { [.table, .wide].contains(form) }

    /// The text of `document`; `people` makes what `table` and `wide` show.
    package func text(of document: some NamedDocument, people: () -> some StyledText) throws -> String {
        switch form {
        case .json: return try isStream ? JSONPrinter.line(of: document) : JSONPrinter.text(of: document)
        case .yaml: return try (isStream ? YAMLPrinter.separator : "") + YAMLPrinter.text(of: document)
        case .name: return document.names.map { TextTable.printable($0) + "\n" }.joined()
        case .table, .wide:
            var style = style
            style.isWide = form == .wide
            return people().text(in: style)
        }
    }
}
