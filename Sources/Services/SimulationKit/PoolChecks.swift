import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore

/// What is true of the whole pool, seen from outside: nobody in the simulated pool knows any of it.
struct PoolChecks {
    struct Ballot: Hashable {
        let voter: ServerID
        let term: Term
    }

    private struct RunningDomain: Hashable {
        let server: ServerID
        let domain: UInt32
    }

    /// What the committed log, applied once from its first entry on, makes of a pool.
    private(set) var reference = PoolState()
    /// Every committed entry; the one with index 1 is the first.
    private(set) var committed: [RaftEntry<PoolEntry>] = []
    /// In which term's leader each was first seen committed.
    private var committedIn: [Term] = []
    private var outcomes: [CommandOutcome?] = []
    private var digests: [LogIndex: UInt64] = [:]
    private(set) var leaders: [Term: ServerID] = [:]
    private var votes: [Ballot: ServerID] = [:]
    /// Where the logs of those ended who took part in an election.
    var ballotLogs: [Ballot: LogPosition] = [:]
    /// Whose votes a candidate counted.
    var grants: [Ballot: Set<ServerID>] = [:]
    private var running: [VirtualMachineID: [RunningDomain]] = [:]
    /// The images that guests went on from.
    private var consumedImages: Set<String> = []
    private var tagValues: Set<String> = []
    private var greatestVotedTerm: [ServerID: Term] = [:]
    /// The voters as of the last committed configuration.
    private(set) var configuration = RaftConfiguration.empty
    /// The entry that brought it.
    private(set) var configurationEntry: (index: LogIndex, term: Term) = (.zero, .zero)

    /// Digests are compared at multiples of this index.
    static let digestInterval: UInt64 = 16

    var lastIndex: LogIndex { LogIndex(UInt64(committed.count)) }

    func entry(at index: LogIndex) -> RaftEntry<PoolEntry>? {
        guard index > .zero, index <= lastIndex else { return nil }
        return committed[Int(index.number) - 1]
    }

    // MARK: Raft

    /// - Returns: a sentence when another server led in this term.
    mutating func leads(_ server: ServerID, in term: Term) -> (sentence: String?, isNew: Bool) {
        if let other = leaders[term] {
            return (other == server ? nil : "Servers \(other) and \(server) both lead in term \(term).", false)
        }
        leaders[term] = server
        return (nil, true)
    }

    mutating func voted(_ voter: ServerID, for candidate: ServerID, in term: Term) -> String? {
        let ballot = Ballot(voter: voter, term: term)
        if let former = votes[ballot], former != candidate {
            return "Server \(voter) voted in term \(term) for server \(former) and for server \(candidate)."
        }
        votes[ballot] = candidate
        greatestVotedTerm[voter] = max(greatestVotedTerm[voter] ?? .zero, term)
        return nil
    }

    /// A run of an agent begins in this term: it must not have voted in a later one.
    func began(_ server: ServerID, in term: Term) -> String? {
        guard let voted = greatestVotedTerm[server], term < voted else { return nil }
        return "Server \(server) voted in term \(voted), but begins again in term \(term)."
    }

    /// The last entry that a leader of `term` must have: committed under a leader of an earlier term.
    func lastEntry(committedBefore term: Term) -> RaftEntry<PoolEntry>? {
        guard let position = committedIn.lastIndex(where: { $0 < term }) else { return nil }
        return committed[position]
    }

    /// A server says that this entry is committed.
    mutating func commit(_ entry: RaftEntry<PoolEntry>, by server: ServerID, in term: Term) -> (sentence: String?, isNew: Bool) {
        if let known = self.entry(at: entry.index) {
            let isSame = known.term == entry.term && known.content == entry.content
            return (isSame ? nil : "Server \(server) committed another entry at index \(entry.index) than others did.", false)
        }
        guard entry.index == lastIndex.next else {
            return ("Server \(server) committed index \(entry.index), but only \(lastIndex) are known to be committed.", false)
        }
        committed.append(entry)
        committedIn.append(max(term, committedIn.last ?? .zero))
        if case .configuration(let configuration) = entry.content {
            self.configuration = configuration
            configurationEntry = (entry.index, entry.term)
        }
        return (apply(entry), true)
    }

