import PoolModel

extension PoolState {
    /// Gives a new server its number.
    mutating func add(_ new: NewServer) -> ServerID {
        let id = ServerID(nextServer)
        nextServer += 1
        var server = Server(id: id, new)
        server.joinedAt = poolTime
        server.changedAt = appliedIndex
        servers[id] = server
        return id
    }

    func activeServer(_ id: ServerID) throws(Refused) -> Server {
        guard let server = servers[id], !server.isRemoved else {
            throw Refused(.serverNotFound, "There is no server \(id) in the pool. List the servers to see who is.")
        }
        return server
    }

    /// The server, if `session` is its current one and open: the words of any other session are void.
    func server(_ id: ServerID, in session: SessionNumber) throws(Refused) -> Server {
        let server = try activeServer(id)
        guard server.session == session, server.isSessionOpen else {
            throw Refused(
                .staleSession,
                "Session \(session) of server \(server.name) is not current (\(server.session) is). The agent must open a new session.")
        }
        return server
    }

    // MARK: Sessions

    mutating func openSession(_ hello: ServerHello, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        var server = try activeServer(hello.server)
        guard server.storage == hello.storage else {
            throw Refused(
                .serverStorageChanged,
                "Server \(server.name) has lost the data directory that it joined with. Remove it from the pool, then join it anew.")
        }
        guard server.mayRun(on: hello.hardware) else {
            throw Refused(.serverHardwareChanged, server.refusal(ofHardware: hello.hardware))
        }
        if server.run == hello.run, server.session == hello.session, server.isSessionOpen { return .none }
        guard hello.session == server.session.next else {
            throw Refused(
                .staleSession,
                "Session \(hello.session) of server \(server.name) does not follow \(server.session). The agent must read the log, then ask again."
            )
        }
        try checkFacts(hello.facts, agentVersion: hello.agentVersion)
        try checkStrays(hello.strays)
        let former = overcommittedMemory(on: server.id)
        let wasBooted = server.boot != nil && server.boot != hello.boot
        server.session = hello.session
        server.isSessionOpen = true
        server.boot = hello.boot
        server.run = hello.run
        endMigrations(with: server, because: "its agent was started anew", wasBooted: wasBooted, entry)
        let isBoundNow = server.hardware == nil && hello.hardware != nil
        server.hardware = server.hardware ?? hello.hardware
        server.facts = hello.facts
        server.formatVersion = hello.formatVersion
        server.agentVersion = hello.agentVersion
        server.isReachable = true
        server.changedAt = appliedIndex
        servers[server.id] = server
        requests[server.id] = RequestHistory()
        note(
            entry, .server, server.name.text, .sessionOpened,
            "Server \(server.name) opened session \(server.session)\(wasBooted ? " after a new boot" : "").")
        if isBoundNow, let hardware = server.hardware {
            note(
                entry, .server, server.name.text, .serverHardwareBound,
                "Server \(server.name) runs on hardware \(hardware), and from now on nowhere else.")
        }
        if wasBooted { endPlacementsOfFormerBoot(on: server, entry) }
        // On the same boot what was seen may be there still: the session's own word on it follows.
        setStrays(of: server.id, to: wasBooted ? hello.strays : Self.merged(server.strays, hello.strays), entry)
        if overcommittedMemory(on: server.id) != former { noteFacts(of: server, hello.facts, former, entry) }
        beginWaitingTasks(on: server)
        return .none
    }

    /// Another boot is proof: all domains of the former one are gone.
    private mutating func endPlacementsOfFormerBoot(on server: Server, _ entry: PoolEntry) {
        for id in machines(on: server.id) {
            let cause = "Server \(server.name) was powered off or booted anew while the virtual machine was placed there."
            if endedInImage(id, cause: cause, entry) { continue }
            let isCold = machines[id]?.placement?.image != nil
            let loss = " It was being resumed, and its image may be used up: it starts cold."
            endPlacement(of: id, status: .poweredOff, cause: isCold ? cause + loss : cause, entry)
        }
    }

    mutating func release(_ id: ServerID, _ session: SessionNumber, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let server = try self.server(id, in: session)
        endMigrations(with: server, because: "its agent was stopped", wasBooted: false, entry)
        servers[id]?.isSessionOpen = false
        servers[id]?.changedAt = appliedIndex
        note(
            entry, .server, server.name.text, .sessionReleased,
            "The agent of server \(server.name) was stopped; its virtual machines run on.")
        return .none
    }

    mutating func changeFacts(
        _ id: ServerID, _ session: SessionNumber, _ facts: ServerFacts, _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        let server = try self.server(id, in: session)
        guard server.facts != facts else { return .none }
        try checkFacts(facts)
        let former = overcommittedMemory(on: id)
        servers[id]?.facts = facts
        servers[id]?.changedAt = appliedIndex
        noteFacts(of: server, facts, former, entry)
        return .none
    }

