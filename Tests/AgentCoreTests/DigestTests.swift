import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("Agents compare their states (hazard B20)")
struct DigestTests {
    /// Server 1 with these voters, server 2 leading in term 2.
    private static func follower(voters: [UInt64]) throws -> AgentScene {
        let alone = try AgentScene()
        let configuration = RaftEntry<PoolEntry>(
            index: LogIndex(1), term: Term(1), content: .configuration(RaftConfiguration(voters: voters.map { ServerID($0) })), size: 1)
        let disk = RaftStoredState(
            hardState: RaftHardState(term: Term(1), votedFor: nil), snapshot: nil,
            entries: [configuration] + alone.disk.entries.prefix(2).dropFirst())
        return try AgentScene(disk: disk, run: 2)
    }

    /// The leader's entries up to this index, all committed.
    private static func follow(upTo last: UInt64, in scene: inout AgentScene) {
        var next = (scene.disk.entries.last?.index.number ?? 0) + 1
        while next <= last {
            let end = min(last, next + 99)
            let entries = (next...end).map {
                RaftEntry<PoolEntry>(index: LogIndex($0), term: Term(2), content: .noOperation, size: 0)
            }
            scene.step(
                .received(
                    .raft(
                        RaftMessage(
                            term: Term(2),
                            body: .append(
                                previousIndex: LogIndex(next - 1), previousTerm: Term(next == 3 ? 1 : 2), entries: entries,
                                commit: LogIndex(end)))), from: ServerID(2)))
            next = end + 1
        }
    }

    private static func hear(_ digest: UInt64, from server: UInt64, in scene: inout AgentScene) {
        scene.step(.received(.stateDigest(index: LogIndex(1_000), digest: digest), from: ServerID(server)))
    }

    /// What the state's digest is at index 1,000.
    private static func truth() throws -> UInt64 {
        var scene = try follower(voters: [1, 2, 3])
        follow(upTo: 1_000, in: &scene)
        try #require(scene.core.state.appliedIndex == LogIndex(1_000))
        return scene.core.state.digest
    }

    private func notices(_ scene: AgentScene) -> [String] {
        scene.effects.compactMap { if case .notice(.error, let sentence) = $0 { sentence } else { nil } }
    }

    @Test("the master's digest comes before its entries are committed here, and is compared once they are applied")
    func comparesWhenApplied() throws {
        let truth = try Self.truth()
        var right = try Self.follower(voters: [1, 2])
        var wrong = try Self.follower(voters: [1, 2])

        Self.hear(truth, from: 2, in: &right)
        Self.hear(truth ^ 1, from: 2, in: &wrong)
        let early = wrong.halts
        Self.follow(upTo: 1_000, in: &right)
        Self.follow(upTo: 1_000, in: &wrong)

        #expect(early == [])
        #expect(right.core.comparedDigests == 1 && right.halts == [])
        #expect(wrong.halts.count == 1)
        #expect(wrong.halts.first?.contains("server 1") == true && wrong.halts.first?.contains("server 2") == true)
    }

    @Test("a voter tells its digest to everybody, a learner to nobody")
    func tellsDigest() throws {
        func told(_ scene: AgentScene) -> [ServerID] {
            scene.effects.compactMap { if case .send(.stateDigest, let peer) = $0 { peer } else { nil } }
        }
        let friend = PeerDescription(server: ServerID(2), name: try #require(ServerName("beta")), address: "127.0.0.1:3")
        var voter = try Self.follower(voters: [1, 2])
        var learner = try Self.follower(voters: [2])

        for index in [voter, learner].indices {
            var scene = index == 0 ? voter : learner
            scene.step(.received(.members([friend], index: LogIndex(5_000)), from: ServerID(2)))
            Self.follow(upTo: 1_000, in: &scene)
            if index == 0 { voter = scene } else { learner = scene }
        }

        #expect(told(voter) == [ServerID(2)])
        #expect(told(learner) == [])
    }

    @Test("of three voters the one that differs from the two others halts, and waits for the second word before it does")
    func haltsBeforeMajority() throws {
        let truth = try Self.truth()
        var scene = try Self.follower(voters: [1, 2, 3])

        Self.hear(truth ^ 1, from: 2, in: &scene)
        Self.follow(upTo: 1_000, in: &scene)
        let afterOne = scene.halts
        Self.hear(truth ^ 1, from: 3, in: &scene)

        #expect(afterOne == [])
        #expect(scene.halts.count == 1)
        #expect(scene.halts.first?.contains("majority of the voters (2, 3)") == true)
    }

    @Test("who is of the majority's state goes on though the master's differs, and says so")
    func goesOnWithMajority() throws {
        let truth = try Self.truth()
        var scene = try Self.follower(voters: [1, 2, 3])

        Self.hear(truth ^ 1, from: 2, in: &scene)
        Self.hear(truth, from: 3, in: &scene)
        Self.follow(upTo: 1_000, in: &scene)

        #expect(scene.halts == [])
        #expect(notices(scene).filter { $0.contains("server 2 differs") }.count == 1)
    }

    @Test("when no majority's word comes in time the follower gives way to the master")
    func givesWay() throws {
        let truth = try Self.truth()
        var scene = try Self.follower(voters: [1, 2, 3])

        Self.hear(truth ^ 1, from: 2, in: &scene)
        Self.follow(upTo: 1_000, in: &scene)
        for round in UInt64(1)..<60 {
            scene.time = scene.time + .milliseconds(100)
            let heartbeat = RaftMessage<PoolEntry>(term: Term(2), body: .heartbeat(commit: LogIndex(1_000), round: round))
            scene.step(.received(.raft(heartbeat), from: ServerID(2)))
            scene.step(.timePassed)
        }

        #expect(scene.halts.count == 1)
        #expect(scene.halts.first?.contains("no majority") == true)
    }

    @Test("a master halts before a majority whose state differs from its own, and not before one voter's")
    func masterHalts() throws {
        let truth = try Self.truth()
        var scene = try Self.follower(voters: [1, 2, 3])
        Self.follow(upTo: 999, in: &scene)
        scene.step(.received(.raft(RaftMessage(term: Term(2), body: .timeoutNow)), from: ServerID(2)))
        scene.step(.received(.raft(RaftMessage(term: Term(3), body: .voteAnswer(isGranted: true))), from: ServerID(3)))
        scene.step(.received(.raft(RaftMessage(term: Term(3), body: .appendAccepted(matchIndex: LogIndex(1_000)))), from: ServerID(3)))
        try #require(scene.core.mastershipStatus.isMaster && scene.core.state.appliedIndex >= LogIndex(1_000))

        Self.hear(truth ^ 1, from: 2, in: &scene)
        let afterOne = scene.halts
        Self.hear(truth ^ 1, from: 3, in: &scene)

        #expect(afterOne == [])
        #expect(scene.halts.count == 1)
    }

    @Test("digests that one server says in vain never push out another one's")
    func boundsWhatIsHeard() throws {
        let truth = try Self.truth()
        var scene = try Self.follower(voters: [1, 2])

        Self.hear(truth ^ 1, from: 2, in: &scene)
        for number in UInt64(0)..<10_000 {
            scene.step(.received(.stateDigest(index: LogIndex(number * 1_000), digest: 0), from: ServerID(3)))
        }
        Self.follow(upTo: 1_000, in: &scene)

        #expect(scene.halts.count == 1)
    }
}
