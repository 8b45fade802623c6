import Placement
package import PoolModel

// What a server has against what is reserved there.
extension PoolState {
    /// By how much the memory reserved on a server exceeds what it has for virtual machines; zero while it suffices, and while it is not
    /// known. Only a server that shrinks under what runs there comes to this: no start and no resize does.
    package func overcommittedMemory(on id: ServerID) -> Mebibytes {
        guard let facts = servers[id]?.facts else { return .zero }
        return reservations(on: id).memory - facts.capacity
    }

    /// Notes what a server has, and whether that is enough for what is reserved there.
    ///
    /// - Parameter former: what was missing before.
    mutating func noteFacts(of server: Server, _ facts: ServerFacts, _ former: Mebibytes, _ entry: PoolEntry) {
        let reserved = reservations(on: server.id)
        let missing = overcommittedMemory(on: server.id)
        var consequence = ""
        if missing > .zero {
            consequence = """
                 That is \(missing) less than the \(reserved.memory) reserved by the virtual machines placed there (\(reserved.machines)); \
                they are left alone, and none is started there until room is free.
                """
        } else if former > .zero {
            consequence = " The \(reserved.memory) reserved there fit again."
        }
        note(
            entry, .server, server.name.text, .serverFacts,
            "Server \(server.name) has \(facts.capacity) for virtual machines and \(facts.processors) CPUs.\(consequence)")
    }
}