    /// What a server says of itself is kept by all: it must not fill their memory.
    private func checkFacts(_ facts: ServerFacts, agentVersion: String = "") throws(Refused) {
        let names = facts.cards.map(\.name) + facts.bridges.flatMap { [$0.name] + $0.cards } + [facts.hypervisor, agentVersion]
        let paths = facts.storageRoots.map(\.path)
        guard
            facts.cards.count <= PoolLimits.cards, facts.bridges.count <= PoolLimits.bridges, paths.count <= PoolLimits.storageRoots,
            facts.bridges.allSatisfy({ $0.cards.count <= PoolLimits.cards }),
            names.allSatisfy({ $0.utf8.count <= PoolLimits.factBytes }), paths.allSatisfy({ $0.utf8.count <= PoolLimits.pathBytes })
        else {
            throw Refused(
                .invalidValue,
                """
                The server reports more than \(PoolLimits.cards) cards, \(PoolLimits.bridges) bridges or \(PoolLimits.storageRoots) \
                storage roots, or a name over \(PoolLimits.factBytes) bytes. Remove what is not needed on that server.
                """)
        }
        guard facts.listedBytes <= PoolLimits.factsBytes else {
            throw Refused(
                .invalidValue,
                """
                The names of the server's cards, bridges and storage roots take \(facts.listedBytes) bytes, and \
                \(PoolLimits.factsBytes) is the most. Remove what is not needed on that server.
                """)
        }
    }

    mutating func changeReachability(
        _ id: ServerID, _ session: SessionNumber, _ isReachable: Bool, _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        let server = try self.server(id, in: session)
        guard server.isReachable != isReachable else { return .none }
        servers[id]?.isReachable = isReachable
        servers[id]?.changedAt = appliedIndex
        if isReachable {
            note(entry, .server, server.name.text, .serverReachable, "Server \(server.name) is heard again.")
            beginWaitingTasks(on: server)
            return .none
        }
        note(entry, .server, server.name.text, .serverLost, "Server \(server.name) is not heard any more.")
        endMigrations(to: server, because: "it is not heard any more", entry)
        for machine in machines(on: id) {
            setStatus(
                of: machine, .unknown,
                cause:
                    "Server \(server.name) is not heard any more: the virtual machine may or may not run there, and is started nowhere else.",
                entry)
        }
        return .none
    }

    /// What waited for the server reaches it now, and can no longer be undone.
    private mutating func beginWaitingTasks(on server: Server) {
        for machine in machines(on: server.id) {
            setTask(of: machine, from: .waiting, to: .running, cause: "Server \(server.name) is at it.")
        }
    }

    // MARK: Operators' changes

    mutating func changeMaintenance(_ id: ServerID, _ isOn: Bool, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let server = try activeServer(id)
        guard server.isInMaintenance != isOn else { return .none }
        servers[id]?.isInMaintenance = isOn
        servers[id]?.changedAt = appliedIndex
        note(
            entry, .server, server.name.text, isOn ? .maintenanceOn : .maintenanceOff,
            isOn
                ? "Server \(server.name) is in maintenance: no new starts. \(whoIsLeft(on: id))"
                : "Server \(server.name) takes new starts again.")
        return .none
    }

    /// The machines placed on a server by name, the first ten of them.
    private func whoIsLeft(on server: ServerID) -> String {
        let names = machines(on: server).compactMap { machines[$0]?.name }.sorted().map(\.text)
        guard !names.isEmpty else { return "No virtual machine is left there." }
        let rest = names.count > 10 ? " and \(names.count - 10) more" : ""
        return "Still there: \(names.prefix(10).joined(separator: ", "))\(rest)."
    }

    mutating func remove(_ id: ServerID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let server = try activeServer(id)
        let bound = machines(on: id)
        guard bound.isEmpty else {
            let names = bound.prefix(5).compactMap { machines[$0]?.name.text }.joined(separator: ", ")
            throw Refused(
                .serverInUse,
                "Server \(server.name) holds \(bound.count) virtual machines (\(names)\(bound.count > 5 ? ", ..." : "")). Stop them first.")
        }
        if let stray = server.strays.first {
            throw Refused(
                .serverInUse,
                """
                Server \(server.name) last saw domain \(stray.domain) of virtual machine \(machines[stray.machine]?.name.text ?? "?"), \
                which nobody would watch any more. End it there, then remove the server.
                """)
        }
        try requireNoImages(on: server)
        try requireNoMigrations(on: server)
        guard activeServers.count > 1 else {
            throw Refused(.serverInUse, "Server \(server.name) is the last one of the pool. A pool has at least one server.")
        }
        leaveDiscardedImages(of: server, entry)
        forgetRemnants(on: server)
        servers[id]?.isRemoved = true
        servers[id]?.isSessionOpen = false
        servers[id]?.facts = nil
        servers[id]?.changedAt = appliedIndex
        requests[id] = nil
        for machine in machines.keys.sorted() where machines[machine]?.preferredServers.contains(id) == true {
            machines[machine]?.preferredServers.removeAll { $0 == id }
            // A machine that may run nowhere else must not run everywhere of a sudden: it keeps the removed one as its only server.
            if machines[machine]?.preferredServers.isEmpty == true { machines[machine]?.preferredServers = [id] }
            machines[machine]?.changedAt = appliedIndex
        }
        note(entry, .server, server.name.text, .serverRemoved, "Server \(server.name) was removed from the pool.")
        return .none
    }

