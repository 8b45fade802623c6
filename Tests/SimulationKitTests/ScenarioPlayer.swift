import AgentCore
import DomainConfiguration
import PoolModel
import PoolStateMachine
import SimulatedHost
import Testing

@testable import SimulationKit

/// Tells one story to a simulated pool, line by line.
final class ScenarioPlayer {
    private let file: ScenarioFile
    private let delay: Int
    private(set) var scene = PoolSimulation.scene(servers: 1)
    private var line: ScenarioFile.Line
    /// The task of the last `ask`.
    private var task: TaskID?
    /// Where each machine was last placed: what ended a placement may be told of its server.
    private var homes: [String: ServerID] = [:]

    /// - Parameter delay: what `elapse delay` takes, in milliseconds.
    init(_ file: ScenarioFile, delay: Int) {
        self.file = file
        self.delay = delay
        line = ScenarioFile.Line(number: 0, words: [])
    }

    func play() throws {
        for line in file.lines {
            self.line = line
            try perform(line.words)
            if let violation = scene.currentReport.violations.first { throw failure(violation.sentence) }
            for machine in scene.state.machinesInOrder {
                if let placement = machine.placement { homes[machine.name.text] = placement.server }
            }
        }
    }

    private func perform(_ words: [String]) throws {
        let rest = Array(words.dropFirst())
        switch words[0] {
        case "vary": return
        case "servers": scene = PoolSimulation.scene(servers: try number(rest, 0))
        case "create": try create(rest)
        case "ask": try ask(rest)
        case "ask-again": if try machine(rest, 1).placement == nil { try ask(rest) }
        case "refused": try expectRefusal(rest)
        case "elapse":
            let length = rest == ["delay"] ? delay : try milliseconds(rest, 0)
            scene.advance(milliseconds: length)
        case "next": try inject(rest)
        case "release": scene.control(.release, try server(rest))
        case "guest": try guest(rest)
        case "behind": try behindTheBack(rest)
        case "shrink": try shrink(rest)
        case "unshare": try unshare(rest)
        case "kill": scene.crash(try server(rest))
        case "power-cut": scene.cutPower(try server(rest))
        case "restart": for one in scene.serversInOrder where one.core == nil { scene.restart(one.id) }
        case "maintenance": try submit(.maintenance(server: try server(Array(rest.dropFirst())).id, isOn: rest.first == "on"))
        case "expect": try expect(rest)
        default: throw failure("this verb is not known")
        }
    }

    // MARK: Operators

    private func create(_ words: [String]) throws {
        let options = try options(Array(words.dropFirst()))
        let general = scene.definition(try word(words, 0))
        let memory = Mebibytes(try options["memory"].map { try self.count($0) } ?? 1_024)
        let actions = MachineEndActions(
            onPowerOff: try action(options["on_poweroff"], or: .destroy), onReboot: try action(options["on_reboot"], or: .restart),
            onCrash: try action(options["on_crash"], or: .destroy))
        let requirements = MachineRequirements(
            domainType: .pv, memory: memory, virtualCPUs: 1, maximumMemory: memory + memory, maximumVirtualCPUs: 2, endActions: actions)
        let definition = MachineDefinition(
            name: general.name, uuid: general.uuid, configuration: general.configuration, requirements: requirements,
            preferredServers: try options["on"].map { [ServerID(UInt64(try count($0)))] } ?? [])
        try submit(.createMachine(definition))
        guard case .done = try outcome() else { throw failure("it was refused") }
    }

    private func ask(_ words: [String]) throws {
        try submit(try command(words))
        switch try outcome() {
        case .done(.task(let begun)): task = begun
        case .done: return
        case .refused(let refusal): throw failure("it was refused: \(refusal.message)")
        }
    }

    private func expectRefusal(_ words: [String]) throws {
        let sentence = try word(words, words.count - 1)
        try submit(try command(Array(words.dropLast())))
        guard case .refused(let refusal) = try outcome() else { throw failure("it was not refused") }
        guard refusal.message.contains(sentence) else { throw failure("the refusal says: \(refusal.message)") }
    }

