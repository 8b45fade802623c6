import PoolModel
import PoolStateMachine
import Testing

@Suite("Forwarded writes are applied once (dissertation §6.3)")
struct RequestTests {
    private func identity(_ sequence: UInt64, first: UInt64 = 1, session: UInt64 = 1) -> RequestIdentity {
        RequestIdentity(member: PoolScene.one, session: SessionNumber(session), sequence: sequence, firstOutstanding: first)
    }

    @Test("a write that comes twice changes once and has the same outcome")
    func appliesOnce() throws {
        var scene = try PoolScene()
        let command = PoolCommand.createMachine(try PoolScene.definition())

        let first = scene.apply(command, request: identity(1))
        let machines = scene.state.machines
        let again = scene.apply(command, request: identity(1))

        #expect(first == .done(.machine(VirtualMachineID(1))))
        #expect(again == first)
        #expect(scene.state.machines == machines)
    }

    @Test("a refusal that comes twice is the same refusal, even if the command would be accepted by now")
    func repeatsRefusals() throws {
        var scene = try PoolScene()
        let command = PoolCommand.startMachine(VirtualMachineID(1))

        let first = scene.apply(command, request: identity(1))
        _ = try scene.createMachine()
        let again = scene.apply(command, request: identity(1))

        expectRefused(first, .machineNotFound)
        #expect(again == first)
        #expect(scene.state.machines[VirtualMachineID(1)]?.placement == nil)
    }

    @Test("writes may arrive out of order")
    func acceptsAnyOrder() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let key = try PoolScene.tag("k")

        for sequence in [3, 1, 2] as [UInt64] {
            #expect(scene.apply(.putTag(id, key: key, value: "\(sequence)"), request: identity(sequence)) == .done(.none))
        }

        #expect(scene.state.machines[id]?.tags[key] == "2")
    }

    @Test("what the member has heard is forgotten, and coming late it is not applied again")
    func forgets() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let key = try PoolScene.tag("k")
        for sequence in 1...5 as ClosedRange<UInt64> {
            scene.apply(.putTag(id, key: key, value: "\(sequence)"), request: identity(sequence))
        }

        scene.apply(.putTag(id, key: key, value: "6"), request: identity(6, first: 4))
        let late = scene.apply(.putTag(id, key: key, value: "2"), request: identity(2))

        #expect(scene.state.requests[PoolScene.one]?.outcomes.keys.sorted() == [4, 5, 6])
        expectRefused(late, .alreadyAnswered)
        #expect(scene.state.machines[id]?.tags[key] == "6")
    }

    @Test("a write of a former, a released or an unknown session is refused and not applied")
    func refusesStale() throws {
        var scene = try PoolScene()
        let command = PoolCommand.createMachine(try PoolScene.definition())
        scene.open(PoolScene.one)

        expectRefused(scene.apply(command, request: identity(1, session: 1)), .staleSession)
        expectRefused(scene.apply(command, request: identity(1, session: 3)), .staleSession)
        scene.apply(.released(server: PoolScene.one, session: SessionNumber(2)), by: .server(PoolScene.one))
        expectRefused(scene.apply(command, request: identity(1, session: 2)), .staleSession)
        #expect(scene.state.machines.isEmpty)
    }

    @Test("a new session begins with an empty table and counts from 1 again")
    func clearsAtHello() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        scene.apply(.putTag(id, key: try PoolScene.tag("k"), value: "old"), request: identity(1))
        scene.open(PoolScene.one)

        let outcome = scene.apply(.putTag(id, key: try PoolScene.tag("k"), value: "new"), request: identity(1, session: 2))

        #expect(outcome == .done(.none))
        #expect(scene.state.machines[id]?.tags[try PoolScene.tag("k")] == "new")
    }

    @Test("the table of one member is bounded")
    func bounds() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let command = PoolCommand.resetMachineStatus(id)
        for sequence in 1...16_384 as ClosedRange<UInt64> { _ = scene.apply(command, request: identity(sequence)) }

        expectRefused(scene.apply(command, request: identity(16_385)), .tooManyRequests)
        #expect(scene.state.requests[PoolScene.one]?.outcomes.count == 16_384)
    }
}

