import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("Sessions of servers (fencing: sessions)")
struct SessionTests {
    @Test("HELLO opens the next session and stores what the server has to offer")
    func opensSession() throws {
        var scene = try PoolScene()

        let outcome = scene.open(PoolScene.one, boot: 1, run: 44, facts: PoolScene.facts(total: 12_000))

        let server = try #require(scene.state.servers[PoolScene.one])
        #expect(outcome == .done(.none))
        #expect(server.session == SessionNumber(2))
        #expect(server.isSessionOpen && server.isReachable)
        #expect(server.run == UniqueIdentifier(high: 1, low: 44))
        #expect(server.facts == PoolScene.facts(total: 12_000))
    }

    @Test("a session that does not follow the current one is void", arguments: [1, 3, 9] as [UInt64])
    func refusesOtherNumbers(number: UInt64) throws {
        var scene = try PoolScene()

        expectRefused(scene.open(PoolScene.one, run: 44, session: SessionNumber(number)), .staleSession)
        #expect(scene.state.servers[PoolScene.one]?.session == SessionNumber(1))
    }

    @Test("the same HELLO said again opens nothing anew")
    func repeatsHello() throws {
        var scene = try PoolScene()
        let events = scene.state.events.events.count

        let outcome = scene.open(PoolScene.one, run: 1, session: SessionNumber(1))

        #expect(outcome == .done(.none))
        #expect(scene.state.servers[PoolScene.one]?.session == SessionNumber(1))
        #expect(scene.state.events.events.count == events)
    }

    @Test("a server that lost its disk is refused, whatever else it knows (amnesia)")
    func refusesLostDisk() throws {
        var scene = try PoolScene()

        expectRefused(scene.open(PoolScene.one, storage: 77), .serverStorageChanged)
        #expect(scene.state.servers[PoolScene.one]?.session == SessionNumber(1))
    }

    @Test("another boot is proof that every machine placed there is gone")
    func endsPlacementsOfFormerBoot() throws {
        var scene = try PoolScene(servers: 2)
        let running = try scene.runMachine("web", on: PoolScene.two)
        let starting = try scene.createMachine("db", preferred: [PoolScene.two])
        let task = try scene.start(starting)
        let elsewhere = try scene.runMachine("mail", on: PoolScene.one)

        scene.open(PoolScene.two, boot: 2)

        for id in [running, starting] {
            let machine = try #require(scene.state.machines[id])
            #expect(machine.placement == nil)
            #expect(machine.status == .poweredOff)
            #expect(machine.intent == .stopped)
            #expect(machine.cause.contains("beta"))
        }
        #expect(scene.state.tasks[task]?.state == .failed)
        #expect(scene.state.tasks[task]?.cause.contains("beta") == true)
        #expect(scene.state.machines[elsewhere]?.status == .running)
        #expect(scene.state.reservations(on: PoolScene.two).machines == 0)
    }

    @Test("the same boot keeps placements bound, to be adopted by the new session")
    func keepsPlacementsOfSameBoot() throws {
        var scene = try PoolScene()
        let machine = try scene.runMachine(on: PoolScene.one)

        scene.open(PoolScene.one)
        let bound = scene.state.machines[machine]?.placement
        scene.observe(machine, .running)

        #expect(bound == MachinePlacement(server: PoolScene.one, session: SessionNumber(1), epoch: PlacementEpoch(1), isStarted: true))
        #expect(scene.state.machines[machine]?.placement?.session == SessionNumber(2))
        #expect(scene.state.machines[machine]?.status == .running)
    }

    @Test("a released session leaves machines placed and takes no new ones")
    func releases() throws {
        var scene = try PoolScene()
        let machine = try scene.runMachine(on: PoolScene.one)
        let other = try scene.createMachine("db")

        scene.apply(.released(server: PoolScene.one, session: SessionNumber(1)), by: .server(PoolScene.one))

        #expect(scene.state.servers[PoolScene.one]?.isSessionOpen == false)
        #expect(scene.state.machines[machine]?.placement?.server == PoolScene.one)
        expectRefused(scene.apply(.startMachine(other)), .noServerFits)
        expectRefused(scene.observe(machine, .running), .staleSession)
    }