    private func command(_ words: [String]) throws -> PoolCommand {
        if words.first == "cancel", let task { return .cancelTask(task) }
        let id = try machine(words, 1).id
        let isAboutDevices = ["attach", "detach"].contains(words[0])
        let options = isAboutDevices ? [:] : try options(words.dropFirst(2).filter { $0 != "force" })
        let force = words.contains("force")
        let patience = try options["within"].map { Duration.milliseconds(try milliseconds([$0], 0)) }
        switch words[0] {
        case "start": return .startMachine(id)
        case "stop": return .stopMachine(id, force: force, patience: patience)
        case "reboot": return .rebootMachine(id, force: force, patience: patience)
        case "pause": return .pauseMachine(id)
        case "unpause": return .unpauseMachine(id)
        case "suspend": return .suspendMachine(id)
        case "resume": return .resumeMachine(id)
        case "migrate":
            return .migrateMachine(id, MigrationWish(target: try options["to"].map { ServerID(UInt64(try count($0))) }))
        case "prefer":
            let only = options["on"] == "any" ? nil : options["on"]
            return .changeMachine(id, MachineChange(preferredServers: try only.map { [ServerID(UInt64(try count($0)))] } ?? []))
        case "delete": return .deleteMachine(id)
        case "reset-status": return .resetMachineStatus(id)
        case "attach", "detach": return .changeDevice(id, try deviceChange(words, try machine(words, 1), isForced: force))
        case "resize":
            return .changeMachine(
                id,
                MachineChange(memory: try options["memory"].map { Mebibytes(try count($0)) }, virtualCPUs: try options["vcpus"].map(count)))
        default: throw failure("this request is not known")
        }
    }

    private var client: ClientRequestID?

    private func submit(_ command: PoolCommand) throws {
        guard scene.advance(until: { $0.master != nil }, milliseconds: 20_000) else { throw failure("there is no master to ask") }
        client = scene.submit(command, to: try scene.theMaster())
    }

    private func outcome() throws -> CommandOutcome {
        guard let client, scene.advance(until: { $0.clients.writeAnswers[client] != nil }, milliseconds: 10_000),
            case .outcome(let outcome, _) = scene.clients.writeAnswers[client]
        else { throw failure("it was not answered") }
        return outcome
    }

    // MARK: What befalls servers and guests

    /// `next KIND on SERVER FAULT ..`
    private func inject(_ words: [String]) throws {
        guard let kind = SimulatedOperationKind(rawValue: try word(words, 0)), words.dropFirst().first == "on" else {
            throw failure("give an operation and its server, as in `next create on web01 hangs`")
        }
        let fault: SimulatedFault =
            switch try word(words, 3) {
            case "fails": .fails(cause: try word(words, 4))
            case "hangs": .hangs
            case "takes": .takes(.milliseconds(try milliseconds(words, 4)))
            case "answers-late": .answersLate(by: .milliseconds(try milliseconds(words, 4)))
            case "done-but-fails": .doneButReportsFailure(cause: try word(words, 4))
            default: throw failure("this fault is not known")
            }
        scene.control(.inject(kind, fault), try server([words[2]]))
    }

    private func guest(_ words: [String]) throws {
        let (host, domain) = try domain(of: words)
        switch try word(words, 1) {
        case "crashes": scene.control(.endGuest(domain: domain, .crash), host)
        case "reboots": scene.control(.endGuest(domain: domain, .reboot), host)
        case "powers-off": scene.control(.endGuest(domain: domain, .powerOff), host)
        case "ignores-requests": scene.control(.ignoreShutdown(name: try word(words, 0), true), host)
        default: throw failure("this end is not known")
        }
    }

    private func behindTheBack(_ words: [String]) throws {
        if words.first == "start" {
            let foreign = ForeignDomain(
                name: try word(words, 1), uuid: UniqueIdentifier(high: 8, low: 8), memory: Mebibytes(try number(words, 2)))
            scene.control(.startForeign(foreign), try server(Array(words.suffix(1))))
            return
        }
        let (host, domain) = try domain(of: Array(words.dropFirst()))
        switch try word(words, 0) {
        case "destroy": scene.control(.destroy(domain: domain), host)
        case "pause": scene.control(.pause(domain: domain), host)
        case "unpause": scene.control(.unpause(domain: domain), host)
        default: throw failure("this is not known to be done behind the pool's back")
        }
    }

