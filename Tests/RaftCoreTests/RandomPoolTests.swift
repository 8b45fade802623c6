import PoolModel
import RaftCore
import Testing

@Suite("a pool under random faults")
struct RandomPoolTests {
    @Test("elections, logs, commits and reads stay safe, and the pool recovers", arguments: 1...24 as ClosedRange<UInt64>)
    func survivesRandomFaults(seed: UInt64) {
        var run = RandomRun(seed: seed)

        run.disturb(steps: 5_000)
        run.recover()

        let isConverged = run.isConverged
        let isAnswered = run.pool.openReads.isEmpty && run.pool.openProposals.isEmpty
        let violations = run.pool.violations
        #expect(violations == [], "seed \(seed)")
        #expect(isAnswered, "seed \(seed): unanswered")
        print("seed \(seed): \(run.summary)")
        #expect(isConverged, "seed \(seed): \(run.pool.portrait)")
    }

    @Test("the same seed gives the same effects, twice (hazard B20)")
    func isDeterministic() {
        var one = RandomRun(seed: 77)
        var other = RandomRun(seed: 77)

        one.disturb(steps: 1_500)
        other.disturb(steps: 1_500)

        #expect(one.pool.answers.count == other.pool.answers.count)
        #expect(one.pool.answers.map(\.effect) == other.pool.answers.map(\.effect))
    }
}

/// Five servers, three to five of them voters, under faults drawn from a seed.
struct RandomRun {
    var pool: Pool
    private var random: UInt64
    private var count = 0

    init(seed: UInt64) {
        var settings = RaftSettings()
        settings.trailingEntries = 4
        settings.snapshotPartBytes = 16
        settings.messageEntries = 4
        settings.inflightMessages = 3
        pool = Pool(voters(1, 2, 3), extra: [4, 5], settings: settings, seed: seed)
        pool.syncsAtOnce = false
        random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    /// xorshift64: enough to choose faults, and the same everywhere.
    private mutating func draw(_ bound: Int) -> Int {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Int(random % UInt64(bound))
    }

    mutating func disturb(steps: Int) {
        for step in 0..<steps {
            disturbOnce()
            if step % 20 == 0 { pool.checkLogMatching() }
        }
    }

    private mutating func disturbOnce() {
        let number = UInt64(draw(5) + 1)
        switch draw(100) {
        case 0..<45: for _ in 0...draw(6) { deliverOne() }
        case 45..<65: pool.sync(server(number), draw(3) + 1)
        case 65..<77: passTime()
        case 77..<86: propose()
        case 86..<90: pool.read(at: number)
        case 90: pool.crash(server(number))
        case 91..<94: if pool.nodes[server(number)] == nil { pool.start(server(number)) }
        case 94: pool.compact(number, bytes: 40 + draw(60))
        case 95: changeMembers()
        case 96: if let leader = pool.leader { pool.step(leader, .transferLeadership(target: nil)) }
        case 97: toggleCut(number)
        case 98: closeConnection(of: number)
        default: unreachable(number)
        }
        pool.openReads = pool.openReads.filter { pool.nodes[$0.value.server] != nil }
        pool.openProposals = pool.openProposals.filter { pool.nodes[$0.value] != nil }
    }

    private mutating func deliverOne() {
        guard !pool.network.isEmpty else { return }
        if pool.network.count > 400 { pool.network.removeFirst(200) }
        // Mostly in order, sometimes not; a few are lost, a few come twice.
        let position = draw(4) == 0 ? draw(pool.network.count) : 0
        let packet = pool.network[position]
        let fate = draw(40)
        if fate != 0 { pool.network.remove(at: position) }
        if fate != 1 { pool.deliver(packet) }
    }

    private mutating func passTime() {
        pool.now = pool.now + .milliseconds(draw(40))
        for server in pool.servers { pool.step(server, .timePassed) }
    }

    private mutating func propose() {
        count += 1
        let number = draw(3) == 0 ? UInt64(draw(5) + 1) : pool.leader?.number ?? 1
        guard pool.nodes[server(number)] != nil else { return }
        pool.propose("c\(count)", at: number, size: draw(200))
    }

    private mutating func changeMembers() {
        guard let leader = pool.leader else { return }
        let chosen = (1...5 as ClosedRange<UInt64>).filter { _ in draw(2) == 0 }.map(ServerID.init)
        guard chosen.count >= 2 else { return }
        let learners = pool.servers.filter { !chosen.contains($0) && draw(2) == 0 }
        pool.change(to: RaftConfiguration(voters: chosen, learners: learners), at: leader.number)
    }

    private mutating func toggleCut(_ number: UInt64) {
        let other = UInt64(draw(5) + 1)
        let link = [server(number), server(other)]
        if draw(2) == 0 { pool.cuts.insert(link) } else { pool.cuts = [] }
    }

    private mutating func closeConnection(of number: UInt64) {
        guard let leader = pool.nodes[server(number)]?.status.leader else { return }
        pool.step(server(number), .leaderConnectionClosed(leader))
    }

    private mutating func unreachable(_ number: UInt64) {
        guard let leader = pool.leader else { return }
        pool.step(leader, .peerUnreachable(server(number)))
    }

    /// Ends all faults and gives the pool time; then one more command must reach everybody.
    mutating func recover() {
        pool.heal()
        pool.syncsAtOnce = true
        for server in pool.servers {
            if pool.nodes[server] == nil { pool.start(server) }
            pool.sync(server)
        }
        pool.elapse(5_000)
        if let leader = pool.leader { pool.propose("last", at: leader.number) }
        pool.elapse(2_000)
        pool.checkLogMatching()
    }

    /// What the run reached, for the eye.
    var summary: String {
        var restored = 0
        var reads = 0
        var changes = 0
        for (_, effect) in pool.answers {
            switch effect {
            case .restore: restored += 1
            case .readReady: reads += 1
            case .configurationChanged(_, true): changes += 1
            default: break
            }
        }
        return "\(pool.leaders.count) leaders, \(pool.lastCommitted) committed, \(restored) restored, \(reads) reads, \(changes) changes"
    }

    /// Whether everybody whom the leader knows has applied the last command.
    var isConverged: Bool {
        guard let leader = pool.leader, let node = pool.nodes[leader] else { return false }
        let isLast = node.entry(at: node.commitIndex)?.content == .command(Letter("last"))
        return isLast && node.configuration.members.allSatisfy { pool.nodes[$0]?.appliedIndex == node.commitIndex }
    }
}
