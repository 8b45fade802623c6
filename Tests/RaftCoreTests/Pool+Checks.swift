import PoolModel
import RaftCore

extension Pool {
    mutating func perform(_ effects: [Effect], of server: ServerID) {
        for effect in effects {
            switch effect {
            case .write(let write):
                disks[server]?.write(write)
            case .send(let message, let receiver):
                network.append(Packet(sender: server, receiver: receiver, message: message))
            case .apply(let entries):
                for entry in entries { check(entry, appliedBy: server) }
                if let last = entries.last { step(server, .applied(last.index)) }
            case .restore(let snapshot):
                check(snapshot, restoredBy: server)
                step(server, .applied(snapshot.index))
            case .proposalAppended(let token, _, _), .proposalRefused(let token, _):
                if openProposals.removeValue(forKey: token) == nil { violations.append("proposal \(token) was answered twice") }
            case .readReady(let token, let index): check(token, answeredWith: index)
            case .readRefused(let token, _):
                if openReads.removeValue(forKey: token) == nil { violations.append("read \(token) was answered twice") }
            case .statusChanged, .configurationChanged, .notice: break
            }
            answers.append((server, effect))
        }
        if syncsAtOnce { sync(server) }
    }

    /// State machine safety (Raft figure 3), and: what is committed is on the disks of a majority.
    private mutating func check(_ entry: Entry, appliedBy server: ServerID) {
        if let known = committed[entry.index] {
            if known != entry { violations.append("server \(server) applied another entry \(entry.index)") }
            return
        }
        if entry.index != lastCommitted.next { violations.append("entry \(entry.index) follows \(lastCommitted)") }
        committed[entry.index] = entry
        lastCommitted = max(lastCommitted, entry.index)
        guard let configuration = nodes[server]?.configuration else { return }
        for half in [configuration.voters, configuration.outgoingVoters] where !half.isEmpty {
            let holders = half.filter { disks[$0]?.holds(entry.index, entry.term) ?? false }
            if holders.count * 2 <= half.count {
                violations.append("entry \(entry.index) was committed on the disks of \(holders) of \(half) only")
            }
        }
    }

    private mutating func check(_ snapshot: RaftSnapshot, restoredBy server: ServerID) {
        if snapshot.index > lastCommitted { violations.append("server \(server) restored uncommitted \(snapshot.index)") }
        if let entry = committed[snapshot.index], entry.term != snapshot.term {
            violations.append("server \(server) restored term \(snapshot.term) at \(snapshot.index)")
        }
        if disks[server]?.stored.snapshot != snapshot { violations.append("server \(server) restored what is not on its disk") }
        if snapshot.data != Self.state(at: snapshot.index, bytes: snapshot.data.count) {
            violations.append("server \(server) restored damaged bytes")
        }
    }

    private mutating func check(_ token: RaftToken, answeredWith index: LogIndex) {
        guard let read = openReads.removeValue(forKey: token) else { return violations.append("read \(token) was answered twice") }
        if index < read.least { violations.append("a read at \(read.server) saw \(index), but \(read.least) was committed before it") }
    }

    /// Election safety and leader completeness (Raft figure 3).
    mutating func checkLeader(_ server: ServerID) {
        guard let node = nodes[server], node.role == .leader else { return }
        if let known = leaders[node.term] {
            if known != server { violations.append("servers \(known) and \(server) both lead term \(node.term)") }
            return
        }
        leaders[node.term] = server
        for position in stride(from: node.firstIndex.number, through: lastCommitted.number, by: 1) {
            let term = node.term(at: LogIndex(position))
            // Entries of later terms may have been committed meanwhile by a later leader, which this one does not know yet.
            guard let entry = committed[LogIndex(position)], entry.term < node.term, term != entry.term else { continue }
            violations.append("leader \(server) of term \(node.term) lacks committed entry \(position)")
        }
    }

    /// Log matching (Raft figure 3): where two logs have the same term at an index, they are equal up to there.
    mutating func checkLogMatching() {
        let all = servers.compactMap { nodes[$0] }
        for (position, one) in all.enumerated() {
            for other in all.dropFirst(position + 1) {
                var isSame = false
                let last = min(one.lastIndex, other.lastIndex).number
                let first = max(one.firstIndex, other.firstIndex).number
                for number in stride(from: last, through: first, by: -1) {
                    let left = one.entry(at: LogIndex(number))
                    let right = other.entry(at: LogIndex(number))
                    isSame = isSame || left?.term == right?.term
                    if isSame, left != right { violations.append("servers \(one.id) and \(other.id) differ at \(number)") }
                }
            }
        }
    }

    /// One line for each server.
    var portrait: String {
        servers.compactMap { nodes[$0] }.map {
            let log =
                "\($0.firstIndex)...\($0.lastIndex), committed \($0.commitIndex), applied \($0.appliedIndex), durable \($0.durableIndex)"
            let members = $0.configuration
            let peers = servers.compactMap { peer in leader.flatMap { nodes[$0]?.progress(of: peer) } }
            return "\n\($0.id) \($0.status) log \(log) voters \(members.voters) old \(members.outgoingVoters) learners \(members.learners)"
                + ($0.id == leader ? "\n\(peers)" : "")
        }.joined()
    }
}