    /// The agent reads its server's memory anew, and finds less or more of it.
    private func shrink(_ words: [String]) throws {
        let host = try server(words)
        let facts = host.host.facts
        let seen = ServerFacts(
            totalMemory: Mebibytes(try number(words, 1)), reservedMemory: facts.reservedMemory, processors: facts.processors,
            cards: facts.cards, bridges: facts.bridges, storageRoots: facts.storageRoots, domainTypes: facts.domainTypes,
            hypervisor: facts.hypervisor)
        scene.step(host, .factsRead(seen))
    }

    /// Its storage roots are its own from now on.
    private func unshare(_ words: [String]) throws {
        let host = try server(words)
        let facts = host.host.facts
        let seen = ServerFacts(
            totalMemory: facts.totalMemory, reservedMemory: facts.reservedMemory, processors: facts.processors, cards: facts.cards,
            bridges: facts.bridges,
            storageRoots: facts.storageRoots.map { StorageRoot(path: $0.path, isShared: false, capacity: $0.capacity) },
            domainTypes: facts.domainTypes, hypervisor: facts.hypervisor)
        scene.step(host, .factsRead(seen))
    }

    // MARK: What must be so

    private func expect(_ words: [String]) throws {
        let what = line.words.joined(separator: " ")
        var seen = ""
        let isReached = scene.advance(
            until: { scene in
                do {
                    seen = try self.look(words, in: scene)
                } catch {
                    seen = "\(error)"
                }
                return seen.isEmpty
            }, milliseconds: 45_000)
        guard isReached else { throw failure("\(what) does not come about: \(seen)") }
    }

    /// - Returns: what is so instead; empty when it is as expected.
    private func look(_ words: [String], in scene: PoolSimulation) throws -> String {
        switch try word(words, 0) {
        case "settled": return scene.unsettled ?? ""
        case "event":
            let texts = scene.state.events.events.map(\.text)
            return texts.contains { $0.contains(words.last ?? "") } ? "" : "the last events: \(texts.suffix(4))"
        case "task":
            guard let task, let kept = scene.state.tasks[task] else { return "there is no task" }
            let isSo = kept.state.rawValue == (try word(words, 1)) && (words.count < 3 || kept.cause.contains(words[2]))
            return isSo ? "" : "it is \(kept.state.rawValue): \(kept.cause)"
        case "domains":
            let count = scene.checks.serversRunning(try machine(words, 1).id).count
            return count == (try number(words, 2)) ? "" : "\(count) run"
        case "images":
            let count = Set(scene.serversInOrder.flatMap { $0.host.images }).count
            return count == (try number(words, 1)) ? "" : "\(count) images"
        case "dumps": return scene.report.counts.dumps == (try number(words, 1)) ? "" : "\(scene.report.counts.dumps) dumps"
        case "devices": return try lookAtDevices(words, in: scene)
        case "starts": return scene.report.counts.starts == (try number(words, 1)) ? "" : "\(scene.report.counts.starts) starts"
        default: return try lookAtMachine(words)
        }
    }

    /// `NAME STATUS ["words of its cause"] [on SERVER]`
    private func lookAtMachine(_ words: [String]) throws -> String {
        let machine = try machine(words, 0)
        var rest = words.dropFirst(2)
        if rest.suffix(2).first == "on" {
            let home = try server([String(rest.removeLast())]).id
            rest.removeLast()
            if machine.placement?.server != home { return "it is placed on \(machine.placement.map { "\($0.server)" } ?? "no server")" }
        }
        let isSo = machine.status.rawValue == (try word(words, 1)) && rest.allSatisfy { machine.cause.contains($0) }
        return isSo ? "" : "it is \(machine.status.rawValue): \(machine.cause)"
    }

    // MARK: Words

    func failure(_ sentence: String) -> ScenarioError { ScenarioError("after \(delay) ms: \(sentence)", in: file, line) }

    func word(_ words: [String], _ position: Int) throws -> String {
        guard words.indices.contains(position) else { throw failure("a word is missing") }
        return words[position]
    }

    private func count(_ word: String) throws -> Int {
        guard let count = Int(word), count >= 0 else { throw failure("\(word) is no number") }
        return count
    }

