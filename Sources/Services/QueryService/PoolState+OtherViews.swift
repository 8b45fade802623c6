import PoolModel
import PoolStateMachine
import QueryModel

extension TagListDocument {
    init(_ machine: VirtualMachine, prefix: String, _ page: ListPage<TagKey>) {
        let (keys, next) = page.cut(machine.tags.keys.filter { $0.text.utf8.starts(with: prefix.utf8) }) { $0 }
        self.init(
            machine: machine.name.text, tags: keys.map { TagDocument(key: $0.text, value: machine.tags[$0] ?? "") }, next: next?.text)
    }
}

extension PoolState {
    /// Who did something, a server by its name: events and tasks bear its number.
    func shown(principal text: String) -> String {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, [PrincipalKind.server.rawValue, PrincipalKind.master.rawValue].contains(String(parts[0])),
            let number = UInt64(parts[1]), number > 0, let server = servers[ServerID(number)]
        else { return text }
        return "\(parts[0]) \(server.name)"
    }
}

extension TaskDocument {
    init(_ task: PoolTask, _ state: PoolState) {
        self.init(
            id: task.id.number, kind: task.kind.rawValue, target: task.machineName.text, principal: state.shown(principal: task.principal),
            status: task.state.rawValue, cause: task.cause.isEmpty ? nil : task.cause, startedAt: QueryTime(task.startedAt),
            endedAt: task.endedAt.map { QueryTime($0) })
    }
}

extension TokenDocument {
    init(_ stored: StoredToken, _ state: PoolState) {
        self.init(
            id: stored.id.number, roles: stored.token.roles.words, expiresAt: QueryTime(stored.expiresAt),
            status: TokenStatusWord(stored, at: state.poolTime).rawValue, usedBy: stored.server.map { state.name(of: $0) },
            createdBy: state.shown(principal: stored.createdBy))
    }
}

/// The one word for how a join token is; the first that fits.
enum TokenStatusWord: String, CaseIterable {
    case revoked
    case used
    case unused
    case expired

    init(_ stored: StoredToken, at time: PoolTime) {
        if stored.isRevoked {
            self = .revoked
        } else if stored.usedBy != nil {
            self = .used
        } else {
            self = stored.expiresAt > time ? .unused : .expired
        }
    }
}

extension EventDocument {
    init(_ event: PoolEvent, _ state: PoolState) {
        self.init(
            index: event.index.number, ordinal: event.ordinal, time: QueryTime(event.time), kind: event.kind,
            target: "\(event.objectKind) \(event.object)", principal: state.shown(principal: event.principal),
            reason: event.reason.isEmpty ? nil : event.reason,
            message: event.text)
    }
}

extension MemberDocument {
    init(_ server: Server) {
        self.init(id: server.id.number, name: server.name.text, peerAddress: server.peerAddress, queryAddress: server.queryAddress)
    }
}
