import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("An agent knows whom to be connected with")
struct PeerTests {
    private static func peer(_ number: UInt64) throws -> PeerDescription {
        PeerDescription(
            server: ServerID(number), name: try #require(ServerName("server\(number)")), address: "127.0.0.1:\(number)")
    }

    private func lists(_ scene: AgentScene) -> [[PeerDescription]] {
        scene.effects.compactMap { if case .peersChanged(let peers, _) = $0 { peers } else { nil } }
    }

    private func told(_ scene: AgentScene) -> [PeerMessage] {
        scene.effects.compactMap { effect in
            guard case .send(let message, ServerID(2)) = effect, case .members = message else { return nil }
            return message
        }
    }

    @Test("a server that hears of no leader, and whose log is behind, is told who the members are")
    func tellsMembers() throws {
        var scene = try ReconciliationTests.serving()
        scene.step(.received(.members([try Self.peer(2), try Self.peer(3)], index: LogIndex(1_000)), from: ServerID(2)))
        scene.effects = []
        let last = try #require(scene.disk.entries.last)

        scene.step(.received(.membersWanted(lastIndex: last.index, lastTerm: last.term), from: ServerID(2)))
        let whenLevel = told(scene)
        scene.step(.received(.membersWanted(lastIndex: last.index.previous, lastTerm: last.term), from: ServerID(2)))

        #expect(whenLevel == [])
        #expect(told(scene) == [.members([try Self.peer(2), try Self.peer(3)], index: last.index)])
    }

    @Test("an agent that hears of no leader asks its peers for the members, and one that does not, does not")
    func asksForMembers() throws {
        func asked(_ scene: AgentScene) -> Bool {
            scene.effects.contains { if case .send(.membersWanted, ServerID(2)) = $0 { true } else { false } }
        }
        var master = try ReconciliationTests.serving()
        master.step(.received(.members([try Self.peer(2)], index: LogIndex(1_000)), from: ServerID(2)))
        let founding = try #require(master.disk.entries.first)
        let learner = RaftEntry<PoolEntry>(
            index: founding.index, term: founding.term,
            content: .configuration(RaftConfiguration(voters: [ServerID(2)], learners: [ServerID(1)])), size: 1)
        let stored = RaftStoredState(
            hardState: master.disk.hardState, snapshot: nil, entries: [learner] + master.disk.entries.dropFirst())
        var lost = try AgentScene(disk: stored, run: 2)
        lost.step(.received(.members([try Self.peer(2)], index: LogIndex(1_000)), from: ServerID(2)))

        master.elapse(.seconds(1))
        lost.elapse(.seconds(1))

        #expect(!asked(master) && asked(lost))
    }

    @Test("who was told of a server that joined meanwhile connects with it, until the own log has come as far and knows better")
    func learnsMembers() throws {
        var scene = try ReconciliationTests.serving()
        scene.effects = []
        let ahead = try #require(scene.disk.entries.last).index.next

        scene.step(.received(.members([try Self.peer(1), try Self.peer(3)], index: ahead), from: ServerID(2)))
        let known = lists(scene)
        scene.step(.received(.members([try Self.peer(4)], index: ahead.previous), from: ServerID(2)))
        let afterAnOlderList = lists(scene)
        _ = try scene.submit(.deleteMachine(VirtualMachineID(9)))
        scene.step(.received(.members([], index: ahead), from: ServerID(2)))

        #expect(known == [[try Self.peer(3)]])
        #expect(afterAnOlderList == known)
        #expect(lists(scene).last == [])
    }

    @Test("an index that the log never reaches counts for a minute, and hides nothing that another member says")
    func forgetsMembers() throws {
        var scene = try ReconciliationTests.serving()
        scene.effects = []

        scene.step(.received(.members([try Self.peer(3)], index: LogIndex(1 << 61)), from: ServerID(2)))
        scene.step(.received(.members([try Self.peer(4)], index: LogIndex(5_000)), from: ServerID(5)))
        let both = lists(scene).last
        scene.elapse(.seconds(59))
        let within = lists(scene).last
        scene.elapse(.seconds(2))

        #expect(both == [try Self.peer(3), try Self.peer(4)])
        #expect(within == both)
        #expect(lists(scene).last == [])
    }

    @Test("a server of a number that was not given here yet is admitted, and heard in full once it has said who the members are")
    func hearsOfUnknownServer() throws {
        var scene = try AgentScene()
        let first = scene.effects.compactMap { if case .peersChanged(_, let first) = $0 { first } else { nil } }.last
        let heartbeat = PeerMessage.raft(RaftMessage(term: Term(50), body: .heartbeat(commit: .zero, round: 1)))

        scene.step(.received(heartbeat, from: ServerID(9)))
        let whileUnknown = scene.core.raft.term
        scene.step(.received(.members([try Self.peer(1), try Self.peer(9)], index: LogIndex(1_000)), from: ServerID(9)))
        scene.step(.received(heartbeat, from: ServerID(9)))

        #expect(first == ServerID(2))
        #expect(whileUnknown < Term(50) && scene.core.raft.term == Term(50))
        #expect(lists(scene).last == [try Self.peer(9)])
    }

    @Test("a master tells those that it does not hear, and only those, who the members are, itself among them")
    func tellsSilentPeers() throws {
        var scene = try ReconciliationTests.serving()
        scene.step(.received(.members([try Self.peer(2), try Self.peer(3)], index: LogIndex(1_000)), from: ServerID(2)))
        let own = PeerDescription(server: ServerID(1), name: try #require(ServerName("alpha")), address: "127.0.0.1:1")
        scene.effects = []

        scene.elapse(.seconds(2))
        let early = told(scene)
        scene.elapse(.seconds(2))

        #expect(early == [])
        let last = try #require(scene.disk.entries.last)
        #expect(told(scene).first == .members([own, try Self.peer(2), try Self.peer(3)], index: last.index))
        scene.step(.received(.progressWanted, from: ServerID(2)))
        scene.effects = []
        scene.elapse(.seconds(2))
        #expect(told(scene) == [])
    }

    @Test("entries of a newer agent end this one when the leader sends them, unacknowledged, and never by an older term's word")
    func haltsOnNewerEntries() throws {
        var scene = try AgentScene()
        let configuration = RaftEntry<PoolEntry>(
            index: LogIndex(1), term: Term(1), content: .configuration(RaftConfiguration(voters: [ServerID(1), ServerID(2), ServerID(3)])),
            size: 1)
        let disk = RaftStoredState(
            hardState: RaftHardState(term: Term(5), votedFor: nil), snapshot: nil,
            entries: [configuration] + scene.disk.entries.prefix(2).dropFirst())
        scene = try AgentScene(disk: disk, run: 2)
        let heartbeat = RaftMessage<PoolEntry>(term: Term(5), body: .heartbeat(commit: .zero, round: 1))
        scene.step(.received(.raft(heartbeat), from: ServerID(2)))

        scene.step(.received(.newerEntries(term: Term(4), cause: "It is new."), from: ServerID(3)))
        let byStaleTerm = scene.halts
        scene.step(.received(.newerEntries(term: Term(5), cause: "It is new."), from: ServerID(2)))

        #expect(byStaleTerm == [])
        #expect(scene.halts.count == 1)
        #expect(scene.halts.first?.contains("Install the newest agent version on this server, then start it again.") == true)
        #expect(
            !scene.effects.contains { effect in
                guard case .send(.raft(let message), _) = effect, case .appendAccepted = message.body else { return false }
                return true
            })
    }

    @Test("whose joining and removal are both stored and not known to be committed is connected with, while its vote counts")
    func connectsWithVoterWhoseRemovalIsOpen() throws {
        var master = try ReconciliationTests.serving()
        let token = JoinToken(secret: try AgentScene.digest(9), roles: .all, lifetimeMilliseconds: 3_600_000)
        guard case .done(.token(let tokenID)) = try master.submit(.createToken(token)) else { throw AgentScene.NoAnswer() }
        let newcomer = NewServer(
            name: try #require(ServerName("server2")), peerAddress: "127.0.0.1:2", queryAddress: "127.0.0.1:3", roles: .all,
            key: try AgentScene.digest(8), storage: UniqueIdentifier(high: 2, low: 8))
        let join = PoolEntry(
            command: .join(JoinRequest(token: tokenID, secret: try AgentScene.digest(9), server: newcomer)), principal: .joiner(tokenID),
            proposedAt: PoolTime(milliseconds: 1_001))
        let removal = PoolEntry(command: .removeServer(ServerID(2)), principal: AgentScene.admin, proposedAt: PoolTime(milliseconds: 1_002))
        let last = try #require(master.disk.entries.last)
        func restarted(voters: [UInt64]) throws -> AgentScene {
            let contents: [RaftEntryContent<PoolEntry>] = [
                .command(join), .configuration(RaftConfiguration(voters: [ServerID(1), ServerID(2)])), .command(removal),
                .configuration(RaftConfiguration(voters: voters.map { ServerID($0) })),
            ]
            let entries = contents.enumerated().map { position, content in
                RaftEntry(index: LogIndex(last.index.number + UInt64(position) + 1), term: last.term, content: content, size: 100)
            }
            return try AgentScene(
                disk: RaftStoredState(hardState: master.disk.hardState, snapshot: nil, entries: master.disk.entries + entries), run: 2)
        }

        let needed = try restarted(voters: [1, 2])
        let unneeded = try restarted(voters: [1])

        #expect(lists(needed).first == [try Self.peer(2)])
        #expect(lists(unneeded).first == [])
    }
}
