import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Whatever is committed, the pool's promises hold")
struct RandomTests {
    /// Some that are always the same, and one that is new each time.
    static let seeds: [UInt64] = Array(1...8) + [UInt64.random(in: .min ... .max)]

    @Test("random commands never break an invariant", arguments: seeds)
    func holdsInvariants(seed: UInt64) throws {
        let (_, accepted) = try walk(RandomCommands(seed: seed), steps: 450, "seed \(seed)")

        // A sequence of refusals alone would prove nothing.
        #expect(accepted > 50, "seed \(seed)")
    }

    @Test("nor do those that take machines into images and back, among others")
    func holdsInvariantsOfImages() throws {
        var resumed = 0
        for seed in Self.seeds {
            let (state, _) = try walk(RandomCommands(seed: seed, isAboutImages: true), steps: 200, "about images, seed \(seed)")
            resumed += state.tasks.values.count { $0.kind == .resume }
        }

        #expect(resumed > 10, "\(resumed) resumes")
    }

    private func walk(_ beginning: RandomCommands, steps: Int, _ name: String) throws -> (state: PoolState, accepted: Int) {
        var scene = try PoolScene(servers: 3)
        var commands = beginning
        var accepted = 0
        for step in 0..<steps {
            let entry = try commands.next(in: scene)
            let before = scene.state

            let outcome = scene.apply(entry)

            let comment: Comment = "\(name), step \(step): \(entry.command) by \(entry.principal)"
            if case .done = outcome { accepted += 1 }
            #expect(scene.state.inconsistency == nil, comment)
            if case .refused = outcome { expectUnchanged(before, scene.state, comment) }
            expectPlacementsEndByWord(before, scene.state, entry, comment)
            expectSound(before, scene.state, comment)
            expectNewVersions(before, scene.state, comment)
        }
        return (scene.state, accepted)
    }

    @Test("two servers that apply the same log, one of them from a snapshot in the middle, agree", arguments: seeds)
    func replaysEqually(seed: UInt64) throws {
        var scene = try PoolScene(servers: 3)
        var commands = RandomCommands(seed: seed)
        for _ in 0..<300 { scene.apply(try commands.next(in: scene)) }

        var replica = PoolState()
        for (position, entry) in scene.log.enumerated() {
            _ = replica.apply(entry, at: replica.appliedIndex.next)
            // Every snapshot must be invisible to what follows.
            if position % 97 == 0 { replica = try PoolState(restoring: replica.parts) }
        }

        #expect(replica.digest == scene.state.digest, "seed \(seed)")
        #expect(replica.machines == scene.state.machines, "seed \(seed)")
        #expect(replica.events.events == scene.state.events.events, "seed \(seed)")
    }

    private func expectUnchanged(_ before: PoolState, _ after: PoolState, _ comment: Comment) {
        #expect(before.machines == after.machines, comment)
        #expect(before.servers == after.servers, comment)
        #expect(before.tasks == after.tasks, comment)
        #expect(before.rules == after.rules, comment)
        #expect(before.tokens == after.tokens, comment)
        #expect(before.credentials == after.credentials, comment)
        #expect(before.settings == after.settings, comment)
        #expect(before.events.events == after.events.events, comment)
    }

    /// At most one domain rests on this: a placement ends by its server's word in the current session, by that server's new boot, or
    /// by being handed over.
    private func expectPlacementsEndByWord(_ before: PoolState, _ after: PoolState, _ entry: PoolEntry, _ comment: Comment) {
        for (id, machine) in before.machines {
            guard let placement = machine.placement else { continue }
            let now = after.machines[id]?.placement
            if let now, now.server == placement.server, now.epoch == placement.epoch { continue }
            if case .migrationReported(id, let target, let session, let epoch, .received) = entry.command {
                // Handed over: the source has promised to let it run no more.
                #expect(now?.server == target && now?.epoch == epoch && machine.migration?.epoch == epoch, comment)
                #expect(session == before.servers[target]?.session && now?.session == session, comment)
                continue
            }
            #expect(now == nil, comment)
            let server = before.servers[placement.server]
            switch entry.command {
            case .observed(id, placement.server, let session, placement.epoch, .stopped):
                #expect(session == server?.session && server?.isSessionOpen == true, comment)
            case .hello(let hello): #expect(hello.server == placement.server && hello.boot != server?.boot, comment)
            default: Issue.record("a placement ended by another command: \(comment.rawValue)")
            }
        }
    }