    func number(_ words: [String], _ position: Int) throws -> Int { try count(try word(words, position)) }

    private func milliseconds(_ words: [String], _ position: Int) throws -> Int {
        guard let length = ScenarioFile.milliseconds(try word(words, position)) else { throw failure("give a time as 250ms, 5s or 2m") }
        return length
    }

    private func options(_ words: [String]) throws -> [String: String] {
        guard words.count % 2 == 0 else { throw failure("options come in pairs") }
        return Dictionary(stride(from: 0, to: words.count, by: 2).map { (words[$0], words[$0 + 1]) }) { $1 }
    }

    private func action(_ word: String?, or usual: MachineEndAction) throws -> MachineEndAction {
        guard let word else { return usual }
        guard let action = MachineEndAction(rawValue: word) else { throw failure("\(word) is no action") }
        return action
    }

    private func machine(_ words: [String], _ position: Int) throws -> VirtualMachine { try scene.machine(try word(words, position)) }

    /// A server by its number, or the one that a machine is or was placed on.
    private func server(_ words: [String]) throws -> SimulatedServer {
        let word = try word(words, 0)
        let id = try UInt64(word).map { ServerID($0) } ?? machine([word], 0).placement?.server ?? homes[word]
        guard let id, let server = scene.servers[id] else { throw failure("there is no such server") }
        return server
    }

    private func domain(of words: [String]) throws -> (SimulatedServer, UInt32) {
        let machine = try machine(words, 0)
        let host = try server(words)
        guard let domain = host.host.domainReports.first(where: { $0.ownership?.machine == machine.id }) else {
            throw failure("it has no domain")
        }
        return (host, domain.domain)
    }
}

// Disks and interfaces.
extension ScenarioPlayer {
    /// `attach|detach NAME disk|nic WHAT [force]`, made of the machine's present text as the query port makes it.
    func deviceChange(_ words: [String], _ machine: VirtualMachine, isForced: Bool) throws -> DeviceChange {
        let what = try word(words, 3)
        let (kind, edit): (DeviceChangeKind, DeviceEdit) =
            switch (words[0], try word(words, 2)) {
            case ("attach", "disk"): (.attachDisk, .attachDisk("/OVS/\(what).img,raw,\(what),rw"))
            case ("attach", "nic"): (.attachInterface, .attachInterface("bridge=\(what)"))
            case ("detach", "disk"): (.detachDisk, .detachDisk(what))
            case ("detach", "nic"): (.detachInterface, .detachInterface(what))
            default: throw failure("say what comes or goes: a disk or a nic")
            }
        let edited = try DomainConfigurationText.parse(machine.configuration, file: "vm.cfg").edited(
            by: edit, uuid: (machine.uuid.high, machine.uuid.low))
        return DeviceChange(
            DeviceOperation(kind, device: edited.device, element: edited.element, isForced: isForced),
            basis: PoolState.digest(ofConfiguration: machine.configuration), configuration: edited.text,
            interfaces: edited.settings.interfaces.map { InterfaceRequirement(bridge: $0.bridge ?? "xenbr0", rate: KilobitsPerSecond(1)) },
            diskPaths: edited.settings.disks.compactMap(\.hostPath))
    }

    /// `expect devices NAME COUNT`: as many in its domain, and the very same in its configuration.
    func lookAtDevices(_ words: [String], in scene: PoolSimulation) throws -> String {
        let machine = try scene.machine(try word(words, 1))
        let settings = try DomainConfigurationText.parse(machine.configuration, file: "vm.cfg").settings
        let written = Dictionary(settings.devices((machine.uuid.high, machine.uuid.low)).map { ($0.device, $0.element) }) { $1 }
        guard let server = machine.placement.flatMap({ scene.servers[$0.server] }),
            let domain = server.host.domainReports.first(where: { $0.ownership?.machine == machine.id })
        else { return "it has no domain" }
        let present = server.host.devices(of: domain.domain)
        guard present == written else { return "its domain has \(present.keys.sorted()), and its text \(written.keys.sorted())" }
        return present.count == (try number(words, 2)) ? "" : "it has \(present.keys.sorted())"
    }
}