    @Test("every word of a former session is void")
    func voidsFormerSessions() throws {
        var scene = try PoolScene()
        let machine = try scene.runMachine(on: PoolScene.one)
        scene.open(PoolScene.one)
        let former = SessionNumber(1)
        let before = scene.state.machines

        let words: [CommandOutcome] = [
            scene.observe(machine, .stopped(.crashed, cause: "It crashed."), session: former),
            scene.reach(PoolScene.one, false, session: former),
            scene.apply(.released(server: PoolScene.one, session: former), by: .server(PoolScene.one)),
            scene.apply(.serverFacts(server: PoolScene.one, session: former, PoolScene.facts(total: 1)), by: .server(PoolScene.one)),
        ]

        for word in words { expectRefused(word, .staleSession) }
        #expect(scene.state.machines == before)
        #expect(scene.state.servers[PoolScene.one]?.isReachable == true)
        #expect(scene.state.servers[PoolScene.one]?.facts == PoolScene.facts())
    }

    @Test("changed facts count from the next start on")
    func changesFacts() throws {
        var scene = try PoolScene()
        let machine = try scene.createMachine(memory: 1_000)

        let shrink = PoolCommand.serverFacts(server: PoolScene.one, session: SessionNumber(1), PoolScene.facts(total: 2_500))
        #expect(scene.apply(shrink, by: .server(PoolScene.one)) == .done(.none))

        expectRefused(scene.apply(.startMachine(machine)), .noServerFits)
    }

    @Test("a server that reports texts or lists without measure is refused: all servers keep them", arguments: [0, 1, 2, 3])
    func refusesFactsWithoutMeasure(_ kind: Int) throws {
        var scene = try PoolScene()
        let long = String(repeating: "x", count: 256)
        let usual = PoolScene.facts()
        let facts = ServerFacts(
            totalMemory: usual.totalMemory, reservedMemory: usual.reservedMemory, processors: 16,
            cards: kind == 0 ? [NetworkInterfaceCard(name: long, speed: KilobitsPerSecond(1))] : [],
            bridges: kind == 1 ? (0...1_024).map { NetworkBridge(name: "b\($0)", cards: []) } : [],
            storageRoots: kind == 3 ? manyRoots : [], domainTypes: [.pv], hypervisor: kind == 2 ? long : "simulated")

        let changed = PoolCommand.serverFacts(server: PoolScene.one, session: SessionNumber(1), facts)
        expectRefused(scene.apply(changed, by: .server(PoolScene.one)), .invalidValue)
        expectRefused(scene.open(PoolScene.one, run: 99, facts: facts), .invalidValue)
        #expect(scene.state.servers[PoolScene.one]?.facts == usual)
    }
}

@Suite("Servers that are not heard, in maintenance or removed")
struct ServerStateTests {
    @Test("the machines of a lost server become Unknown, stay bound to it and start nowhere else")
    func boundWhileUnknown() throws {
        var scene = try PoolScene(servers: 3)
        let machine = try scene.createMachine()
        try scene.start(machine)
        scene.observe(machine, .running)
        let placement = try #require(scene.state.machines[machine]?.placement)

        scene.reach(placement.server, false)

        let lost = try #require(scene.state.machines[machine])
        #expect(lost.status == .unknown)
        #expect(lost.placement == placement)
        #expect(lost.cause.contains(PoolScene.names[Int(placement.server.number) - 1]))
        let refused = scene.apply(.startMachine(machine))
        expectRefused(refused, .machineStateForbids)
        #expect(scene.state.machines[machine]?.placement == placement)
    }

    @Test("a server that is heard again makes nothing known: its own word on the machine does")
    func becomesKnownByWord() throws {
        var scene = try PoolScene()
        let machine = try scene.runMachine(on: PoolScene.one)
        scene.reach(PoolScene.one, false)

        scene.reach(PoolScene.one, true)
        let heard = scene.state.machines[machine]?.status
        scene.observe(machine, .running)

        #expect(heard == .unknown)
        #expect(scene.state.machines[machine]?.status == .running)
    }