    /// A caller that names a version must be able to rest on it.
    private func expectNewVersions(_ before: PoolState, _ after: PoolState, _ comment: Comment) {
        let index = after.appliedIndex
        for (id, machine) in after.machines where machine != before.machines[id] { #expect(machine.changedAt == index, comment) }
        for (id, server) in after.servers where server != before.servers[id] { #expect(server.changedAt == index, comment) }
        for (id, task) in after.tasks where task != before.tasks[id] { #expect(task.changedAt == index, comment) }
    }

    private func expectSound(_ before: PoolState, _ after: PoolState, _ comment: Comment) {
        for (id, machine) in after.machines {
            #expect(machine.epoch >= before.machines[id]?.epoch ?? .none, comment)
            #expect(after.machine(named: machine.name)?.id == id, comment)
            guard let placement = machine.placement else {
                expectAtRest(machine, comment)
                continue
            }
            // An attempt to migrate it has an epoch of its own, whatever comes of it.
            #expect(placement.epoch <= machine.epoch && placement.epoch != machine.migration?.epoch, comment)
            #expect(placement.image == nil || !placement.isStarted && machine.image == nil, comment)
            if let image = machine.image { #expect(image.epoch == placement.epoch && image.server == placement.server, comment) }
            expectImageTaken(before.machines[id], machine, comment)
            if after.servers[placement.server]?.isReachable == false { #expect(machine.status == .unknown, comment) }
            if let task = machine.task { #expect(after.tasks[task]?.state.hasEnded == false, comment) }
            guard before.machines[id]?.placement == nil else { continue }
            expectRoom(for: machine, on: placement, after, comment)
            expectRulesKept(for: machine, on: placement, after, comment)
        }
    }

    /// What is placed nowhere waits for nothing, but for the removal of an image.
    private func expectAtRest(_ machine: VirtualMachine, _ comment: Comment) {
        switch (machine.status, machine.image?.phase) {
        case (.poweredOff, nil), (.error, nil): #expect(machine.intent == .stopped && machine.task == nil, comment)
        case (.suspended, .whole): #expect(machine.intent == .suspended && machine.task == nil, comment)
        case (.shuttingDown, .discarded): #expect(machine.intent == .stopped, comment)
        default: Issue.record("\(machine.status), \(String(describing: machine.image?.phase)): \(comment.rawValue)")
        }
    }

    /// An image changes hands once: a placement that has one took it from its machine, which has it no more.
    private func expectImageTaken(_ before: VirtualMachine?, _ machine: VirtualMachine, _ comment: Comment) {
        guard let image = machine.placement?.image, before?.placement?.image == nil else { return }
        #expect(before?.image?.phase == .whole && before?.image?.epoch == image.epoch && machine.epoch > image.epoch, comment)
    }

    /// A new placement is on an active server that the machine may run on, with room for all that is placed there.
    private func expectRoom(
        for machine: VirtualMachine, on placement: MachinePlacement, _ state: PoolState, _ comment: Comment
    ) {
        guard let server = state.servers[placement.server], let facts = server.facts else {
            Issue.record("placed on a server without facts: \(comment.rawValue)")
            return
        }
        #expect(server.isSessionOpen && server.isReachable && !server.isInMaintenance && !server.isRemoved, comment)
        #expect(server.session == placement.session, comment)
        #expect(machine.preferredServers.isEmpty || machine.preferredServers.contains(server.id), comment)
        let reserved = state.reservations(on: server.id)
        #expect(reserved.memory <= facts.capacity, comment)
        #expect(reserved.virtualCPUs <= facts.processors * state.settings.overcommitRatio, comment)
        #expect(reserved.rates["xenbr0"] ?? 0 <= 1_000_000, comment)
    }

    /// A new placement breaks no hard rule. Membership is worked out anew here, from the rules' own words.
    private func expectRulesKept(
        for machine: VirtualMachine, on placement: MachinePlacement, _ state: PoolState, _ comment: Comment
    ) {
        for rule in state.rulesInOrder.map(\.definition) where rule.strength == .hard && rule.includes(machine.name, tags: machine.tags) {
            let others = state.machines.values.filter { $0.id != machine.id && rule.includes($0.name, tags: $0.tags) }
            let servers = others.compactMap(\.placement?.server)
            switch rule.kind {
            case .antiAffinity: #expect(!servers.contains(placement.server), "\(rule.name), \(comment.rawValue)")
            case .affinity: #expect(servers.isEmpty || servers.contains(placement.server), "\(rule.name), \(comment.rawValue)")
            }
        }
    }
}
