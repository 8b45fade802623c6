import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import AgentRuntime

@Suite("Replaying the past")
struct PoolReplayTests {
    private func replay(_ past: FakePast, most: UInt64 = 100) async -> PoolReplay {
        PoolReplay(past: past, decoder: FakeDecoder(states: await past.states), mostEntries: most)
    }

    private func refusal(
        _ replay: PoolReplay, from first: UInt64, through last: UInt64
    ) async -> ArchiveRefusal? {
        do throws(ArchiveRefusal) {
            _ = try await replay.span(from: LogIndex(first), through: LogIndex(last))
            return nil
        } catch {
            return error
        }
    }

    @Test("every state that is kept comes back as it was, from a snapshot or from the log's beginning", arguments: [[], [4], [4, 8]])
    func restoresStates(snapshots: [UInt64]) async throws {
        let past = try FakePast(snapshots: snapshots)
        let replay = await replay(past)
        let states = await past.states

        for first in Int(snapshots.first ?? 1)..<states.count {
            for last in first..<states.count {
                let span = try await replay.span(from: LogIndex(UInt64(first)), through: LogIndex(UInt64(last)))
                #expect(span.before.digest == states[first].digest, "\(first)..\(last)")
                #expect(span.after.digest == states[last].digest, "\(first)..\(last)")
            }
        }
    }

    @Test("steps say who, when, why and what, and leave out what was refused or lies outside")
    func tellsSteps() async throws {
        let past = try FakePast(snapshots: [2])

        let span = try await replay(past).span(from: LogIndex(2), through: LogIndex(5))
        let fromAfar = try await replay(FakePast()).span(from: LogIndex(3), through: LogIndex(6))

        #expect(span.firstKept == LogIndex(2))
        #expect(span.steps.map(\.index.number) == [3, 5])
        #expect(fromAfar.steps.map(\.index.number) == [5, 6])
        let step = try #require(span.steps.last)
        #expect(step.time == PoolTime(milliseconds: 4_000))
        #expect(step.principal == .operator(name: "root", credential: CredentialID(2)))
        #expect(step.reason == "reason 3")
        #expect(step.events.map(\.kind) == ["tag-set"])
    }

    @Test("what is not kept, not stored yet or damaged is refused in its own words")
    func refuses() async throws {
        let past = try FakePast(snapshots: [4])
        let replay = await replay(past, most: 6)
        let damage = StorageError.damaged(path: "p", row: "log[5]")

        #expect(await refusal(replay, from: 3, through: 5) == .notKept(first: LogIndex(4)))
        #expect(await refusal(replay, from: 4, through: 11) == .tooLong(entries: 7, most: 6))
        #expect(await refusal(replay, from: 4, through: 10) == nil)
        await past.fail(.notStored(last: LogIndex(9)))
        #expect(await refusal(replay, from: 4, through: 10) == .busy)
        await past.fail(.failed(damage))
        #expect(await refusal(replay, from: 4, through: 10) == .unreadable(message: damage.message))
        await past.fail(nil)
        #expect(await refusal(replay, from: 4, through: 10) == nil)
    }

    @Test("a snapshot that cannot be read, or is of another index, is refused")
    func refusesForeignSnapshot() async throws {
        let past = try FakePast(snapshots: [4])
        let damaged = PoolReplay(past: past, decoder: FakeDecoder(states: []))
        let foreign = PoolReplay(past: past, decoder: FakeDecoder(states: await past.states.map { _ in PoolState() }))

        #expect(await refusal(damaged, from: 5, through: 6) == .unreadable(message: "It is damaged. Mend it."))
        guard case .unreadable = await refusal(foreign, from: 5, through: 6) else {
            Issue.record("a state of another index was taken for that of the snapshot")
            return
        }
    }

    @Test("one at a time: a second one is told to come back", .timeLimit(.minutes(1)))
    func isOneAtATime() async throws {
        let past = try FakePast()
        let replay = await replay(past)
        await past.holdUp()

        async let first = replay.span(from: LogIndex(1), through: LogIndex(5))
        while await !past.isAnyoneHeldUp { await Task.yield() }
        let second = await refusal(replay, from: 1, through: 5)
        await past.letGo()

        #expect(try await first.after.appliedIndex == LogIndex(5))
        #expect(second == .busy)
        #expect(await refusal(replay, from: 1, through: 5) == nil)
    }
}
