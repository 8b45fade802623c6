import PoolModel
import PoolStateMachine
import Testing

@Suite("Snapshots and digests")
struct SnapshotTests {
    /// A pool with something of everything.
    private static func fullScene() throws -> PoolScene {
        var scene = try PoolScene(servers: 3)
        _ = try scene.createToken(secret: 77)
        let running = try scene.runMachine("web", on: PoolScene.one)
        let lost = try scene.runMachine("db", on: PoolScene.two)
        let starting = try scene.createMachine("mail", preferred: [PoolScene.three])
        for number in 0..<40 { scene.apply(.putTag(running, key: try PoolScene.tag("t\(number)"), value: "\(number)")) }
        try scene.start(starting)
        scene.reach(PoolScene.two, false)
        try scene.stop(lost)
        scene.apply(.changeSettings(PoolSettingsChange(overcommitRatio: 8)))
        for sequence in 1...20 as ClosedRange<UInt64> {
            scene.apply(
                .startMachine(VirtualMachineID(90 + sequence)),
                request: RequestIdentity(member: PoolScene.three, session: SessionNumber(1), sequence: sequence, firstOutstanding: 1),
                key: IdempotencyKey(key: UniqueIdentifier(high: 3, low: sequence), request: PoolScene.digest(sequence)))
        }
        return scene
    }

    @Test("a state that is taken apart and put together again is the same, and goes on the same way")
    func survivesParts() throws {
        let scene = try Self.fullScene()

        var restored = try PoolState(restoring: scene.state.parts)

        #expect(restored.digest == scene.state.digest)
        #expect(restored.inconsistency == nil)
        var original = scene.state
        let stopped = PoolEntry(
            command: .observed(
                VirtualMachineID(1), server: PoolScene.one, session: SessionNumber(1), epoch: PlacementEpoch(1),
                .stopped(.crashed, cause: "It crashed.")), principal: .server(PoolScene.one), proposedAt: original.poolTime)
        let one = original.apply(stopped, at: original.appliedIndex.next)
        let other = restored.apply(stopped, at: restored.appliedIndex.next)
        #expect(one == other)
        #expect(original.digest == restored.digest)
    }

    @Test("parts list everything in a fixed order")
    func sortsParts() throws {
        let parts = try Self.fullScene().state.parts

        #expect(parts.servers.map(\.id) == parts.servers.map(\.id).sorted())
        #expect(parts.machines.map(\.id) == parts.machines.map(\.id).sorted())
        #expect(parts.tasks.map(\.id) == parts.tasks.map(\.id).sorted())
        #expect(parts.tokens.map(\.id) == parts.tokens.map(\.id).sorted())
        #expect(parts.credentials.map(\.id) == parts.credentials.map(\.id).sorted())
        #expect(parts.requests.map(\.member) == parts.requests.map(\.member).sorted())
        #expect(parts.idempotencyKeys.map(\.key.low) == Array(1...20))
    }

    @Test("parts that contradict each other were never a pool's, and are refused")
    func refusesContradictions() throws {
        let parts = try Self.fullScene().state.parts
        var twice = parts
        twice.machines.append(try #require(parts.machines.first))
        var homeless = parts
        homeless.servers.removeFirst()

        #expect(throws: PoolStateRestoringError.self) { try PoolState(restoring: twice) }
        #expect(throws: PoolStateRestoringError.self) { try PoolState(restoring: homeless) }
    }

    @Test("the digest of equal states is equal in another process, where every Dictionary walks in another order")
    func agreesAcrossProcesses() async throws {
        let digest = try Self.fullScene().state.digest

        await #expect(processExitsWith: .success) { [digest = digest as UInt64] in
            let again = try Self.fullScene().state.digest
            precondition(again == digest, "another process came to another digest")
        }
    }

    @Test("each change changes the digest, and its opposite restores what it covers of tags")
    func noticesChanges() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.createMachine()
        var seen: Set<UInt64> = [scene.state.digest]
        let key = try PoolScene.tag("k")

        let commands: [PoolCommand] = [
            .putTag(id, key: key, value: "a"), .putTag(id, key: key, value: "b"), .deleteTag(id, key: key),
            .maintenance(server: PoolScene.two, isOn: true), .changeSettings(PoolSettingsChange(voterLimit: 3)), .startMachine(id),
            .stopMachine(id, force: true),
        ]
        for command in commands {
            scene.apply(command)
            #expect(seen.insert(scene.state.digest).inserted, "\(command)")
        }
    }

    @Test("tags that were set in another order give the same machine the same digest")
    func ignoresOrderOfTags() throws {
        var forwards = try PoolScene()
        var backwards = try PoolScene()
        let id = try forwards.createMachine()
        _ = try backwards.createMachine()

        for number in 0..<50 { forwards.apply(.putTag(id, key: try PoolScene.tag("t\(number)"), value: "\(number)")) }
        for number in (0..<50).reversed() { backwards.apply(.putTag(id, key: try PoolScene.tag("t\(number)"), value: "\(number)")) }

        #expect(forwards.state.machines[id] == backwards.state.machines[id])
    }

    @Test("entries of Raft's own are passed over and change only the index")
    func skips() throws {
        var scene = try PoolScene()
        let next = scene.state.appliedIndex.next

        scene.state.skip(to: next)

        #expect(scene.state.appliedIndex == next)
        #expect(scene.state.inconsistency == nil)
    }

    @Test("an entry that is applied out of order stops the agent")
    func stopsOnGap() async {
        await #expect(processExitsWith: .failure) {
            var state = PoolState()
            state.skip(to: LogIndex(2))
        }
    }
}