    @Test("maintenance keeps new starts away and leaves what runs alone")
    func maintains() throws {
        var scene = try PoolScene()
        let running = try scene.runMachine(on: PoolScene.one)
        let other = try scene.createMachine("db")

        scene.apply(.maintenance(server: PoolScene.one, isOn: true))
        expectRefused(scene.apply(.startMachine(other)), .noServerFits)
        scene.apply(.maintenance(server: PoolScene.one, isOn: false))
        try scene.start(other)

        #expect(scene.state.machines[running]?.status == .running)
        #expect(scene.state.machines[other]?.placement?.server == PoolScene.one)
    }

    @Test("the event of maintenance names who is still there, ten of them at most")
    func namesWhoIsLeft() throws {
        var scene = try PoolScene()
        scene.apply(.maintenance(server: PoolScene.one, isOn: true))
        let empty = scene.state.events.events.last?.text
        scene.apply(.maintenance(server: PoolScene.one, isOn: false))
        for number in (1...12).reversed() { _ = try scene.runMachine("web\(number + 10)", memory: 10, on: PoolScene.one) }

        scene.apply(.maintenance(server: PoolScene.one, isOn: true))

        let names = (11...20).map { "web\($0)" }.joined(separator: ", ")
        #expect(empty == "Server alpha is in maintenance: no new starts. No virtual machine is left there.")
        #expect(
            scene.state.events.events.last?.text
                == "Server alpha is in maintenance: no new starts. Still there: \(names) and 2 more.")
    }

    @Test("a server that holds machines, and the last one, cannot be removed")
    func refusesRemoval() throws {
        var scene = try PoolScene(servers: 2)
        let machine = try scene.runMachine(on: PoolScene.two)

        expectRefused(scene.apply(.removeServer(PoolScene.two)), .serverInUse)
        scene.observe(machine, .stopped(.poweredOffItself, cause: "It powered itself off."))
        #expect(scene.apply(.removeServer(PoolScene.two)) == .done(.none))
        expectRefused(scene.apply(.removeServer(PoolScene.two)), .serverNotFound)
        expectRefused(scene.apply(.removeServer(PoolScene.one)), .serverInUse)
        #expect(scene.state.activeServers.map(\.id) == [PoolScene.one])
    }

    @Test("a machine whose only preferred server was removed does not start anywhere else")
    func keepsPreferenceOfRemoved() throws {
        var scene = try PoolScene(servers: 3)
        let bound = try scene.createMachine("web", preferred: [PoolScene.two])
        let wide = try scene.createMachine("db", preferred: [PoolScene.two, PoolScene.three])

        scene.apply(.removeServer(PoolScene.two))

        expectRefused(scene.apply(.startMachine(bound)), .noServerFits)
        try scene.start(wide)
        #expect(scene.state.machines[wide]?.placement?.server == PoolScene.three)
    }

    @Test("a removed server's name may be used again, its number never")
    func reusesNames() throws {
        var scene = try PoolScene(servers: 2)
        scene.apply(.removeServer(PoolScene.two))
        let token = try scene.createToken()
        let request = JoinRequest(token: token, secret: PoolScene.digest(9), server: try PoolScene.newServer(4, name: "beta"))

        let outcome = scene.apply(.join(request), by: .joiner(token))

        #expect(outcome == .done(.server(PoolScene.three)))
        let name = try #require(ServerName("beta"))
        #expect(scene.state.server(named: name)?.id == PoolScene.three)
    }
}

@Suite("Join tokens")
struct JoinTests {
    private func request(_ token: TokenID, _ server: NewServer, secret: UInt64 = 9) -> PoolCommand {
        .join(JoinRequest(token: token, secret: PoolScene.digest(secret), server: server))
    }

    @Test("the same key may repeat its join, another key is refused")
    func consumesOnce() throws {
        var scene = try PoolScene()
        let token = try scene.createToken()

        let first = scene.apply(request(token, try PoolScene.newServer(2)), by: .joiner(token))
        let again = scene.apply(request(token, try PoolScene.newServer(2)), by: .joiner(token))
        let other = scene.apply(request(token, try PoolScene.newServer(3)), by: .joiner(token))

        #expect(first == .done(.server(PoolScene.two)))
        #expect(again == first)
        expectRefused(other, .tokenUsed)
        #expect(scene.state.activeServers.count == 2)
    }

