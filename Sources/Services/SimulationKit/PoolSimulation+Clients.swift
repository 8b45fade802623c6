import AgentCore
import PoolModel
import PoolStateMachine

extension PoolSimulation {
    static let operatorPrincipal = Principal.operator(name: "admin", credential: CredentialID(2))

    /// A client writes through a server.
    @discardableResult
    func submit(
        _ command: PoolCommand, to server: SimulatedServer, as principal: Principal = PoolSimulation.operatorPrincipal,
        follow: FollowUp = .nothing
    ) -> ClientRequestID {
        let client = ClientRequestID(clients.nextClient)
        clients.nextClient += 1
        clients.open[client] = OpenRequest(server: server.id, command: command, followUp: follow, leastIndex: .zero)
        if plantedBug == .answersEarly, follow == .nothing, random.happens(20_000) {
            writeAnswered(client, .outcome(.done(.none), index: checks.reference.appliedIndex.next))
            return client
        }
        step(server, .submit(client, command, principal: principal, reason: "", idempotency: nil))
        return client
    }

    /// A client reads through a server, linearizably.
    @discardableResult
    func read(from server: SimulatedServer) -> ClientRequestID {
        let client = ClientRequestID(clients.nextClient)
        clients.nextClient += 1
        clients.open[client] = OpenRequest(
            server: server.id, command: nil, followUp: .nothing, leastIndex: clients.acknowledgedIndex)
        step(server, .read(client, plantedBug == .readsStale ? .stale : .linearizable))
        return client
    }

    func writeAnswered(_ client: ClientRequestID, _ answer: WriteAnswer) {
        guard clients.writeAnswers.updateValue(answer, forKey: client) == nil else {
            return violated("Write \(client.number) was answered twice.")
        }
        guard let request = clients.open.removeValue(forKey: client), let command = request.command else { return }
        switch answer {
        case .outcome(let outcome, let index):
            if let sentence = checks.acknowledged(command, outcome, at: index) { violated(sentence) }
            clients.acknowledgedIndex = max(clients.acknowledgedIndex, index)
            acknowledged(outcome, request)
        case .notTaken, .unknown:
            report.counts.unknownWrites += 1
        }
    }

    private func acknowledged(_ outcome: CommandOutcome, _ request: OpenRequest) {
        guard case .done(let result) = outcome else {
            report.counts.refusedWrites += 1
            return
        }
        report.counts.acknowledgedWrites += 1
        guard let member = servers[request.server] else { return }
        switch (request.followUp, result) {
        case (.join(let secret), .token(let token)): clients.later.append(.useToken(token, secret: secret, member: member.id))
        case (.startServer(let number), .server(let id)): clients.later.append(.joined(id, number: number))
        default: break
        }
    }

    func readAnswered(_ client: ClientRequestID, _ answer: ReadAnswer, by server: SimulatedServer) {
        guard clients.readAnswers.updateValue(answer, forKey: client) == nil else {
            return violated("Read \(client.number) was answered twice.")
        }
        guard let request = clients.open.removeValue(forKey: client), case .ready = answer, let core = server.core else { return }
        report.counts.reads += 1
        guard core.state.appliedIndex < request.leastIndex else { return }
        violated(
            """
            A read at server \(server.id) was answered from index \(core.state.appliedIndex), but index \(request.leastIndex) had been \
            acknowledged before it began.
            """)
    }

    // MARK: Work

    func clientRequest() {
        guard !isHealing, settings.workload.requestMilliseconds > 0 else { return }
        let mean = Int64(settings.workload.requestMilliseconds) * 1_000_000
        queue.add(.clientRequest, at: now + random.nanoseconds(mean / 10...mean * 2))
        guard let server = random.choice(serversInOrder.filter { $0.core != nil && $0.pausedUntil <= now }) else { return }
        if random.happens(200_000) {
            read(from: server)
            return
        }
        submit(nextCommand(), to: server)
    }

    private func nextCommand() -> PoolCommand {
        let name = "vm\(random.below(settings.workload.machines))"
        guard let machineName = VirtualMachineName(name), let machine = checks.reference.machine(named: machineName)?.id else {
            return .createMachine(definition(name, memory: Mebibytes(1_024 * (1 + random.below(3)))))
        }
        switch random.below(28) {
        case 0..<10: return putTag(machine)
        case 10: return TagKey("key\(random.below(8))").map { .deleteTag(machine, key: $0) } ?? putTag(machine)
        case 11..<15: return .startMachine(machine)
        case 15, 16: return .stopMachine(machine, force: random.happens(500_000))
        case 17: return random.happens(300_000) ? .deleteMachine(machine) : .resetMachineStatus(machine)
        case 18:
            defer { clients.nextSecret += 1 }
            return .createToken(
                JoinToken(secret: SimulatedIdentity.digest(of: clients.nextSecret), roles: .all, lifetimeMilliseconds: 3_600_000))
        case 19: return maintenance(machine)
        case 20: return rule()
        case 21: return settingsChange()
        default: return operation(on: machine)
        }
    }

