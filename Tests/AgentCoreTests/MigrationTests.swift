import AgentCore
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@Suite("An agent sends and receives guests, and acts on the log's word alone")
struct MigrationTests {
    private static let beta = ServerID(2)

    /// A pool of `alpha`, which is this agent, and `beta`, which has a session and says nothing.
    private static func scene(_ more: [(PoolCommand, Principal)]) throws -> AgentScene {
        let founded = try AgentScene()
        let newcomer = NewServer(
            name: try #require(ServerName("beta")), peerAddress: "127.0.0.1:3", queryAddress: "127.0.0.1:4", roles: .all,
            key: try AgentScene.digest(5), storage: UniqueIdentifier(high: 2, low: 3))
        let token = JoinToken(secret: try AgentScene.digest(6), roles: .all, lifetimeMilliseconds: 3_600_000)
        let join = JoinRequest(token: TokenID(3), secret: try AgentScene.digest(6), server: newcomer)
        let commands: [(PoolCommand, Principal)] =
            [(.createToken(token), AgentScene.admin), (.join(join), .joiner(TokenID(3))), (hello(beta, 1), .server(beta))] + more
        var entries = Array(founded.disk.entries.prefix(2))
        for (position, (command, principal)) in commands.enumerated() {
            let entry = PoolEntry(command: command, principal: principal, proposedAt: PoolTime(milliseconds: 2 + Int64(position)))
            entries.append(
                RaftEntry(index: LogIndex(UInt64(3 + position)), term: Term(1), content: .command(entry), size: 100))
        }
        var scene = try AgentScene(
            disk: RaftStoredState(hardState: founded.disk.hardState, snapshot: nil, entries: entries), run: 7)
        scene.elapse(.seconds(1))
        return scene
    }

    private static func hello(_ server: ServerID, _ session: UInt64) -> PoolCommand {
        .hello(
            ServerHello(
                server: server, session: SessionNumber(session), boot: UniqueIdentifier(high: 30, low: 1),
                run: UniqueIdentifier(high: 31, low: session), storage: UniqueIdentifier(high: 2, low: 3), formatVersion: 1,
                agentVersion: "test", facts: AgentScene.facts))
    }

    private static let machine = VirtualMachineID(1)

    // MARK: The source

    /// A machine that runs here and is to go to `beta`, its sending asked for.
    private static func sending() throws -> (scene: AgentScene, task: TaskID, operation: DomainOperationID) {
        var scene = try scene([])
        guard case .done(.machine(let id)) = try scene.submit(.createMachine(try AgentScene.definition())) else {
            throw AgentScene.NoAnswer()
        }
        _ = try scene.submit(.changeMachine(id, MachineChange(preferredServers: [ServerID(1)])))
        _ = try scene.submit(.startMachine(id))
        try scene.finish("create") { $0.domains = [$0.domain(id, .paused)] }
        try scene.finish("unpause") { $0.domains = [$0.domain(id, .running)] }
        _ = try scene.submit(.changeMachine(id, MachineChange(preferredServers: [])))
        guard case .done(.task(let task)) = try scene.submit(.migrateMachine(id, MigrationWish(target: beta))) else {
            throw AgentScene.NoAnswer()
        }
        let asked = try #require(scene.takeOperations().first)
        guard case .sendDomain(1, let transfer) = asked.operation else { throw AgentScene.NoAnswer() }
        #expect(transfer.peer == beta && transfer.epoch == PlacementEpoch(2) && transfer.memory == Mebibytes(512))
        return (scene, task, asked.id)
    }

    /// The word of `beta`, as the log has it.
    private static func report(_ word: MigrationWord, _ scene: inout AgentScene, epoch: UInt64 = 2) {
        let entry = PoolEntry(
            command: .migrationReported(machine, server: beta, session: SessionNumber(1), epoch: PlacementEpoch(epoch), word),
            principal: .server(beta), proposedAt: PoolTime(milliseconds: 1_000),
            request: RequestIdentity(member: beta, session: SessionNumber(1), sequence: 1, firstOutstanding: 1))
        scene.step(.received(.forward(entry), from: beta))
    }

    @Test("a guest that was sent stands suspended until the log has it handed over; then its domain is destroyed, and that is said")
    func handsOver() throws {
        var (scene, _, operation) = try Self.sending()
        scene.domains = [scene.domain(Self.machine, .suspended)]
        scene.step(.operationEnded(operation, .done))
        scene.answerListings()
        scene.elapse(.seconds(1))
        #expect(scene.takeOperations().isEmpty)

        Self.report(.received, &scene)
        scene.answerListings()
        #expect(try scene.machine(Self.machine).remnants.count == 1)
        try scene.finish("destroy") { $0.domains = [] }
        scene.elapse(.seconds(1))
        #expect(try scene.machine(Self.machine).remnants.isEmpty && scene.machine(Self.machine).placement?.server == Self.beta)
        #expect(scene.core.state.servers[ServerID(1)]?.strays == [])
    }

