/// What each key is worth in the end: the last `=` and every `+=` after it.
struct EffectiveAssignments {
    /// One key's final value.
    struct Entry {
        let key: String
        /// Where the key was last given with `=`.
        let position: SourcePosition
        let value: ConfigurationValue
    }

    /// In the order in which the keys first appear.
    let entries: [Entry]

    /// Every assignment is looked at once, and lists are joined once per key, so that a text of nothing but `+=` stays linear.
    init(
        _ assignments: [ConfigurationAssignment], file: String, warnings: inout WarningCollector
    ) throws(DomainConfigurationError) {
        var order: [String] = []
        var partsByKey: [String: [ConfigurationAssignment]] = [:]
        for assignment in assignments {
            let earlier = partsByKey[assignment.key]?.last
            if earlier == nil { order.append(assignment.key) }
            if assignment.operation == .append, earlier != nil {
                partsByKey[assignment.key]?.append(assignment)
                continue
            }
            if let earlier {
                warnings.add(
                    "The key \(assignment.key) is given again; this value counts, not the one of line \(earlier.position.line).",
                    at: assignment.position)
            }
            partsByKey[assignment.key] = [assignment]
        }
        var entries: [Entry] = []
        for key in order {
            guard let parts = partsByKey[key], let first = parts.first else { continue }
            let value = parts.count == 1 ? first.value : try Self.join(parts, startingWith: first.value, file: file)
            entries.append(Entry(key: key, position: first.position, value: value))
        }
        self.entries = entries
    }

    private static func join(
        _ parts: [ConfigurationAssignment], startingWith first: ConfigurationValue, file: String
    ) throws(DomainConfigurationError) -> ConfigurationValue {
        var elements: [ConfigurationValue] = []
        var text = ""
        // A number cannot be added to: the second part is the mistake, so the first one is not judged here.
        for (index, part) in parts.enumerated() {
            switch (first.content, part.value.content) {
            case (.list, .list(let more)): elements += more
            case (.text, .text(let more)): text += more
            case _ where index == 0: continue
            default:
                throw DomainConfigurationError(
                    file: file, at: part.value.position, found: "a value that += cannot add to the earlier \(part.key)",
                    expected: "a list after a list, or a string after a string")
            }
            guard elements.count <= ConfigurationLimits.listElements, text.utf8.count <= ConfigurationLimits.stringBytes else {
                throw DomainConfigurationError(
                    file: file, at: part.position, found: "a += that makes \(part.key) longer than a value may be",
                    expected: "at most \(ConfigurationLimits.listElements) elements or \(ConfigurationLimits.stringBytes) bytes")
            }
        }
        if case .list = first.content { return ConfigurationValue(.list(elements), at: first.position) }
        return ConfigurationValue(.text(text), at: first.position)
    }
}
