import PoolModel
import PoolStateMachine
import RaftCore

/// How far tasks are: what this server says of its own, what the master was told, and who asks for it here.
struct ProgressKeeper: Sendable {
    /// What one server said last.
    struct Report: Sendable {
        let session: SessionNumber
        let tasks: [TaskProgress]
        let at: MonotonicInstant
    }

    /// What this server said last, when and to whom.
    var said: [TaskProgress] = []
    var saidAt: MonotonicInstant?
    var saidTo: ServerID?
    /// As master: the newest report of each server.
    var reports: [ServerID: Report] = [:]
    /// Who waits here for the master's answer, and until when.
    var readers: [(reader: ClientRequestID, until: MonotonicInstant)] = []
    /// When the question was sent that has no answer yet.
    var askedAt: MonotonicInstant?
}

extension AgentCore {
    /// Says how far this server's tasks are, when that has changed and once a second; forgets what is too old.
    mutating func keepProgress(_ effects: inout [AgentEffect]) {
        if mastership.isMaster {
            progress.reports = progress.reports.filter { now.monotonic - $0.value.at < TaskProgress.lifetime }
        } else {
            progress.reports = [:]
        }
        tellProgress(&effects)
        let late = progress.readers.filter { $0.until <= now.monotonic }
        guard !late.isEmpty else { return }
        progress.readers.removeAll { $0.until <= now.monotonic }
        for reader in late { effects.append(.answerProgress(reader.reader, [])) }
    }

    private mutating func tellProgress(_ effects: inout [AgentEffect]) {
        guard let own = session.number, let leader = raft.status.leader else { return }
        let tasks = ownProgress()
        guard !tasks.isEmpty || !progress.said.isEmpty else { return }
        let isNews =
            leader != progress.saidTo || tasks.count != progress.said.count
            || !zip(tasks, progress.said).allSatisfy { $0.task == $1.task && $0.phase == $1.phase }
        let isDue = progress.saidAt.map { now.monotonic - $0 >= .seconds(1) } ?? true
        guard isNews || isDue else { return }
        progress.said = tasks
        progress.saidAt = now.monotonic
        progress.saidTo = leader
        if leader == identity.server {
            heardProgress(tasks, session: own, of: identity.server)
        } else {
            effects.append(.send(.progress(session: own, tasks), to: leader))
        }
    }

    /// How far the tasks are that this server works on, by number.
    private func ownProgress() -> [TaskProgress] {
        var found: [TaskProgress] = []
        for id in state.machines(on: identity.server) {
            guard let machine = state.machines[id], let task = machine.task.flatMap({ state.tasks[$0] }), !task.state.hasEnded else {
                continue
            }
            guard let doing = reconciler.machines[id], doing.epoch == machine.placement?.epoch else { continue }
            if let phase = phase(of: doing, machine, task) {
                found.append(TaskProgress(task: task.id, phase: phase, permille: permille(of: doing, machine, phase)))
            }
        }
        return Array(found.sorted { $0.task < $1.task }.prefix(TaskProgress.mostOfServer))
    }

    private func phase(of doing: MachineProgress, _ machine: VirtualMachine, _ task: PoolTask) -> TaskPhase? {
        if let operation = doing.operation.flatMap({ reconciler.operations[$0]?.operation }) {
            switch operation {
            case .createPaused(let specification): return specification.image == nil ? .creating : .restoring
            case .unpause: return task.kind == .unpause ? .unpausing : .starting
            case .unsuspend: return .unpausing
            case .suspend: return .suspending
            case .removeImage, .receiveDomain: return nil
            case .sendDomain: return .sending
            case .pause: return .pausing
            case .shutdown, .reboot: return .askingGuest
            case .resize: return .resizing
            case .changeDevice: return .changingDevice
            case .destroy: return .destroying
            case .dumpCore: return .dumping
            }
        }
        if doing.failure != nil, let retry = doing.retryAt, now.monotonic < retry { return .retrying }
        let isEnding = machine.intent == .stopped || machine.intent == .rebooting
        return isEnding && doing.endAskedAt != nil && doing.tried == task.id ? .waitingForGuest : nil
    }

    /// Known only where a guest has a time to end in, or its memory is sent: a guest that writes is sent more than it has, so that the whole
    /// is said only by the end.
    private func permille(of doing: MachineProgress, _ machine: VirtualMachine, _ phase: TaskPhase) -> Int? {
        if phase == .sending, let sent = doing.operation.flatMap({ reconciler.operations[$0]?.sent }) {
            return min(999, sent * 1_000 / max(1, machine.reserved.memory.count))
        }
        guard phase == .waitingForGuest, let patience = machine.stopPatience, let asked = doing.endAskedAt else { return nil }
        let milliseconds = max(1, patience.wholeNanoseconds / 1_000_000)
        return Int(min(1_000, (now.monotonic - asked).wholeNanoseconds / 1_000 / milliseconds))
    }

    // MARK: As master

    /// Takes a server's word about its own tasks. What a former session says, or says of tasks of others, is not looked at.
    mutating func heardProgress(_ tasks: [TaskProgress], session: SessionNumber, of server: ServerID) {
        guard mastership.isMaster, let known = state.servers[server], known.isSessionOpen, known.session == session else { return }
        let own = tasks.prefix(TaskProgress.mostOfServer).filter { isWorking(server, on: $0.task) }
        progress.reports[server] = ProgressKeeper.Report(session: session, tasks: own, at: now.monotonic)
    }

    private func isWorking(_ server: ServerID, on id: TaskID) -> Bool {
        guard let task = state.tasks[id], !task.state.hasEnded, let machine = state.machines[task.machine] else { return false }
        return machine.placement?.server == server
    }

    /// How far the pool's tasks are, by number, as this master was told.
    private var knownProgress: [TaskProgress] {
        var found: [TaskProgress] = []
        for server in progress.reports.keys.sorted() {
            guard let report = progress.reports[server], let known = state.servers[server] else { continue }
            let age = now.monotonic - report.at
            guard known.isSessionOpen, known.session == report.session, age < TaskProgress.lifetime else { continue }
            found += report.tasks.filter { isWorking(server, on: $0.task) }.map { $0.aged(by: age) }
        }
        return Array(found.sorted { $0.task < $1.task }.prefix(TaskProgress.mostOfPool))
    }

    mutating func progressWanted(by sender: ServerID, _ effects: inout [AgentEffect]) {
        guard mastership.isMaster else { return }
        effects.append(.send(.progressTold(knownProgress), to: sender))
    }

    // MARK: Asking

    /// Answers a reader at once as master, else with what the master says; with nothing where it says nothing in time.
    mutating func readProgress(_ reader: ClientRequestID, _ effects: inout [AgentEffect]) {
        if mastership.isMaster { return effects.append(.answerProgress(reader, knownProgress)) }
        guard let leader = raft.status.leader, leader != identity.server, progress.readers.count < settings.pendingRequests else {
            return effects.append(.answerProgress(reader, []))
        }
        progress.readers.append((reader, now.monotonic + settings.progressPatience))
        // One question serves all who come before its answer.
        if let asked = progress.askedAt, now.monotonic - asked < settings.requestRetry * 5 { return }
        progress.askedAt = now.monotonic
        effects.append(.send(.progressWanted, to: leader))
    }

    mutating func progressTold(_ tasks: [TaskProgress], by sender: ServerID, _ effects: inout [AgentEffect]) {
        guard sender == raft.status.leader else { return }
        progress.askedAt = nil
        for reader in progress.readers { effects.append(.answerProgress(reader.reader, tasks)) }
        progress.readers = []
    }
}
