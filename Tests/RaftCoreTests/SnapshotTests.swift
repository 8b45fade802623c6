import PoolModel
import RaftCore
import Testing

@Suite("snapshots")
struct SnapshotTests {
    private func compacted(trailing: Int = 0, partBytes: Int = 16, extra: [UInt64] = [4]) -> Pool {
        var settings = RaftSettings()
        settings.trailingEntries = trailing
        settings.snapshotPartBytes = partBytes
        var pool = Pool(voters(1, 2, 3), extra: extra, settings: settings)
        pool.elect(1)
        for number in 1...20 { pool.propose("x\(number)", at: 1) }
        pool.elapse(100)
        pool.compact(1, bytes: 100)
        return pool
    }

    private func part(_ offset: Int, _ bytes: ArraySlice<UInt8>, index position: UInt64 = 9, term: UInt64 = 2, total: Int = 6) -> Body {
        .snapshotPart(
            index: index(position), term: Term(term), configuration: voters(1, 2, 3), offset: offset, totalSize: total, data: bytes)
    }

    @Test("a server that is far behind receives the snapshot in parts, then entries (dissertation §5.3)")
    func farBehindReceivesSnapshot() {
        var pool = compacted()

        pool.change(to: voters(1, 2, 3, 4), at: 1)
        pool.elapse(500)

        let parts = pool.answers.filter {
            if case .send(let message, _) = $0.effect, case .snapshotPart = message.body { true } else { false }
        }
        #expect(parts.count == 7)
        #expect(pool[4].snapshotIndex == pool[1].snapshotIndex && pool[4].appliedIndex == pool[1].appliedIndex)
        #expect(pool.violations == [])
    }