    private mutating func apply(_ entry: RaftEntry<PoolEntry>) -> String? {
        guard case .command(let command) = entry.content else {
            reference.skip(to: entry.index)
            outcomes.append(nil)
            noteDigest()
            return nil
        }
        let outcome = reference.apply(command, at: entry.index).outcome
        outcomes.append(outcome)
        noteDigest()
        // Every tag that a client sets has a value of its own.
        if case .putTag(let machine, _, let value) = command.command, case .done = outcome,
            reference.machines[machine]?.changedAt == entry.index, !tagValues.insert(value).inserted
        {
            return "One request of a client was applied twice, the second time at index \(entry.index)."
        }
        // A start that comes again is answered as before and places nothing, whatever rules were made since.
        guard case .startMachine(let machine) = command.command, case .done = outcome,
            reference.machines[machine]?.changedAt == entry.index
        else { return nil }
        if let words = reference.sightingWords(of: machine) { return "Virtual machine \(machine) was placed although \(words)." }
        return ruleBroken(byPlacing: machine)
    }

    /// Whether this committed entry handed a machine over to another server.
    func isHandingOver(_ entry: RaftEntry<PoolEntry>) -> Bool {
        guard case .command(let command) = entry.content, case .migrationReported(_, _, _, _, .received) = command.command,
            case .done? = outcomes[Int(entry.index.number) - 1]
        else { return false }
        return true
    }

    private mutating func noteDigest() {
        if reference.appliedIndex.number % Self.digestInterval == 0 { digests[reference.appliedIndex] = reference.digest }
    }

    /// What the state's digest must be at this index, where that is known.
    func digest(at index: LogIndex) -> UInt64? { index == reference.appliedIndex ? reference.digest : digests[index] }

    // MARK: Clients

    /// A client was told that its write is done.
    func acknowledged(_ command: PoolCommand, _ outcome: CommandOutcome, at index: LogIndex) -> String? {
        guard let entry = entry(at: index), case .command(let stored) = entry.content, stored.command == command else {
            return "A write was acknowledged at index \(index), where it is not committed."
        }
        guard outcomes[Int(index.number) - 1] == outcome else {
            return "A write was answered at index \(index) with another outcome than the log gives."
        }
        return nil
    }

    // MARK: Domains, in true time

    /// A domain runs from now on.
    mutating func began(_ ownership: DomainOwnership, _ server: ServerID, _ domain: UInt32) -> String? {
        let machine = ownership.machine
        running[machine, default: []].append(RunningDomain(server: server, domain: domain))
        let servers = (running[machine] ?? []).map { "\($0.server)" }
        guard servers.count == 1 else {
            return "Virtual machine \(machine) runs \(servers.count) times at once, on servers \(servers.joined(separator: " and "))."
        }
        guard let placement = reference.machines[machine]?.placement, placement.server == server, placement.epoch == ownership.epoch else {
            return "Virtual machine \(machine) was let run on server \(server) by placement \(ownership.epoch), which is not current."
        }
        return nil
    }

    mutating func ended(_ machine: VirtualMachineID, _ server: ServerID, _ domain: UInt32) {
        running[machine]?.removeAll { $0.server == server && $0.domain == domain }
    }

    /// The memory of an ended domain was dumped: how it ended must be committed before.
    func dumped(_ ownership: DomainOwnership, _ server: ServerID) -> String? {
        let machine = reference.machines[ownership.machine]
        guard machine?.placement?.server == server, machine?.placement?.epoch == ownership.epoch, machine?.ended != nil else {
            return "The memory of virtual machine \(ownership.machine) was dumped on server \(server) before its end was committed."
        }
        return nil
    }

    /// A guest goes on from an image: by the placement that took it, and by no other ever.
    mutating func consumed(_ path: String, by ownership: DomainOwnership, _ server: ServerID) -> String? {
        let machine = ownership.machine
        guard consumedImages.insert(path).inserted else {
            return "Virtual machine \(machine) went on twice from the image \(path), the second time on server \(server)."
        }
        let placement = reference.machines[machine]?.placement
        guard placement?.epoch == ownership.epoch, placement?.image != nil || placement?.isStarted == true else {
            return "Virtual machine \(machine) went on from the image \(path) on server \(server), which no placement took."
        }
        return nil
    }

    /// Where a machine truly runs.
    func serversRunning(_ machine: VirtualMachineID) -> [ServerID] { (running[machine] ?? []).map(\.server) }

    /// The machines that truly run somewhere, by number.
    var runningMachines: [VirtualMachineID] { running.keys.filter { !(running[$0] ?? []).isEmpty }.sorted() }
}