    @Test("a guest that could not be sent is said to the log first, and let go on only after that", arguments: [true, false])
    func fails(isSuspended: Bool) throws {
        var (scene, task, operation) = try Self.sending()
        scene.domains = [scene.domain(Self.machine, isSuspended ? .suspended : .running)]
        scene.step(.operationEnded(operation, .failed(cause: "The connection broke.")))
        #expect(scene.takeOperations().isEmpty)
        scene.answerListings()
        #expect(try scene.core.state.tasks[task]?.state == .failed && scene.machine(Self.machine).migration == nil)
        if isSuspended { try scene.finish("unsuspend") { $0.domains = [$0.domain(Self.machine, .running)] } }
        scene.elapse(.seconds(1))
        #expect(try scene.machine(Self.machine).status == .running && scene.takeOperations().isEmpty)
    }

    @Test("an attempt that is cancelled ends its sending, which may have come to its end meanwhile")
    func isCancelled() throws {
        var (scene, task, operation) = try Self.sending()
        _ = try scene.submit(.cancelTask(task))
        #expect(scene.effects.contains { if case .cancel(operation) = $0 { true } else { false } })
        scene.elapse(.seconds(1))
        #expect(scene.takeOperations().isEmpty)

        scene.domains = [scene.domain(Self.machine, .suspended)]
        scene.step(.operationEnded(operation, .done))
        scene.answerListings()
        try scene.finish("unsuspend") { $0.domains = [$0.domain(Self.machine, .running)] }
        #expect(try scene.machine(Self.machine).status == .running)
    }

    @Test("an agent that is stopped gives its sendings up first, and leaves its guests running")
    func isStopped() throws {
        var (scene, _, operation) = try Self.sending()
        scene.step(.stop)
        #expect(scene.effects.contains { if case .cancel(operation) = $0 { true } else { false } })
        #expect(scene.core.state.servers[ServerID(1)]?.isSessionOpen == true)
        scene.domains = [scene.domain(Self.machine, .suspended)]
        scene.step(.operationEnded(operation, .failed(cause: "It was cancelled.")))
        scene.answerListings()
        try scene.finish("unsuspend") { $0.domains = [$0.domain(Self.machine, .running)] }
        scene.elapse(.seconds(1))
        #expect(scene.core.state.servers[ServerID(1)]?.isSessionOpen == false)
        #expect(try scene.machine(Self.machine).status == .running)
    }

    @Test("a stop without force lets a guest go on that stands still for its move, and asks it to end; by force it is destroyed")
    func isStoppedByOperator() throws {
        for force in [false, true] {
            var (scene, _, operation) = try Self.sending()
            _ = try scene.submit(.stopMachine(Self.machine, force: force))
            scene.domains = [scene.domain(Self.machine, .suspended)]
            let early = scene.takeOperations()
            scene.step(.operationEnded(operation, .failed(cause: "It was cancelled.")))
            scene.answerListings()
            guard !force else {
                #expect((early + scene.takeOperations()).map(\.operation).contains(.destroy(domain: 1)))
                continue
            }
            try scene.finish("unsuspend") { $0.domains = [$0.domain(Self.machine, .running)] }
            #expect(scene.takeOperations().map(\.operation) == [.shutdown(domain: 1)])
        }
    }

    @Test("a guest that goes on, whatever was said of that, is not taken down at its next move")
    func forgetsALoss() throws {
        var (scene, _, operation) = try Self.sending()
        scene.domains = [scene.domain(Self.machine, .suspended)]
        scene.step(.operationEnded(operation, .failed(cause: "The connection broke.")))
        scene.answerListings()
        try scene.finish("unsuspend", with: .failed(cause: "Nobody knows.")) { $0.domains = [$0.domain(Self.machine, .running)] }
        scene.elapse(.seconds(1))
        _ = scene.takeOperations()

        guard case .done(.task) = try scene.submit(.migrateMachine(Self.machine, MigrationWish(target: Self.beta))) else {
            throw AgentScene.NoAnswer()
        }
        let again = try #require(scene.takeOperations().first)
        scene.domains = [scene.domain(Self.machine, .suspended)]
        scene.step(.operationEnded(again.id, .done))
        scene.answerListings()
        #expect(scene.takeOperations().isEmpty)
    }

    @Test("how much was sent is told as the task's progress")
    func tellsProgress() throws {
        var (scene, task, operation) = try Self.sending()
        scene.step(.operationProgressed(operation, mebibytes: 128))
        scene.elapse(.seconds(2))
        scene.step(.readProgress(ClientRequestID(900)))
        let told = scene.effects.compactMap { effect -> [TaskProgress]? in
            if case .answerProgress(_, let tasks) = effect { tasks } else { nil }
        }
        let progress = try #require(told.last?.first)
        #expect(progress.task == task && progress.phase == .sending && progress.permille == 250)
    }

    // MARK: The target