    @Test("the token's roles are the server's, whatever it asks for")
    func givesRoles() throws {
        var scene = try PoolScene()
        let token = try scene.createToken(roles: .utility)

        scene.apply(request(token, try PoolScene.newServer(2)), by: .joiner(token))

        #expect(scene.state.servers[PoolScene.two]?.roles == .utility)
    }

    @Test("a wrong secret, an expired, a revoked and an unknown token are refused")
    func refusesTokens() throws {
        var scene = try PoolScene()
        let token = try scene.createToken(lifetime: 60_000)
        let revoked = try scene.createToken(secret: 8)
        scene.apply(.revokeToken(revoked))
        let joiner = try PoolScene.newServer(2)

        expectRefused(scene.apply(request(token, joiner, secret: 10), by: .joiner(token)), .tokenSecretWrong)
        expectRefused(scene.apply(request(revoked, joiner, secret: 8), by: .joiner(revoked)), .tokenNotFound)
        expectRefused(scene.apply(request(TokenID(77), joiner), by: .joiner(TokenID(77))), .tokenNotFound)
        expectRefused(scene.apply(.revokeToken(TokenID(77))), .tokenNotFound)
        scene.clock += 60_000
        expectRefused(scene.apply(request(token, joiner), by: .joiner(token)), .tokenExpired)
        #expect(scene.state.activeServers.count == 1)
    }

    @Test("a token lives one minute to thirty days and has a role")
    func boundsTokens() throws {
        var scene = try PoolScene()
        func create(_ lifetime: Int64, _ roles: ServerRoles = .all) -> CommandOutcome {
            scene.apply(.createToken(JoinToken(secret: PoolScene.digest(4), roles: roles, lifetimeMilliseconds: lifetime)))
        }

        expectRefused(create(59_999), .invalidValue)
        expectRefused(create(30 * 86_400_000 + 1), .invalidValue)
        expectRefused(create(.max), .invalidValue)
        expectRefused(create(60_000, []), .invalidValue)
    }

    @Test("a pool keeps 1,000 tokens; expired ones make room")
    func boundsTokenCount() throws {
        var scene = try PoolScene()
        for number in 0..<1_000 { _ = try scene.createToken(secret: UInt64(10_000 + number), lifetime: 60_000) }

        let full = scene.apply(.createToken(JoinToken(secret: PoolScene.digest(4), roles: .all, lifetimeMilliseconds: 60_000)))
        scene.clock += 120_000
        let later = scene.apply(.createToken(JoinToken(secret: PoolScene.digest(4), roles: .all, lifetimeMilliseconds: 60_000)))

        expectRefused(full, .tooManyTokens)
        guard case .done(.token) = later else { throw SceneError(outcome: later) }
        #expect(scene.state.tokens.count == 1_000)
    }

    @Test("a joiner needs a name and addresses of its own")
    func refusesTakenNames() throws {
        var scene = try PoolScene()
        let token = try scene.createToken()

        let named = scene.apply(request(token, try PoolScene.newServer(2, name: "alpha")), by: .joiner(token))
        let addressed = scene.apply(request(token, try PoolScene.newServer(2, address: "10.0.0.1")), by: .joiner(token))
        let spaced = scene.apply(request(token, try PoolScene.newServer(2, address: "a b")), by: .joiner(token))

        expectRefused(named, .serverNameTaken)
        expectRefused(addressed, .serverNameTaken)
        expectRefused(spaced, .invalidValue)
    }

    @Test("a pool has at most 64 servers")
    func boundsServers() throws {
        var scene = try PoolScene(servers: 64)
        let token = try scene.createToken()

        let outcome = scene.apply(request(token, try PoolScene.newServer(65)), by: .joiner(token))

        expectRefused(outcome, .tooManyServers)
    }
}

/// Within every bound of its own, but 300 KB together: the HELLO would not fit into an entry.
private let manyRoots = (0..<200).map { number in
    StorageRoot(path: "/\(number)/" + String(repeating: "x", count: 1_500), isShared: true, capacity: Mebibytes(1))
}
