import PoolModel
import RaftCore
import Testing

@Suite("nothing that a peer says stops a server")
struct HostileTests {
    private static let far = UInt64.max
    private static let bodies: [Body] = {
        let numbers: [UInt64] = [0, 1, 2, 3, 1 << 61, (1 << 62) - 1, 1 << 62, .max - 1, .max]
        var bodies: [Body] = [.timeoutNow]
        let first = entry(3, term: 2)
        for number in numbers {
            let place = LogIndex(number)
            for other in numbers {
                let term = Term(other)
                bodies += [
                    .preVoteRequest(lastIndex: place, lastTerm: term), .voteRequest(lastIndex: place, lastTerm: term, isTransfer: true),
                    .append(previousIndex: place, previousTerm: term, entries: [], commit: LogIndex(other)),
                    .append(previousIndex: place, previousTerm: term, entries: [first, first], commit: place),
                    .append(previousIndex: index(2), previousTerm: Term(2), entries: [first], commit: place),
                    .appendRefused(previousIndex: place, hintIndex: LogIndex(other), hintTerm: term),
                    .readIndexAnswer(context: number, index: LogIndex(other)),
                ]
            }
            for size in [-1, 0, 3, Int.max, Int.min] {
                for offset in [-1, 0, 1, Int.max] {
                    bodies.append(
                        .snapshotPart(
                            index: place, term: Term(number), configuration: voters(1, 2), offset: offset, totalSize: size,
                            data: [1, 2, 3]))
                }
                bodies.append(.snapshotAnswer(index: place, received: size))
                bodies.append(
                    .append(
                        previousIndex: index(2), previousTerm: Term(2),
                        entries: [Entry(index: index(3), term: Term(2), content: .configuration(.empty), size: size)], commit: place))
            }
            bodies += [
                .appendAccepted(matchIndex: place), .heartbeat(commit: place, round: number), .heartbeatAnswer(round: number),
                .readIndexRequest(context: number), .readIndexRefused(context: number), .voteAnswer(isGranted: true),
                .preVoteAnswer(isGranted: true, isLeaderAlive: true),
            ]
        }
        return bodies
    }()

    @Test("every extreme of every message is survived, by follower, candidate and leader", arguments: ["follower", "candidate", "leader"])
    func survivesExtremes(role: String) {
        for (number, body) in Self.bodies.enumerated() {
            for term in [0, 2, 3, 4, (1 << 62) - 1, 1 << 62, .max] as [UInt64] {
                var target = node(1, stored(voters(1, 2, 3), terms: [2], term: 2))
                if role != "follower" { _ = target.step(.timePassed, at: instant(300)) }
                if role == "leader" { _ = target.lead(with: 2, 3) }

                var effects = target.hear(body, term: term, from: 2, at: instant(1_000))
                effects = target.sync(effects, at: instant(1_000))
                _ = target.sync(target.step(.timePassed, at: instant(60_000)), at: instant(60_000))

                #expect(target.commitIndex <= target.lastIndex, "message \(number)")
            }
        }
    }

    @Test(
        "faults of a message are named in a notice, and change nothing",
        arguments: [
            Body.heartbeat(commit: index(.max), round: 1),
            .append(previousIndex: index(1), previousTerm: Term(1), entries: [entry(3, term: 2)], commit: .zero),
            .append(previousIndex: index(1), previousTerm: Term(1), entries: [entry(2, term: 9)], commit: .zero),
            .snapshotPart(index: index(4), term: Term(2), configuration: voters(1), offset: .max, totalSize: 3, data: [1]),
            .snapshotPart(index: index(4), term: Term(2), configuration: voters(), offset: 0, totalSize: 1, data: [1]),
            .snapshotPart(index: index(4), term: Term(2), configuration: voters(1), offset: 0, totalSize: .max, data: [1]),
        ])
    func namesFaults(body: Body) {
        var follower = node(1)

        let effects = follower.hear(body, term: 2, from: 2)

        #expect(effects.count == 1 && effects.notices.count == 1)
        #expect(follower.term == Term(1))
    }

    @Test("rounds that were never sent confirm nothing, and acknowledged entries must exist")
    func inventedEchoes() {
        var leader = node(1)
        _ = leader.lead(with: 2, 3)

        let echo = leader.hear(.heartbeatAnswer(round: .max), term: 2, from: 2, at: instant(1_000))
        let match = leader.hear(.appendAccepted(matchIndex: index(99)), term: 2, from: 2, at: instant(1_000))

        #expect(echo.notices.count == 1 && match.notices.count == 1)
        #expect(leader.lastConfirmedRound == 0 && leader.commitIndex == .zero)
    }
}
