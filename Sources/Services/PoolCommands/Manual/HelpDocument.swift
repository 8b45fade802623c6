/// What the program tells of its commands, as the argument parser prints it for `--experimental-dump-help`.
package struct HelpDocument: Decodable, Hashable, Sendable {
    package var command: HelpCommand
}

/// A command with those below it.
package struct HelpCommand: Decodable, Hashable, Sendable {
    package var commandName: String
    package var abstract: String?
    package var discussion: String?
    package var superCommands: [String]?
    package var subcommands: [HelpCommand]?
    package var arguments: [HelpArgument]?
    package var shouldDisplay: Bool

    /// Its whole name, such as `ovm vm start`.
    var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

    /// It and all below it that people see, without the parser's own `help`.
    var shown: [HelpCommand] {
        shouldDisplay && commandName != "help" ? [self] + (subcommands ?? []).flatMap(\.shown) : []
    }

    /// What people may write after it; every command has --help and --version.
    var ownArguments: [HelpArgument] {
        (arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.valueName) }
    }
}

/// An argument or option of a command.
package struct HelpArgument: Decodable, Hashable, Sendable {
    /// `positional`, `option` or `flag`.
    package var kind: String
    package var valueName: String?
    package var abstract: String?
    package var discussion: String?
    package var defaultValue: String?
    package var allValues: [String]?
    package var names: [Name]?
    package var isOptional: Bool
    package var isRepeating: Bool
    package var shouldDisplay: Bool

    /// One spelling of an option.
    package struct Name: Decodable, Hashable, Sendable {
        package var kind: String
        package var name: String
    }
}
