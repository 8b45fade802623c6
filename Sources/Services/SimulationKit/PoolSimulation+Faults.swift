import AgentCore
import PoolModel
import PoolStateMachine

extension PoolSimulation {
    func scheduleWork() {
        queue.add(.clientRequest, at: now)
        for kind in FaultKind.allCases { scheduleFault(kind) }
    }

    private func scheduleFault(_ kind: FaultKind) {
        let mean = Int64(kind.meanMilliseconds(settings.faults)) * 1_000_000
        guard mean > 0, !isHealing else { return }
        queue.add(.fault(kind), at: now + random.nanoseconds(mean / 10...mean * 19 / 10))
    }

    func fault(_ kind: FaultKind) {
        guard !isHealing else { return }
        scheduleFault(kind)
        let alive = serversInOrder.filter { $0.core != nil }
        guard let victim = random.choice(alive) else { return }
        // A server that stands still as a whole can lose its power, and no more.
        guard victim.suspendedUntil <= now || kind == .powerCut else { return }
        switch kind {
        case .crash:
            crash(victim)
            scheduleRestartOfAgent(victim)
        case .powerCut:
            // Every second one where it hurts: in the midst of several writes.
            let isAimed = report.counts.powerCuts % 2 == 1
            let victim = isAimed ? alive.first { $0.disk.pending.count > 1 } ?? victim : victim
            cutPower(victim)
            scheduleRestart(of: victim, within: 500_000_000...6_000_000_000)
        case .pause:
            report.counts.pauses += 1
            victim.pausedUntil = now + random.nanoseconds(50_000_000...2_500_000_000)
        case .suspension: suspend(victim, nanoseconds: random.nanoseconds(50_000_000...5_000_000_000))
        case .clockStep:
            report.counts.clockSteps += 1
            victim.clock.wallOffset = random.nanoseconds(-30_000_000_000...30_000_000_000)
        case .partition: partition()
        case .stop: if !victim.isStopping { stop(victim) }
        case .transfer: step(victim, .transferMastership(target: nil))
        case .membership: changeMembership(through: victim)
        case .guestEnd: endSomeGuest()
        }
    }

    /// The whole server stands still for a while, as a virtual machine that is suspended or a host under a debugger.
    func suspend(_ server: SimulatedServer, nanoseconds: Int64) {
        report.counts.suspensions += 1
        server.suspendedUntil = now + nanoseconds
        server.pausedUntil = max(server.pausedUntil, server.suspendedUntil)
        server.clock.stop(at: now, until: server.suspendedUntil)
    }

    private func scheduleRestart(of server: SimulatedServer, within range: ClosedRange<Int64>) {
        queue.add(.restart(server.id), at: now + random.nanoseconds(range))
    }

    /// A supervisor starts the agent again: often at once.
    private func scheduleRestartOfAgent(_ server: SimulatedServer) {
        let isSoon = random.happens(500_000)
        scheduleRestart(of: server, within: isSoon ? 5_000_000...50_000_000 : 50_000_000...2_000_000_000)
    }

    func crashAfterVote(_ id: ServerID, run: Int) {
        guard !isHealing, let server = servers[id], server.run == run, server.core != nil, server.suspendedUntil <= now else { return }
        crash(server)
        scheduleRestartOfAgent(server)
    }

    func stop(_ server: SimulatedServer) {
        server.isStopping = true
        step(server, .stop)
    }

    // MARK: Partitions

    /// Parts the servers in two at random; every third time in one direction only.
    private func partition() {
        report.counts.partitions += 1
        let ids = serversInOrder.map(\.id)
        let side = Set(ids.filter { _ in random.happens(400_000) })
        let isOneWay = random.happens(333_333)
        var links: Set<NetworkLink> = []
        for one in side {
            for other in ids where !side.contains(other) {
                links.insert(NetworkLink(sender: one, receiver: other))
                if !isOneWay { links.insert(NetworkLink(sender: other, receiver: one)) }
            }
        }
        let cut = network.cut(links)
        queue.add(.healed(cut), at: now + random.nanoseconds(100_000_000...5_000_000_000))
    }

    func heal(_ cut: Int) {
        network.heal(cut)
        connectEveryone()
    }

    func connectEveryone() {
        let ids = serversInOrder.map(\.id)
        for (position, one) in ids.enumerated() {
            for other in ids[(position + 1)...] { connect(one, other, after: random.nanoseconds(1_000_000...100_000_000)) }
        }
    }

    // MARK: Members and guests

    private func changeMembership(through member: SimulatedServer) {
        let active = checks.reference.activeServers.map(\.id)
        if active.count < settings.servers + 2, random.happens(active.count > settings.servers ? 300_000 : 700_000) {
            beginJoin(through: member)
        } else if active.count > max(1, settings.servers - 1), let leaving = random.choice(active) {
            report.counts.membershipChanges += 1
            submit(.removeServer(leaving), to: member)
        }
    }

    private func endSomeGuest() {
        let running = serversInOrder.filter { $0.suspendedUntil <= now }.flatMap { server in
            server.runningDomains.map { (server, $0.domain) }
        }
        guard let (server, domain) = random.choice(running) else { return }
        endGuest(of: domain, on: server, random.choice([DomainEnd.powerOff, .crash, .reboot]) ?? .powerOff)
    }
}
