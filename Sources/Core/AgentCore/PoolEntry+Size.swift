package import PoolModel
import RaftCore

extension PoolEntry {
    /// About how many bytes the entry takes in the log and on the wire; what Raft's bounds count. Never less than 64.
    package var approximateSize: Int {
        let fixed = 128 + reason.utf8.count
        switch command {
        case .putTag(_, let key, let value): return fixed + key.text.utf8.count + value.utf8.count
        case .createMachine(let definition):
            return fixed + definition.configuration.utf8.count + definition.requirements.diskPaths.reduce(0) { $0 + $1.utf8.count }
        case .createRule(let rule):
            let machines = rule.machines.reduce(0) { $0 + $1.text.utf8.count + 2 }
            return fixed + rule.tags.reduce(machines) { $0 + $1.key.text.utf8.count + ($1.value?.utf8.count ?? 0) + 8 }
        case .strays(_, _, let strays): return fixed + 24 * strays.count
        case .hello(let hello): return fixed + 2_048 + 24 * hello.strays.count
        case .serverFacts, .createPool, .join: return fixed + 2_048
        default: return fixed + 128
        }
    }
}

/// A pool's entries are what its agents' Raft carries.
extension PoolEntry: RaftPayload {}