    /// What is done with a machine that runs.
    private func operation(on machine: VirtualMachineID) -> PoolCommand {
        switch random.below(11) {
        case 9, 10:
            let target = random.happens(400_000) ? random.choice(serversInOrder)?.id : nil
            return .migrateMachine(self.machine(in: .running) ?? machine, MigrationWish(target: target))
        case 6: return .suspendMachine(self.machine(in: .running) ?? machine)
        case 7, 8: return .resumeMachine(self.machine(in: .suspended) ?? machine)
        case 0: return .rebootMachine(machine, force: random.happens(300_000), patience: random.happens(500_000) ? .seconds(2) : nil)
        case 1: return .pauseMachine(machine)
        case 2, 3: return .unpauseMachine(machine)
        case 4: return .stopMachine(machine, force: false, patience: .seconds(1 + random.below(3)))
        default:
            return .changeMachine(
                machine, MachineChange(memory: Mebibytes(512 * (1 + random.below(6))), virtualCPUs: 1 + random.below(2)))
        }
    }

    /// One that is so, as far as the log says: of others it is mostly refused.
    private func machine(in status: MachineStatus) -> VirtualMachineID? {
        random.choice(checks.reference.machines.values.filter { $0.status == status }.map(\.id).sorted())
    }

    /// Makes, changes or deletes one of two rules: over two machines by name, or over whatever has a tag.
    private func rule() -> PoolCommand {
        guard let name = RuleName("rule\(random.below(2))"), let key = TagKey("key\(random.below(8))") else {
            preconditionFailure("a name of our own is wrong")
        }
        let machines = checks.reference.machinesInOrder.map(\.name)
        if let known = checks.reference.rule(named: name) {
            return random.happens(500_000) ? change(of: known, TagSelector(key: key)) : .deleteRule(known.id)
        }
        let first = machines.isEmpty ? 0 : random.below(machines.count)
        let pair = Array(machines.dropFirst(first).prefix(2))
        let isTagged = pair.count < 2 || random.happens(300_000)
        return .createRule(
            RuleDefinition(
                name: name, kind: random.happens(500_000) ? .affinity : .antiAffinity, strength: random.happens(600_000) ? .hard : .soft,
                machines: isTagged ? [] : pair, tags: isTagged ? [TagSelector(key: key)] : []))
    }

    /// Another strength and another member: by the rule's own command, or by a machine's.
    private func change(of rule: Rule, _ tag: TagSelector) -> PoolCommand {
        guard let machine = random.choice(checks.reference.machinesInOrder) else { return .deleteRule(rule.id) }
        let isMember = rule.definition.machines.contains(machine.name)
        guard random.happens(500_000) else {
            return .changeMachine(
                machine.id, MachineChange(addedRules: isMember ? [] : [rule.id], removedRules: isMember ? [rule.id] : []))
        }
        return .changeRule(
            rule.id,
            RuleChange(
                strength: random.happens(600_000) ? .hard : .soft, addedMachines: isMember ? [] : [machine.name],
                removedMachines: isMember ? [machine.name] : [], addedTags: random.happens(300_000) ? [tag] : []))
    }

    /// Any of the settings, within its range; the shortest times, so that one passes while the simulation runs.
    private func settingsChange() -> PoolCommand {
        let isAboutVoters = random.happens(600_000)
        return .changeSettings(
            PoolSettingsChange(
                overcommitRatio: isAboutVoters ? nil : 1 + random.below(8),
                voterLimit: isAboutVoters ? random.choice(PoolLimits.voterLimits) : nil,
                voterReplacement: random.happens(300_000) ? .seconds(10 + random.below(10)) : nil))
    }

    private func putTag(_ machine: VirtualMachineID) -> PoolCommand {
        guard let key = TagKey("key\(random.below(8))") else { preconditionFailure("a key of our own is wrong") }
        clients.nextValue += 1
        return .putTag(machine, key: key, value: "value \(clients.nextValue)")
    }

    /// Also a cancelled task now and then.
    private func maintenance(_ machine: VirtualMachineID) -> PoolCommand {
        if let task = checks.reference.machines[machine]?.task { return .cancelTask(task) }
        let server = random.choice(checks.reference.activeServers.map(\.id)) ?? ServerID(1)
        return .maintenance(server: server, isOn: random.happens(300_000))
    }

    func definition(_ name: String, memory: Mebibytes = Mebibytes(1_024)) -> MachineDefinition {
        guard let machineName = VirtualMachineName(name) else { preconditionFailure("a name of our own is wrong") }
        return MachineDefinition(
            name: machineName, uuid: random.identifier(), configuration: "name = '\(name)'",
            requirements: MachineRequirements(
                domainType: .pv, memory: memory, virtualCPUs: 1, maximumMemory: memory + memory, maximumVirtualCPUs: 2,
                endActions: MachineEndActions(
                    onPowerOff: .destroy, onReboot: .restart, onCrash: random.choice(MachineEndAction.allCases) ?? .destroy)),
            preferredServers: [])
    }
}
