/// Identifies a placement rule; the log index of the command that made it.
package struct RuleID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: RuleID, right: RuleID) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// The name of a placement rule, unique in its pool: 1 to 63 of `[A-Za-z0-9._-]`, beginning with a letter or a digit.
package struct RuleName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil when `text` is outside the bounds above.
    package init?(_ text: String) {
        guard NameRule.accepts(text, longest: 63) else { return nil }
        self.text = text
    }

    package static func < (left: RuleName, right: RuleName) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    package var description: String { text }
}

/// What a placement rule does with its members; the raw values are the words of the command line and the API.
package enum RuleKind: String, Hashable, Sendable, CaseIterable {
    /// Its members run on one server.
    case affinity
    /// No two of its members run on one server.
    case antiAffinity = "anti-affinity"
}

/// Whether a placement rule may be broken.
package enum RuleStrength: String, Hashable, Sendable, CaseIterable {
    /// A server where the rule would be broken is refused.
    case hard
    /// A server where the rule would be broken is taken only where every other one breaks as much.
    case soft
}

/// Selects virtual machines by a tag: those that have the key, or those that have it with this very value.
package struct TagSelector: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let key: TagKey
    /// Nil selects by the key alone.
    package let value: String?

    package init(key: TagKey, value: String? = nil) {
        self.key = key
        self.value = value
    }

    /// Reads `KEY` or `KEY=VALUE`; nil where the key is none. A key never holds `=`, a value may.
    package init?(_ text: String) {
        // By scalars: a value may begin with one that makes a single character of the equals sign and itself.
        let parts = text.unicodeScalars.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let key = TagKey(String(first)) else { return nil }
        self.init(key: key, value: parts.count > 1 ? String(parts[1]) : nil)
    }

    /// Whether a machine with these tags is selected.
    package func selects(_ tags: [TagKey: String]) -> Bool {
        guard let found = tags[key] else { return false }
        return value == nil || value == found
    }

    /// Whether every machine that `other` selects is selected by this too.
    package func covers(_ other: TagSelector) -> Bool { key == other.key && (value == nil || value == other.value) }

    package static func < (left: TagSelector, right: TagSelector) -> Bool {
        guard left.key == right.key else { return left.key < right.key }
        guard let value = right.value else { return false }
        return left.value.map { $0.utf8.lexicographicallyPrecedes(value.utf8) } ?? true
    }

    /// `KEY` or `KEY=VALUE`.
    package var description: String { value.map { "\(key)=\($0)" } ?? "\(key)" }
}

/// A placement rule to be created. Its members are the machines that it names and those that one of its tags selects.
package struct RuleDefinition: Hashable, Sendable {
    package let name: RuleName
    package let kind: RuleKind
    package let strength: RuleStrength
    /// Sorted, without duplicates.
    package let machines: [VirtualMachineName]
    /// Sorted, without duplicates.
    package let tags: [TagSelector]

    package init(name: RuleName, kind: RuleKind, strength: RuleStrength, machines: [VirtualMachineName] = [], tags: [TagSelector] = []) {
        self.name = name
        self.kind = kind
        self.strength = strength
        self.machines = Array(Set(machines)).sorted()
        self.tags = Array(Set(tags)).sorted()
    }

    /// Whether a machine is a member.
    package func includes(_ name: VirtualMachineName, tags: [TagKey: String]) -> Bool {
        machines.contains(name) || self.tags.contains { $0.selects(tags) }
    }
}

/// A change to a rule, as differences, so that two writers who add different members do not undo each other's work.
package struct RuleChange: Hashable, Sendable {
    /// Nil leaves it as it is.
    package let strength: RuleStrength?
    /// Each of these four is sorted and without duplicates.
    package let addedMachines: [VirtualMachineName]
    package let removedMachines: [VirtualMachineName]
    package let addedTags: [TagSelector]
    package let removedTags: [TagSelector]

    package init(
        strength: RuleStrength? = nil, addedMachines: [VirtualMachineName] = [], removedMachines: [VirtualMachineName] = [],
        addedTags: [TagSelector] = [], removedTags: [TagSelector] = []
    ) {
        self.strength = strength
        self.addedMachines = Array(Set(addedMachines)).sorted()
        self.removedMachines = Array(Set(removedMachines)).sorted()
        self.addedTags = Array(Set(addedTags)).sorted()
        self.removedTags = Array(Set(removedTags)).sorted()
    }
}

extension RuleDefinition {
    /// The rule with the change in it, whether or not such a rule may be.
    package func changed(by change: RuleChange) -> RuleDefinition {
        RuleDefinition(
            name: name, kind: kind, strength: change.strength ?? strength,
            machines: machines.filter { !change.removedMachines.contains($0) } + change.addedMachines,
            tags: tags.filter { !change.removedTags.contains($0) } + change.addedTags)
    }
}