    // MARK: Joining

    mutating func createToken(_ token: JoinToken, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard PoolLimits.tokenLifetimeMilliseconds.contains(token.lifetimeMilliseconds) else {
            throw Refused(.invalidValue, "A token cannot live for \(token.lifetimeMilliseconds) ms. Give 1 minute to 30 days.")
        }
        guard !token.roles.isEmpty else { throw Refused(.invalidValue, "A token without a role is of no use. Give vm, utility or both.") }
        for expired in tokens.values.filter({ $0.expiresAt <= poolTime }).map(\.id).sorted() where tokens.count >= PoolLimits.tokens {
            tokens[expired] = nil
        }
        guard tokens.count < PoolLimits.tokens else {
            throw Refused(.tooManyTokens, "The pool has \(PoolLimits.tokens) join tokens. Revoke some, or wait until they expire.")
        }
        let id = TokenID(appliedIndex.number)
        tokens[id] = StoredToken(
            id: id, token: token, expiresAt: PoolTime(milliseconds: poolTime.milliseconds + token.lifetimeMilliseconds),
            createdBy: entry.principal.description)
        note(
            entry, .token, id.description, .tokenCreated,
            "Join token \(id) was created for the roles \(token.roles.words.joined(separator: ", ")).")
        return .token(id)
    }

    mutating func revokeToken(_ id: TokenID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard tokens[id] != nil else {
            throw Refused(.tokenNotFound, "There is no join token \(id). List the tokens to see their numbers.")
        }
        tokens[id] = nil
        note(entry, .token, id.description, .tokenRevoked, "Join token \(id) was revoked.")
        return .none
    }

    mutating func join(_ request: JoinRequest, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        guard let stored = tokens[request.token], !stored.isRevoked else {
            throw Refused(.tokenNotFound, "The pool does not know this join token. Create a new one with `ovm pool token create`.")
        }
        guard stored.token.secret == request.secret else {
            throw Refused(.tokenSecretWrong, "The join token's secret is wrong. Copy the whole token, or create a new one.")
        }
        guard stored.expiresAt > poolTime else {
            throw Refused(.tokenExpired, "The join token has expired. Create a new one with `ovm pool token create`.")
        }
        if let usedBy = stored.usedBy, let server = stored.server {
            guard usedBy == request.server.key else {
                throw Refused(.tokenUsed, "The join token was used by another server. Create a new one for each server.")
            }
            guard servers[server]?.isRemoved == false else {
                throw Refused(
                    .tokenUsed, "The server that used this join token was removed from the pool. Create a new token to join it anew.")
            }
            return .server(server)
        }
        try checkJoiner(request.server)
        let new = NewServer(
            name: request.server.name, peerAddress: request.server.peerAddress, queryAddress: request.server.queryAddress,
            roles: stored.token.roles, key: request.server.key, storage: request.server.storage, hardware: request.server.hardware)
        let id = add(new)
        tokens[request.token]?.usedBy = request.server.key
        tokens[request.token]?.server = id
        note(entry, .server, new.name.text, .serverJoined, "Server \(new.name) joined the pool as number \(id).")
        return .server(id)
    }

    private func checkJoiner(_ joiner: NewServer) throws(Refused) {
        let active = activeServers
        guard !active.contains(where: { $0.name == joiner.name }) else {
            throw Refused(
                .serverNameTaken, "The pool has a server named \(joiner.name). Join under another name, or remove the old server first.")
        }
        if let taken = active.first(where: { $0.peerAddress == joiner.peerAddress || $0.queryAddress == joiner.queryAddress }) {
            throw Refused(
                .serverNameTaken, "Server \(taken.name) has one of the addresses of this server. Join with an address of its own.")
        }
        if let known = active.first(where: { $0.storage == joiner.storage || $0.key == joiner.key }) {
            throw Refused(
                .serverNameTaken,
                "Server \(known.name) has the data directory or the key of this server. Join with an empty data directory of its own.")
        }
        guard active.count < PoolLimits.servers else {
            throw Refused(.tooManyServers, "The pool has \(PoolLimits.servers) servers, the most there can be. Remove one first.")
        }
        for address in [joiner.peerAddress, joiner.queryAddress] {
            guard (3...PoolLimits.addressBytes).contains(address.utf8.count), address.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
                throw Refused(
                    .invalidValue, "The address \(address.prefix(64)) is not HOST:PORT. Give an address that the others can reach.")
            }
        }
    }
}
