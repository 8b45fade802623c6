package import QueryModel

/// One operation for many virtual machines: a few at a time, and a failure does not keep the others.
package enum MachineBulk {
    /// How many are under way at once.
    package static let width = 8

    /// What became of one of them.
    package enum End: Hashable, Sendable {
        case done(MachineDocument)
        case failed(String, cause: String)
    }

    /// Does it for each name, and tells of each as it ends.
    ///
    /// - Parameter tell: is called once for each name, in the order in which they end.
    /// - Returns: the machines for which it was done, by name.
    package static func run(
        _ names: [String], tell: (End) -> Void, _ operation: @escaping @Sendable (String) async throws(ClientError) -> MachineDocument
    ) async -> [MachineDocument] {
        var machines: [MachineDocument] = []
        await withTaskGroup(of: End.self) { group in
            var waiting = names[...]
            for name in waiting.prefix(width) { group.addTask { await one(name, operation) } }
            waiting = waiting.dropFirst(width)
            while let end = await group.next() {
                if case .done(let machine) = end { machines.append(machine) }
                tell(end)
                if let name = waiting.popFirst() { group.addTask { await one(name, operation) } }
            }
        }
        return machines.sorted { $0.name < $1.name }
    }

    private static func one(
        _ name: String, _ operation: @Sendable (String) async throws(ClientError) -> MachineDocument
    ) async -> End {
        do throws(ClientError) {
            return .done(try await operation(name))
        } catch {
            return .failed(name, cause: error.message)
        }
    }
}