@Suite("Idempotency keys of clients")
struct IdempotencyTests {
    private func key(_ number: UInt64, body: UInt64 = 1) -> IdempotencyKey {
        IdempotencyKey(key: UniqueIdentifier(high: 9, low: number), request: PoolScene.digest(body))
    }

    @Test("the same key and request have the first outcome, refusals too")
    func repeats() throws {
        var scene = try PoolScene()
        let command = PoolCommand.createMachine(try PoolScene.definition())

        let first = scene.apply(command, key: key(1))
        let again = scene.apply(command, key: key(1))
        let refused = scene.apply(.startMachine(VirtualMachineID(2)), key: key(2))
        _ = try scene.createMachine("db")
        let refusedAgain = scene.apply(.startMachine(VirtualMachineID(2)), key: key(2))

        #expect(first == .done(.machine(VirtualMachineID(1))))
        #expect(again == first)
        expectRefused(refused, .machineNotFound)
        #expect(refusedAgain == refused)
    }

    @Test("the same key with another request is refused, and the first outcome stays")
    func refusesReuse() throws {
        var scene = try PoolScene()
        let command = PoolCommand.createMachine(try PoolScene.definition())
        let first = scene.apply(command, key: key(1, body: 1))

        expectRefused(scene.apply(.createMachine(try PoolScene.definition("db")), key: key(1, body: 2)), .idempotencyKeyReused)

        #expect(scene.apply(command, key: key(1, body: 1)) == first)
        #expect(scene.state.machines.count == 1)
    }

    @Test("another operator's key is another key")
    func separatesPrincipals() throws {
        var scene = try PoolScene()
        let outcome = scene.apply(
            .createCredential(OperatorCredential(name: "ulla", secret: PoolScene.digest(5), role: .user)))
        guard case .done(.credential(let credential)) = outcome else { throw SceneError(outcome: outcome) }
        let ulla = Principal.operator(name: "ulla", credential: credential)

        scene.apply(.createMachine(try PoolScene.definition("web")), key: key(1))
        let other = scene.apply(.createMachine(try PoolScene.definition("db")), by: ulla, key: key(1, body: 2))

        #expect(other == .done(.machine(VirtualMachineID(2))))
    }

    @Test("a key lives for 24 hours of pool time")
    func expires() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let tag = try PoolScene.tag("k")
        scene.apply(.putTag(id, key: tag, value: "1"), key: key(1))
        scene.clock += 86_400_000 - 2

        let within = scene.apply(.putTag(id, key: tag, value: "2"), key: key(1, body: 2))
        scene.clock += 1
        let after = scene.apply(.putTag(id, key: tag, value: "3"), key: key(1, body: 2))

        expectRefused(within, .idempotencyKeyReused)
        #expect(after == .done(.none))
        #expect(scene.state.machines[id]?.tags[tag] == "3")
    }

    @Test("a full table refuses keyed writes, and only those, until its oldest key was kept for a minute, and then forgets that one")
    func bounds() throws {
        var scene = try PoolScene()
        let start = scene.clock + 1
        func write(_ number: Int, at milliseconds: Int64, hasKey: Bool = true) -> CommandOutcome {
            scene.apply(
                PoolEntry(
                    command: .deleteMachine(VirtualMachineID(9)), principal: PoolScene.root,
                    proposedAt: PoolTime(milliseconds: milliseconds), idempotency: hasKey ? key(UInt64(number)) : nil))
        }
        for number in 0..<PoolLimits.idempotencyKeys { _ = write(number, at: start) }
        let full = scene.state

        expectRefused(write(199_999, at: start + 59_999), .tooManyRequests)
        expectRefused(write(0, at: start + 59_999, hasKey: false), .machineNotFound)
        #expect(scene.state.parts.idempotencyKeys == full.parts.idempotencyKeys)
        expectRefused(write(200_000, at: start + 60_000), .machineNotFound)

        let keys = scene.state.parts.idempotencyKeys
        #expect(keys.count == PoolLimits.idempotencyKeys && keys.first?.key == key(1).key && keys.last?.key == key(200_000).key)
        // What is kept up to date is what a snapshot of it comes to.
        #expect(try PoolState(restoring: scene.state.parts).digest == scene.state.digest)
        #expect(scene.state.digest != full.digest)
    }
}
