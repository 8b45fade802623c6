import Placement
import PoolModel
import PoolStateMachine
import QueryModel

extension MachineDocument {
    /// - Parameter isComplete: whether to show the vm.cfg text and the rules too.
    init(_ machine: VirtualMachine, _ state: PoolState, isComplete: Bool) {
        let sightings = state.sightings(of: machine.id)
        self.init(
            name: machine.name.text, id: machine.id.number, uuid: machine.uuid.description, status: machine.status.rawValue,
            cause: machine.cause.isEmpty ? nil : machine.cause, intent: machine.intent.rawValue,
            server: machine.placement.map { state.name(of: $0.server) }, epoch: machine.epoch.number,
            requirements: RequirementsDocument(machine.requirements), preferredServers: machine.preferredServers.map { state.name(of: $0) },
            tagCount: machine.tags.count, task: machine.task?.number, configuration: isComplete ? machine.configuration : nil,
            operations: state.allowedOperations(of: machine).map(\.rawValue),
            seenOn: sightings.isEmpty ? nil : sightings.map { SightingDocument(server: $0.name.text, domain: $0.domain) },
            rules: isComplete ? state.rules(of: machine).map(\.definition.name.text) : nil,
            image: (machine.image ?? machine.placement?.image).map { ImageDocument($0, state) },
            suspendsTo: isComplete && machine.allowedOperations.contains(.suspend)
                ? state.suspensionTarget(of: machine).map { ImageDocument($0, state) } : nil,
            migration: machine.migration.map {
                MigrationDocument(to: state.name(of: $0.target), isLive: $0.isLive, bandwidthMiB: $0.bandwidth)
            }, remnantsOn: machine.remnants.isEmpty ? nil : machine.remnants.map { state.name(of: $0.server) })
    }
}

extension ImageDocument {
    init(_ image: SuspendedImage, _ state: PoolState) {
        self.init(server: state.name(of: image.server), sharedRoot: image.root)
    }
}

extension RequirementsDocument {
    init(_ requirements: MachineRequirements) {
        self.init(
            domainType: requirements.domainType.rawValue, memoryMiB: requirements.memory.count, virtualCPUs: requirements.virtualCPUs,
            interfaces: requirements.interfaces.map { InterfaceDocument(bridge: $0.bridge, rateKbps: $0.rate.count) },
            diskPaths: requirements.diskPaths, newImageMiB: requirements.newImageSize.count,
            maximumMemoryMiB: requirements.maximumMemory.count, maximumVirtualCPUs: requirements.maximumVirtualCPUs,
            onPowerOff: requirements.endActions.onPowerOff.rawValue, onReboot: requirements.endActions.onReboot.rawValue,
            onCrash: requirements.endActions.onCrash.rawValue)
    }
}

extension ExplanationDocument {
    init(_ machine: VirtualMachine, _ decision: PlacementDecision) {
        self.init(
            machine: machine.name.text,
            chosen: decision.chosen.flatMap { chosen in decision.verdicts.first { $0.server == chosen }?.name.text },
            servers: decision.verdicts.map { ServerExplanationDocument($0) })
    }
}

extension ServerExplanationDocument {
    init(_ verdict: PlacementVerdict) {
        switch verdict.finding {
        case .score(let score):
            self.init(
                server: verdict.name.text, score: score.smallest,
                shares: SharesDocument(memory: score.memory, virtualCPUs: score.processors, network: score.network, disk: score.disk),
                refusal: nil,
                brokenRules: verdict.brokenRules.isEmpty
                    ? nil
                    : verdict.brokenRules.map {
                        BrokenRuleDocument(rule: $0.rule.text, message: "\(verdict.name) \($0.concession).")
                    })
        case .refused(let refusal): self.init(server: verdict.name.text, refusal: refusal)
        }
    }

    /// A server that is passed over.
    init(server: String, refusal: PlacementRefusal) {
        self.init(
            server: server, score: nil, shares: nil,
            refusal: RefusalDocument(type: refusal.type.rawValue, message: "\(server) \(refusal.message)."))
    }
}

extension PoolState {
    /// A server's name, also of one that was removed.
    func name(of server: ServerID) -> String { servers[server]?.name.text ?? "server \(server)" }

    /// The virtual machine that a path names.
    func machine(atPath text: String) throws(QueryRefusal) -> VirtualMachine {
        guard let name = VirtualMachineName(text), let machine = machine(named: name) else {
            throw .notFound("virtual machine", text, among: machines.values.map(\.name.text), list: "GET /v1/vms")
        }
        return machine
    }

    /// The member that a path or a document names.
    func server(atPath text: String) throws(QueryRefusal) -> Server {
        guard let name = ServerName(text), let server = server(named: name) else {
            throw .notFound("server", text, among: activeServers.map(\.name.text), list: "GET /v1/servers")
        }
        return server
    }

    /// The members of these names, in the order given.
    func servers(named names: [String]) throws(QueryRefusal) -> [ServerID] {
        var found: [ServerID] = []
        for name in names { found.append(try server(atPath: name).id) }
        return found
    }
}
