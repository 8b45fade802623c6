/// The manual page, in the macros of man(7), made from what the program tells of its commands.
package enum ManualPage {
    /// An option that so many commands have is described once.
    private static let commonFrom = 5

    /// - Parameter date: of the version, as `2026-11-27`.
    package static func text(of help: HelpDocument, version: String, date: String) -> String {
        let commands = help.command.shown
        let common = commonOptions(of: commands)
        var page = ".TH OVM 8 \"\(date)\" \"ovm \(version)\" \"Oracle VM server pools\"\n"
        page += ".SH NAME\n\(help.command.commandName) \\- \(escaped((help.command.abstract ?? "").asPhrase))\n"
        page += ".SH SYNOPSIS\n.B ovm\n.I command\n.RI [ options ]\n"
        page += ".SH DESCRIPTION\n" + prose(help.command.discussion, isFirst: true)
        page += ".SH COMMANDS\n" + commands.dropFirst().map { section(of: $0, without: common) }.joined()
        page += ".SH COMMON OPTIONS\n" + common.map(item).joined()
        return page + foot
    }

    private static let foot = """
        .SH EXIT STATUS
        .TP
        .B 0
        It is done.
        .TP
        .B 1
        It was refused; the reason stands on standard error.
        .TP
        .B 2
        The command line cannot be read.
        .TP
        .B 3
        No Server Pool Master was reached; nothing was done.
        .TP
        .B 4
        Nobody knows whether it was done.
        .SH ENVIRONMENT
        .TP
        .B OVM_POOL
        The pool file, where \\-\\-pool does not name one.
        .TP
        .B NO_COLOR
        Where it is not empty, statuses bear no colours by themselves.
        .SH FILES
        .TP
        .I ~/.config/ovm/pool.json
        The pool file of a user.
        .TP
        .I /var/lib/ovm
        What the agent keeps, and the pool file of the server.

        """

    private static func commonOptions(of commands: [HelpCommand]) -> [HelpArgument] {
        var counts: [HelpArgument: Int] = [:]
        var order: [HelpArgument] = []
        for argument in commands.flatMap(\.ownArguments) where argument.kind != "positional" {
            counts[argument, default: 0] += 1
            if counts[argument] == commonFrom { order.append(argument) }
        }
        return order
    }

    private static func section(of command: HelpCommand, without common: [HelpArgument]) -> String {
        let operands = command.ownArguments.filter { $0.kind == "positional" }
        let usage = ([command.path] + operands.map(operand)).joined(separator: " ")
        let own = command.ownArguments.filter { !common.contains($0) }
        return ".SS \"\(escaped(usage))\"\n\(escaped(command.abstract ?? ""))\n" + prose(command.discussion) + own.map(item).joined()
    }

    private static func operand(_ argument: HelpArgument) -> String {
        let name = (argument.valueName ?? "").uppercased() + (argument.isRepeating ? ".." : "")
        return argument.isOptional ? "[\(name)]" : name
    }

    private static func item(_ argument: HelpArgument) -> String {
        let value = argument.kind == "option" ? " \\fI\(escaped(argument.valueName ?? ""))\\fR" : ""
        let names = (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
        let head =
            names.isEmpty
            ? "\\fI\(escaped((argument.valueName ?? "").uppercased()))\\fR"
            : names.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ") + value
        var sentences = [argument.abstract, argument.discussion].compactMap { $0 }
        if let values = argument.allValues { sentences.append("One of: \(values.joined(separator: ", ")).") }
        if let standard = argument.defaultValue { sentences.append("Without it: \(standard).") }
        return ".TP\n\(head)\n\(escaped(sentences.joined(separator: " ")))\n"
    }

    /// Paragraphs, with the lines that begin with blanks, the examples, as they stand.
    ///
    /// - Parameter isFirst: whether a heading stands before it, which begins a paragraph by itself.
    private static func prose(_ text: String?, isFirst: Bool = false) -> String {
        var page = ""
        var isExample = false
        var isParagraph = false
        for line in (text ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
            let begins = line.hasPrefix(" ")
            if begins != isExample {
                page += begins ? (page.isEmpty && isFirst ? "" : ".PP\n") + ".RS 4\n.nf\n" : ".fi\n.RE\n"
                isExample = begins
                isParagraph = false
            }
            guard !line.allSatisfy({ $0 == " " }) else {
                isParagraph = false
                continue
            }
            if !isExample, !isParagraph { page += ".PP\n" }
            isParagraph = true
            page += escaped(String(line.drop { $0 == " " })) + "\n"
        }
        return page + (isExample ? ".fi\n.RE\n" : "")
    }

    /// What roff would take for its own.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "\"": escaped += "\\(dq"
            case "\n": escaped += " "
            default: escaped.append(character)
            }
        }
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}

extension String {
    /// A sentence as the phrase that `whatis` lists.
    fileprivate var asPhrase: String { prefix(1).lowercased() + dropFirst().prefix { $0 != "." } }
}
