import Placement
import PoolModel
import PoolStateMachine
import Testing

@Suite("What the pool shows is true")
struct TruthfulnessTests {
    @Test(
        "a word that was under way when its server was lost does not make the machine known",
        arguments: [MachineObservation.running, .paused, .shuttingDown])
    func staysUnknown(observation: MachineObservation) throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        try scene.start(id)
        scene.reach(PoolScene.one, false)

        #expect(scene.observe(id, observation) == .done(.none))

        #expect(scene.state.machines[id]?.status == .unknown)
        #expect(scene.state.machines[id]?.placement?.isStarted == true)
    }

    @Test("cancelling a start on a server that is not heard leaves the machine Unknown")
    func cancelsUnknown() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let task = try scene.start(id)
        scene.reach(PoolScene.one, false)

        scene.apply(.cancelTask(task))

        #expect(scene.state.machines[id]?.status == .unknown)
        #expect(scene.state.machines[id]?.intent == .stopped)
    }

    @Test("a stop that waited goes on once its server is heard, and can no longer be cancelled")
    func waitingStopGoesOn() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)
        scene.reach(PoolScene.one, false)
        let task = try scene.stop(id)

        scene.reach(PoolScene.one, true)

        #expect(scene.state.tasks[task]?.state == .running)
        expectRefused(scene.apply(.cancelTask(task)), .taskNotCancellable)
    }

    @Test("what changes nothing makes no event and no new version")
    func repeatsSilently() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)
        let machine = scene.state.machines[id]
        let events = scene.state.events.events.count

        scene.observe(id, .running)
        scene.apply(.changeMachine(id, MachineChange(preferredServers: [PoolScene.one])))
        scene.apply(.changeSettings(PoolSettingsChange(voterLimit: 5)))

        #expect(scene.state.machines[id] == machine)
        #expect(scene.state.events.events.count == events)
    }

    @Test("a what-if without a server says of it that it was left out")
    func namesLeftOut() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.createMachine()
        let machine = try #require(scene.state.machines[id])

        let decision = scene.state.decidePlacement(for: machine, without: [PoolScene.one])

        #expect(decision.chosen == PoolScene.two)
        #expect(decision.verdicts.first { $0.server == PoolScene.one }?.finding == .refused(.leftOut))
    }
}

@Suite("What must not be able to harm the pool")
struct HarmTests {
    @Test(
        "rates that no network has are refused before their sum could overflow and stop every agent")
    func boundsRates() throws {
        var scene = try PoolScene()
        let interface = InterfaceRequirement(bridge: "xenbr0", rate: KilobitsPerSecond(1 << 50))

        expectRefused(
            scene.apply(.createMachine(try PoolScene.definition(interfaces: [interface]))), .invalidValue)
    }

    @Test("who may not write cannot fill the table of idempotency keys")
    func keepsKeysOfWritersOnly() throws {
        var scene = try PoolScene()
        let stranger = Principal.operator(name: "eve", credential: CredentialID(77))
        let key = IdempotencyKey(key: UniqueIdentifier(high: 1, low: 1), request: PoolScene.digest(1))

        expectRefused(
            scene.apply(.startMachine(VirtualMachineID(1)), by: stranger, key: key), .notAllowed)

        #expect(scene.state.parts.idempotencyKeys.isEmpty)
    }

    @Test("a copied data directory or key is refused, and so is the token of a removed server")
    func refusesCopies() throws {
        var scene = try PoolScene(servers: 2)
        let token = try scene.createToken()
        func join(_ server: NewServer) -> CommandOutcome {
            scene.apply(
                .join(JoinRequest(token: token, secret: PoolScene.digest(9), server: server)),
                by: .joiner(token))
        }

        expectRefused(
            join(try PoolScene.newServer(2, name: "copy", key: 5, address: "10.0.1.1")), .serverNameTaken)
        expectRefused(join(try PoolScene.newServer(4, key: 1_002)), .serverNameTaken)
        #expect(join(try PoolScene.newServer(4)) == .done(.server(PoolScene.three)))
        scene.apply(.removeServer(PoolScene.three))
        expectRefused(join(try PoolScene.newServer(4)), .tokenUsed)
    }

    @Test("a disk path that climbs out of its storage root is not seen there")
    func refusesClimbingPaths() throws {
        var scene = try PoolScene()
        for (number, path) in ["/OVS/../etc/shadow", "/OVS", "/OVS/"].enumerated() {
            let requirements = MachineRequirements(
                domainType: .pv, memory: Mebibytes(1), virtualCPUs: 1, diskPaths: [path])
            let definition = MachineDefinition(
                name: try #require(VirtualMachineName("vm\(number)")),
                uuid: UniqueIdentifier(high: 1, low: UInt64(number)),
                configuration: "", requirements: requirements, preferredServers: [])
            scene.apply(.createMachine(definition))

            expectRefused(scene.apply(.startMachine(VirtualMachineID(UInt64(number + 1)))), .noServerFits)
        }
    }

    @Test("facts that differ only in where a list ends have different digests")
    func separatesLists() throws {
        func digest(_ bridges: [NetworkBridge]) throws -> UInt64 {
            var scene = try PoolScene()
            let plain = PoolScene.facts()
            scene.open(
                PoolScene.one,
                facts: ServerFacts(
                    totalMemory: plain.totalMemory, reservedMemory: plain.reservedMemory, processors: 4,
                    cards: [], bridges: bridges,
                    storageRoots: [], domainTypes: [], hypervisor: "simulated"))
            return scene.state.digest
        }

        let one = try digest([NetworkBridge(name: "a", cards: ["b"])])
        let two = try digest([NetworkBridge(name: "a", cards: []), NetworkBridge(name: "b", cards: [])])

        #expect(one != two)
    }

    @Test("a rate of zero leaves nothing behind in what is reserved")
    func cleansReservations() {
        let free = MachineRequirements(
            domainType: .pv, memory: Mebibytes(1), virtualCPUs: 1,
            interfaces: [InterfaceRequirement(bridge: "b", rate: .zero)])
        let paid = MachineRequirements(
            domainType: .pv, memory: Mebibytes(1), virtualCPUs: 1,
            interfaces: [InterfaceRequirement(bridge: "b", rate: KilobitsPerSecond(5))])
        var reserved = ServerReservations()
        var expected = ServerReservations()
        expected.add(free)

        for machine in [paid, free] { reserved.add(machine) }
        reserved.remove(paid)

        #expect(reserved == expected)
    }
}