    /// A machine that runs on `beta` and is to come here, its receiving asked for.
    private static func receiving() throws -> (scene: AgentScene, operation: DomainOperationID) {
        let observed = PoolCommand.observed(
            machine, server: beta, session: SessionNumber(1), epoch: PlacementEpoch(1), .running)
        let definition = try AgentScene.definition()
        let preferring = MachineDefinition(
            name: definition.name, uuid: definition.uuid, configuration: definition.configuration, requirements: definition.requirements,
            preferredServers: [beta])
        var scene = try scene([
            (.createMachine(preferring), AgentScene.admin), (.startMachine(machine), AgentScene.admin), (observed, .server(beta)),
            (.changeMachine(machine, MachineChange(preferredServers: [])), AgentScene.admin),
        ])
        _ = try scene.submit(.migrateMachine(machine, MigrationWish(target: ServerID(1))))
        let asked = try #require(scene.takeOperations().first)
        guard case .receiveDomain(let specification, let transfer) = asked.operation else { throw AgentScene.NoAnswer() }
        #expect(specification.ownership.epoch == PlacementEpoch(2) && transfer.peer == beta)
        return (scene, asked.id)
    }

    @Test("what was received stands paused until the log has it handed over; then it is let run")
    func receives() throws {
        var (scene, operation) = try Self.receiving()
        scene.domains = [scene.domain(Self.machine, .paused, epoch: 2, number: 4)]
        scene.step(.operationEnded(operation, .done))
        #expect(try scene.machine(Self.machine).placement?.server == Self.beta && scene.takeOperations().isEmpty)
        scene.answerListings()
        #expect(try scene.machine(Self.machine).placement?.server == ServerID(1))
        try scene.finish("unpause") { $0.domains = [$0.domain(Self.machine, .running, epoch: 2, number: 4)] }
        #expect(try scene.machine(Self.machine).status == .running)
        #expect(scene.core.state.servers[ServerID(1)]?.strays == [])
    }

    @Test("what is received although the attempt was given up is never let run, and is taken down")
    func isGivenUp() throws {
        var (scene, operation) = try Self.receiving()
        let task = try #require(try scene.machine(Self.machine).task)
        _ = try scene.submit(.cancelTask(task))
        #expect(scene.effects.contains { if case .cancel(operation) = $0 { true } else { false } })
        scene.domains = [scene.domain(Self.machine, .paused, epoch: 2, number: 4)]
        scene.step(.operationEnded(operation, .done))
        scene.answerListings()
        scene.elapse(.seconds(1))
        try scene.finish("destroy") { $0.domains = [] }
        scene.elapse(.seconds(1))
        #expect(try scene.machine(Self.machine).remnants.isEmpty && scene.machine(Self.machine).placement?.server == Self.beta)
        #expect(scene.core.state.servers[ServerID(1)]?.strays == [])
    }

    @Test("a reception that the hypervisor does not answer is given up, and the log is told")
    func givesUpTheSilent() throws {
        var (scene, operation) = try Self.receiving()
        let task = try #require(try scene.machine(Self.machine).task)
        scene.elapse(.seconds(600))
        #expect(scene.effects.contains { if case .cancel(operation) = $0 { true } else { false } })
        #expect(scene.core.state.tasks[task]?.state == .failed)
        #expect(scene.core.state.tasks[task]?.cause.contains("has not answered for") == true)
    }

    @Test("an agent that is stopped when a guest was handed over to it lets that run first")
    func isStoppedAfterwards() throws {
        var (scene, operation) = try Self.receiving()
        scene.domains = [scene.domain(Self.machine, .paused, epoch: 2, number: 4)]
        scene.step(.operationEnded(operation, .done))
        scene.answerListings()
        let unpausing = scene.takeOperations()
        scene.step(.stop)
        scene.elapse(.seconds(1))
        #expect(scene.core.state.servers[ServerID(1)]?.isSessionOpen == true)

        // What the hypervisor did not do at first is asked of it again.
        scene.step(.operationEnded(try #require(unpausing.first).id, .done))
        scene.answerListings()
        try scene.finish("unpause") { $0.domains = [$0.domain(Self.machine, .running, epoch: 2, number: 4)] }
        scene.elapse(.seconds(1))
        #expect(try scene.machine(Self.machine).status == .running)
        #expect(scene.core.state.servers[ServerID(1)]?.isSessionOpen == false)
    }

    @Test("what cannot be received is said, with its cause; so is a domain that is not there")
    func cannotReceive() throws {
        for result in [DomainOperationResult.failed(cause: "There is no memory."), .done] {
            var (scene, operation) = try Self.receiving()
            let task = try #require(try scene.machine(Self.machine).task)
            scene.step(.operationEnded(operation, result))
            scene.answerListings()
            let cause = try #require(scene.core.state.tasks[task]?.cause)
            #expect(scene.core.state.tasks[task]?.state == .failed)
            #expect(cause == (result == .done ? "The domain that was built of what was received is not there." : "There is no memory."))
        }
    }
}
