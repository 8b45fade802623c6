import QueryModel

/// Which virtual machines a command is for: by name, by pattern of names, by tag, or all.
package struct MachineSelector: Hashable, Sendable {
    /// Names and patterns; none means that the tags alone select.
    package let names: [String]
    /// `KEY` or `KEY=VALUE`; a machine must have every one of them.
    package let tags: [String]
    /// Every virtual machine of the pool.
    package let isAll: Bool

    package init(names: [String], tags: [String] = [], isAll: Bool = false) {
        self.names = names
        self.tags = tags
        self.isAll = isAll
    }

    /// The one that is named, where no more can be meant; nil else.
    package var only: String? { names.count == 1 && tags.isEmpty && !NamePattern(names[0]).isWild ? names[0] : nil }

    /// The names of those that are selected, in order, each once. A name without a pattern is not looked up, unless a tag is asked for.
    package func resolve(_ client: PoolClient) async throws(ClientError) -> [String] {
        if tags.isEmpty, !isAll, !names.contains(where: { NamePattern($0).isWild }) { return Array(Set(names)).sorted() }
        var found: Set<String> = []
        for pattern in names.isEmpty ? ["*"] : names {
            found.formUnion(try await client.machines(name: pattern, tag: tags.first).machines.map(\.name))
        }
        for tag in tags.dropFirst() {
            found.formIntersection(try await client.machines(name: nil, tag: tag).machines.map(\.name))
        }
        return found.sorted()
    }
}