    @Test("trailing entries spare a follower that is a little behind the snapshot")
    func trailingEntriesSpare() {
        var pool = compacted(trailing: 0)
        var kept = compacted(trailing: 100)
        for number in [2, 3] as [UInt64] { #expect(pool[number].firstIndex == index(1)) }

        let dropped = pool[1].firstIndex
        let isHeld = kept[1].firstIndex
        kept.compact(1)
        pool.compact(1)

        #expect(dropped == pool[1].snapshotIndex.next && isHeld == index(1))
        #expect(kept[1].logBytes == 0 && kept[1].logCount == 0 && pool[1].logCount == 0)
    }

    @Test("a late answer sends the leader back, and the follower's next one forward again, beyond what was sent since")
    func lateAnswerDelaysOnly() {
        func received(_ packet: Packet) -> Int? {
            if case .snapshotAnswer(_, let received) = packet.message.body { received } else { nil }
        }
        var pool = compacted()
        pool.propose("more", at: 1)
        pool.elapse(100)
        pool.compact(1, bytes: 400)
        pool.change(to: voters(1, 2, 3, 4), at: 1)
        var late: Packet?
        var count = 0
        while pool.nodes[server(4)]?.snapshotIndex == .zero, count < 5_000 {
            count += 1
            if pool.network.isEmpty { pool.elapse(10) }
            guard !pool.network.isEmpty else { continue }
            let packet = pool.network.removeFirst()
            if let bytes = received(packet) {
                if late == nil { late = packet }
                // The answers from here on are lost; the first one comes again instead.
                if bytes >= 160 { break }
            }
            pool.deliver(packet)
        }
        pool.network.removeAll { received($0) != nil }
        if let late { pool.deliver(late) }

        pool.elapse(5_000)

        #expect(late.flatMap(received) == 16)
        #expect(pool[4].appliedIndex == pool[1].appliedIndex)
        #expect(pool.violations == [])
    }

    @Test("lost parts are sent again from where the follower stands")
    func resumesAfterLoss() {
        var pool = compacted()
        pool.change(to: voters(1, 2, 3, 4), at: 1)
        var count = 0

        while pool[4].snapshotIndex == .zero, count < 5_000 {
            count += 1
            if pool.network.isEmpty {
                pool.now = pool.now + .milliseconds(10)
                for server in pool.servers { pool.step(server, .timePassed) }
            } else {
                let packet = pool.network.removeFirst()
                if count % 3 != 0 { pool.deliver(packet) }
            }
        }

        #expect(pool[4].snapshotIndex == pool[1].snapshotIndex)
        #expect(pool.violations == [])
    }

    @Test("the install is one write, and the state is restored only after it (hazard B12)")
    func installIsAtomic() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [1, 1], term: 1))
        let first = follower.sync(follower.hear(part(0, [1, 2, 3]), term: 2, from: 2))

        let last = follower.hear(part(3, [4, 5, 6]), term: 2, from: 2)
        let behind = follower.hear(
            .append(previousIndex: index(9), previousTerm: Term(2), entries: [entry(10, term: 2)], commit: index(10)), term: 2, from: 2)
        let done = follower.step(.writeCompleted(sequence: 3), at: .zero)

        let snapshot = RaftSnapshot(index: index(9), term: Term(2), configuration: voters(1, 2, 3), data: [1, 2, 3, 4, 5, 6])
        #expect(first.bodies(to: 2) == [.snapshotAnswer(index: index(9), received: 3)])
        #expect(last.first == .write(RaftWrite(sequence: 2, snapshot: snapshot, snapshotReplacesLog: true)))
        #expect(last.sent.isEmpty && behind.appliedEntries.isEmpty)
        #expect(done.prefix(2) == [.restore(snapshot), .apply([entry(10, term: 2)])])
        #expect(done.bodies(to: 2) == [.snapshotAnswer(index: index(9), received: 6), .appendAccepted(matchIndex: index(10))])
    }

    @Test("a part at a wrong offset is not taken; the answer says where to go on, and another snapshot begins anew")
    func wrongOffset() {
        var follower = node(1)
        _ = follower.sync(follower.hear(part(0, [1, 2]), term: 2, from: 2))

        let gap = follower.hear(part(4, [5, 6]), term: 2, from: 2)
        let other = follower.hear(part(2, [3, 4], index: 12), term: 2, from: 2)

        #expect(gap.bodies(to: 2) == [.snapshotAnswer(index: index(9), received: 2)])
        #expect(other.bodies(to: 2) == [.snapshotAnswer(index: index(12), received: 0)])
    }

    @Test("parts of an earlier term are refused, and a new term begins the assembly anew")
    func earlierTermParts() {
        var follower = node(1)
        _ = follower.sync(follower.hear(part(0, [1, 2, 3]), term: 2, from: 2))
        _ = follower.sync(follower.hear(.heartbeat(commit: .zero, round: 1), term: 3, from: 3))

        let stale = follower.hear(part(3, [4, 5, 6]), term: 2, from: 2)
        let fresh = follower.hear(part(3, [4, 5, 6]), term: 3, from: 3)

        #expect(stale.sent.map(\.term) == [Term(3)] && follower.snapshotIndex == .zero)
        #expect(fresh.bodies(to: 3) == [.snapshotAnswer(index: index(9), received: 0)])
    }

    @Test("a snapshot of what is here already truncates nothing (hazard B8)")
    func oldSnapshotIsSkipped() {
        var follower = node(1, stored(voters(1, 2, 3), terms: [2, 2, 2], term: 2))

        let effects = follower.hear(part(0, [1, 2, 3, 4, 5, 6], index: 3), term: 2, from: 2)

        #expect(follower.lastIndex == index(4) && effects.writes.isEmpty)
        #expect(effects.appliedEntries.map(\.index) == [index(1), index(2), index(3)])
        #expect(effects.bodies(to: 2) == [.snapshotAnswer(index: index(3), received: 6)])
    }

    @Test("a snapshot carries the configuration as of its index, not a later or uncommitted one (hazard B11)")
    func carriesCommittedConfiguration() {
        var pool = compacted()
        pool.propose("applied", at: 1)
        pool.settle()
        pool.cut(2, 3)
        pool.change(to: voters(1, 2), at: 1)
        pool.propose("more", at: 1)

        pool.step(server(1), .compact(index: pool[1].appliedIndex, data: []))
        let applied = pool[1].appliedIndex
        pool.heal()
        pool.elapse(500)
        pool.compact(1)

        let snapshots = pool.answers.compactMap { item -> RaftSnapshot? in
            if case .write(let write) = item.effect { write.snapshot } else { nil }
        }
        #expect(snapshots.first { $0.index == applied }?.configuration == voters(1, 2, 3))
        #expect(snapshots.last?.configuration == voters(1, 2))
        pool.crash(server(1))
        pool.start(server(1))
        #expect(pool[1].configuration == voters(1, 2))
    }

    @Test("after two compactions the members are those of the last change, here, after a restart and where it is sent (hazard B11)")
    func membersAfterTwoCompactions() {
        var pool = compacted(extra: [4, 5])
        pool.change(to: voters(1, 2, 4), at: 1)
        pool.elapse(500)
        pool.compact(1)
        pool.propose("between", at: 1)
        pool.elapse(100)
        pool.compact(1)

        let before = pool[1].configuration
        pool.crash(server(1))
        pool.start(server(1))
        let after = pool[1].configuration
        pool.elapse(3_000)
        let leader = pool.leader?.number ?? 1
        pool.compact(leader)
        pool.change(to: voters(1, 2, 4, 5), at: leader)
        pool.elapse(1_000)

        #expect(before == voters(1, 2, 4) && after == voters(1, 2, 4))
        #expect(pool[5].snapshotIndex > .zero && pool[5].committedConfiguration == voters(1, 2, 4, 5))
        #expect(pool.violations == [])
    }

    @Test("a compaction during a transfer neither restarts it nor makes another needed (hazard L7)")
    func compactionDuringTransfer() {
        var pool = compacted()
        pool.change(to: voters(1, 2, 3, 4), at: 1)
        var sizes: Set<LogIndex> = []

        for round in 0..<200 where pool[4].appliedIndex < pool[1].commitIndex || round < 10 {
            pool.propose("y\(round)", at: 1)
            for _ in 0..<8 where !pool.network.isEmpty {
                let packet = pool.network.removeFirst()
                if case .snapshotPart(let index, _, _, _, _, _) = packet.message.body { sizes.insert(index) }
                pool.deliver(packet)
            }
            pool.compact(1)
        }

        #expect(sizes.count == 1, "\(sizes)")
        #expect(pool[4].snapshotIndex == sizes.first)
    }

    @Test("an install that is interrupted by a crash is whole or absent (hazard B12)", arguments: [false, true])
    func crashDuringInstall(isSynced: Bool) {
        var pool = compacted()
        pool.syncsAtOnce = false
        pool.change(to: voters(1, 2, 3, 4), at: 1)
        for _ in 0..<400 where pool[4].commitIndex == .zero {
            for server in pool.servers where server.number != 4 { pool.sync(server) }
            if pool.network.isEmpty { pool.elapse(10) } else { pool.deliver(pool.network.removeFirst()) }
            if (pool.disks[server(4)]?.pending.last?.snapshot) == nil { pool.sync(server(4)) }
        }
        let installed = pool[4].commitIndex

        if isSynced { _ = pool.disks[server(4)]?.sync(.max) }
        pool.crash(server(4))
        pool.start(server(4))

        #expect(installed > .zero)
        #expect(pool[4].snapshotIndex == (isSynced ? installed : .zero))
        pool.syncsAtOnce = true
        for server in pool.servers { pool.sync(server) }
        pool.elapse(2_000)
        #expect(pool[4].appliedIndex == pool[1].commitIndex && pool.violations == [])
    }
}
