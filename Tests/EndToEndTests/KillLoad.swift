import Foundation
import NIOPosix
import PoolCommands
import QueryModel
import Testing

/// Clients that write distinct tags while agents die, each over connections of its own, and what became of every write.
actor KillLoad {
    /// After so many kills everything is read back, and the next tags go to another machine.
    static let killsOfRound = 50
    /// How many machines are kept, and so read back again each time.
    private static let machinesKept = 4
    private static let patience = Duration.seconds(60)

    /// What became of the writes.
    struct Counts: CustomStringConvertible {
        var acknowledged = 0
        var unknown = 0
        var refused = 0
        var description: String { "\(acknowledged) writes acknowledged, \(unknown) unknown, \(refused) refused" }
    }

    private(set) var counts = Counts()
    private let reader: PoolClient
    private var machines: [String] = []
    private var nextWrite = 0
    private var isEnding = false
    private var writing: Task<Void, any Error>?
    private var acknowledged: [String: [String: String]] = [:]
    private var refused: [String: Set<String>] = [:]
    private var unexpected: [String] = []
    private var acknowledgedBefore = 0

    private init(reader: PoolClient) { self.reader = reader }

    /// Begins to write; the writers begin with different servers.
    static func begin(on pool: KilledPool, writers: Int) async throws -> KillLoad {
        let load = KillLoad(reader: try client(pool.file, 0))
        try await load.makeMachine()
        let clients = try (0..<writers).map { try client(pool.file, $0) }
        await load.write(with: clients)
        return load
    }

    private static func client(_ file: PoolFile, _ number: Int) throws -> PoolClient {
        var file = file
        let first = number % file.servers.count
        file.servers = Array(file.servers[first...] + file.servers[..<first])
        return try PoolClient(file: file, path: "pool.json", eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    }

    private func write(with clients: [PoolClient]) {
        writing = Task {
            await withDiscardingTaskGroup { group in
                for client in clients {
                    group.addTask { while await self.writeOnce(with: client) {} }
                }
            }
            for client in clients { await client.shutdown() }
        }
    }

    /// - Returns: whether to go on.
    private func writeOnce(with client: PoolClient) async -> Bool {
        guard !isEnding, let machine = machines.last else { return false }
        nextWrite += 1
        let (key, value) = ("load/\(nextWrite)", "v\(nextWrite)")
        do {
            _ = try await client.putTag(key, value, on: machine)
            counts.acknowledged += 1
            acknowledged[machine, default: [:]][key] = value
        } catch {
            switch error {
            case .outcomeUnknown, .cancelled: counts.unknown += 1
            case .unreachable:
                counts.refused += 1
                refused[machine, default: []].insert(key)
            case .problem, .badAnswer, .taskFailed: unexpected.append("\(key): \(error.message)")
            }
        }
        // A machine can bear so many tags only.
        do { try await Task.sleep(for: .milliseconds(10)) } catch { return false }
        return true
    }

    /// No write is begun any more; returns once all have ended.
    func end() async {
        isEnding = true
        // It throws nothing of its own: what writes came to is in the counts.
        _ = await writing?.result
        await reader.shutdown()
    }

    /// Waits until a write was acknowledged since the last time.
    func awaitAcknowledgement() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while counts.acknowledged == acknowledgedBefore {
            guard ContinuousClock.now < deadline else {
                Issue.record("no write was acknowledged for \(Self.patience); \(counts); \(unexpected.prefix(3))")
                throw ProgramScene.Impatience()
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        acknowledgedBefore = counts.acknowledged
    }

    /// The master's name, as far as anybody knows now.
    func master() async -> String? {
        do { return try await reader.master().document.master?.name } catch { return nil }
    }

    /// Reads all tags, linearizably: what was acknowledged before is there, and what was refused is not.
    func readBack(_ moment: String) async throws {
        for machine in machines {
            let (promised, never) = (acknowledged[machine, default: [:]], refused[machine, default: []])
            let reader = reader
            let list = try await patiently { () async throws(ClientError) in try await reader.tags(of: machine) }
            let tags = try #require(list).tags
            let found = Dictionary(uniqueKeysWithValues: tags.map { ($0.key, $0.value) })
            let lost = promised.filter { found[$0.key] != $0.value }.keys.sorted()
            #expect(lost.isEmpty, "\(moment): of \(promised.count) writes to \(machine) these are lost: \(lost.prefix(10))")
            let risen = never.filter { found[$0] != nil }.sorted()
            #expect(risen.isEmpty, "\(moment): these were said not to be carried out: \(risen.prefix(10))")
        }
        #expect(unexpected.isEmpty, "\(moment): \(unexpected.prefix(3))")
        if !isEnding { try await makeMachine() }
    }

    /// The next tags go to a new machine; the oldest is deleted once enough are kept.
    private func makeMachine() async throws {
        let name = "load-\(nextWrite)"
        let request = CreateMachineRequest(configuration: "name = '\(name)'\nmemory = 64\n", name: name)
        let reader = reader
        _ = try await patiently { () async throws(ClientError) in try await reader.createMachine(request) }
        machines.append(name)
        guard machines.count > Self.machinesKept else { return }
        let oldest = machines.removeFirst()
        _ = try await patiently { () async throws(ClientError) in try await reader.deleteMachine(oldest) }
        acknowledged[oldest] = nil
        refused[oldest] = nil
    }

    /// The reader meets killed agents, too, and asks again.
    ///
    /// - Returns: nil where an earlier attempt, whose outcome was unknown, has done it already.
    private func patiently<Value: Sendable>(_ body: @Sendable () async throws(ClientError) -> Value) async throws -> Value? {
        let deadline = ContinuousClock.now + Self.patience
        var isInDoubt = false
        while true {
            do {
                return try await body()
            } catch {
                if isInDoubt, case .problem = error { return nil }
                guard ContinuousClock.now < deadline, error.exitCode != 1 else { throw error }
                isInDoubt = isInDoubt || error.exitCode == 4
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
