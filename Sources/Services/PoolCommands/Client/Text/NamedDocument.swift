package import QueryModel

/// A document that `-o name` can be said of: what a later command would be given to name the same things.
package protocol NamedDocument: Encodable {
    var names: [String] { get }
}

extension Answered: NamedDocument where Document: NamedDocument {
    package var names: [String] { document.names }
}

extension PoolDocument: NamedDocument {
    package var names: [String] { [name] }
}

extension PoolSettingsDocument: NamedDocument {
    /// The settings, as `ovm pool set` names them.
    package var names: [String] { ["cpu-overcommit", "voter-limit", "voter-replacement"] }
}

extension MasterDocument: NamedDocument {
    package var names: [String] { master.map { [$0.name] } ?? [] }
}

extension ServerDocument: NamedDocument {
    package var names: [String] { [name] }
}

extension ServerListDocument: NamedDocument {
    package var names: [String] { servers.map(\.name) }
}

extension MachineDocument: NamedDocument {
    package var names: [String] { [name] }
}

extension MachineListDocument: NamedDocument {
    package var names: [String] { machines.map(\.name) }
}

extension MachineCreatedDocument: NamedDocument {
    package var names: [String] { machine.names }
}

extension ExplanationDocument: NamedDocument {
    /// The server that a start would choose.
    package var names: [String] { chosen.map { [$0] } ?? [] }
}

extension MigrationCheckDocument: NamedDocument {
    /// The server that it would go to.
    package var names: [String] { chosen.map { [$0] } ?? [] }
}

extension TagDocument: NamedDocument {
    package var names: [String] { [key] }
}

extension TagListDocument: NamedDocument {
    package var names: [String] { tags.map(\.key) }
}

extension RuleDocument: NamedDocument {
    package var names: [String] { [name] }
}

extension RuleListDocument: NamedDocument {
    package var names: [String] { rules.map(\.name) }
}

extension TaskDocument: NamedDocument {
    package var names: [String] { [String(id)] }
}

extension TaskListDocument: NamedDocument {
    package var names: [String] { tasks.flatMap(\.names) }
}

extension TokenCreatedDocument: NamedDocument {
    /// Its number: the secret is shown by the other forms.
    package var names: [String] { [String(id)] }
}

extension TokenListDocument: NamedDocument {
    package var names: [String] { tokens.map { String($0.id) } }
}

extension EventDocument: NamedDocument {
    package var names: [String] { [String(index)] }
}

extension EventListDocument: NamedDocument {
    package var names: [String] { events.flatMap(\.names) }
}

extension PoolStateDocument: NamedDocument {
    package var names: [String] { servers.map(\.name) + machines.map(\.name) }
}

extension PoolDiffDocument: NamedDocument {
    /// What changed.
    package var names: [String] { objects.map(\.name) }
}

extension DoneDocument: NamedDocument {
    /// What is gone has no name.
    package var names: [String] { [] }
}
