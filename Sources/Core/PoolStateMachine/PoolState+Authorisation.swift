import PoolModel

extension PoolState {
    /// Who may do what: one table, deny by default (format version 1).
    func authorise(_ entry: PoolEntry) throws(Refused) {
        if pool == nil {
            if case .createPool = entry.command { return }
            throw Refused(.noPool, "The pool is not founded yet. Run `ovm pool bootstrap` first.")
        }
        guard isAllowed(entry) else {
            throw Refused(.notAllowed, "\(entry.principal) may not do this. Ask with a credential whose role allows it.")
        }
    }

    private func isAllowed(_ entry: PoolEntry) -> Bool {
        switch entry.principal {
        case .operator(let name, let credential):
            guard let stored = credentials[credential], !stored.isRevoked, stored.credential.name == name else { return false }
            guard let needed = roleNeeded(for: entry.command) else { return false }
            return stored.credential.role.rawValue >= needed.rawValue
        case .server(let server): return isWord(of: server, entry.command)
        case .joiner(let token):
            if case .join(let request) = entry.command { return request.token == token }
            return false
        case .master(let server):
            guard let known = servers[server], !known.isRemoved else { return false }
            switch entry.command {
            case .reachability, .raiseFormat: return true
            default: return false
            }
        }
    }

    /// The least role that an operator needs; nil for what no operator may say.
    private func roleNeeded(for command: PoolCommand) -> OperatorRole? {
        switch command {
        case .createMachine, .deleteMachine, .changeMachine, .changeDevice, .startMachine, .stopMachine, .rebootMachine, .pauseMachine,
            .unpauseMachine,
            .suspendMachine, .resumeMachine, .migrateMachine, .openConsole, .resetMachineStatus, .cancelTask, .putTag, .deleteTag,
            .createRule, .changeRule,
            .deleteRule:
            .user
        case .changeSettings, .maintenance, .removeServer, .createToken, .revokeToken, .createCredential, .revokeCredential:
            .administrator
        case .createPool, .raiseFormat, .hello, .released, .serverFacts, .strays, .reachability, .join, .observed, .imageRemoved,
            .migrationReported,
            .remnantGone:
            nil
        }
    }

    /// The words of a server come from that server only.
    private func isWord(of server: ServerID, _ command: PoolCommand) -> Bool {
        guard let known = servers[server], !known.isRemoved else { return false }
        switch command {
        case .hello(let hello): return hello.server == server
        case .released(let named, _), .serverFacts(let named, _, _), .strays(let named, _, _), .observed(_, let named, _, _, _),
            .imageRemoved(_, let named, _, _, _), .migrationReported(_, let named, _, _, _), .remnantGone(_, let named, _, _):
            return named == server
        default: return false
        }
    }
}
