import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("An agent suspends guests to images, and resumes them")
struct SuspendTests {
    private static let image = DomainImage(root: "/OVS", pool: AgentScene.pool, stem: "web01-1", epoch: PlacementEpoch(1))

    /// A machine that has run for a minute.
    private static func running() throws -> (AgentScene, VirtualMachineID) {
        var scene = try ReconciliationTests.serving()
        let machine = try scene.startMachine()
        try scene.finish("create") { $0.domains = [$0.domain(machine, .paused)] }
        try scene.finish("unpause") { $0.domains = [$0.domain(machine, .running)] }
        scene.elapse(.seconds(60))
        return (scene, machine)
    }

    /// A machine whose guest is suspended, and whose suspend is not said yet.
    private static func suspending() throws -> (AgentScene, VirtualMachineID, TaskID) {
        var (scene, machine) = try running()
        guard case .done(.task(let task)) = try scene.submit(.suspendMachine(machine)) else { throw AgentScene.NoAnswer() }
        return (scene, machine, task)
    }

    @Test("its domain is destroyed only once the log has its image, and it goes on from that in a new domain")
    func comesAndGoes() throws {
        var (scene, machine, _) = try Self.suspending()
        let asked = scene.takeOperations()
        #expect(asked.map(\.operation) == [.suspend(domain: 1, to: Self.image)])

        scene.domains = [scene.domain(machine, .suspended)]
        scene.step(.operationEnded(try #require(asked.first).id, .done))
        let before = try scene.machine(machine).image?.phase
        scene.answerListings()
        #expect(before == .writing)
        #expect(try scene.machine(machine).image?.phase == .whole)
        try scene.finish("destroy") { $0.domains = [] }
        #expect(try scene.machine(machine).status == .suspended)

        _ = try scene.submit(.resumeMachine(machine))
        let resumed = try #require(scene.takeOperations().first)
        guard case .createPaused(let specification) = resumed.operation else { throw AgentScene.NoAnswer() }
        scene.domains = [scene.domain(machine, .paused, epoch: 2, number: 2)]
        scene.step(.operationEnded(resumed.id, .done))
        scene.answerListings()
        try scene.finish("unpause") { $0.domains = [$0.domain(machine, .running, epoch: 2, number: 2)] }

        #expect(specification.image == Self.image && specification.ownership.epoch == PlacementEpoch(2))
        let running = try scene.machine(machine)
        #expect(running.status == .running && running.placement?.image == nil)
    }

    @Test(
        "a suspend that fails leaves the guest running; one that is done and said to have failed lets it go on", arguments: [true, false])
    func fails(goesOn: Bool) throws {
        var (scene, machine, task) = try Self.suspending()

        try scene.finish("suspend", with: .failed(cause: "The disk is full.")) {
            $0.domains = [$0.domain(machine, goesOn ? .running : .suspended)]
        }
        if !goesOn { try scene.finish("unsuspend") { $0.domains = [$0.domain(machine, .running)] } }

        let found = try scene.machine(machine)
        #expect(found.status == .running && found.image == nil && scene.takeOperations().isEmpty)
        #expect(scene.core.state.tasks[task]?.state == .failed && scene.core.state.tasks[task]?.cause == "The disk is full.")
    }

    @Test("a guest that cannot go on is taken down, with the reason")
    func losesGuest() throws {
        var (scene, machine, _) = try Self.suspending()
        try scene.finish("suspend", with: .failed(cause: "The disk is full.")) { $0.domains = [$0.domain(machine, .suspended)] }

        try scene.finish("unsuspend", with: .failed(cause: "It does not."))
        try scene.finish("destroy") { $0.domains = [] }

        let found = try scene.machine(machine)
        #expect(found.status == .error && found.cause == "It was not suspended, and its guest could not be let go on: It does not.")
    }

    @Test("the next run of the agent asks what became of an image that was being written, and goes on from there")
    func agentIsStartedAnew() throws {
        let (scene, machine, _) = try Self.suspending()
        var next = try AgentScene(disk: scene.disk, run: 2)
        next.time = scene.time
        next.domains = [next.domain(machine, .suspended)]
        next.elapse(.seconds(5))

        let asked = next.takeOperations()
        next.step(.operationEnded(try #require(asked.first).id, .done))
        next.answerListings()
        try next.finish("destroy") { $0.domains = [] }

        #expect(asked.map(\.operation) == [.suspend(domain: 1, to: Self.image)])
        #expect(try next.machine(machine).status == .suspended)
    }

    @Test("a domain that was built from an image and never let run is destroyed by the next run of the agent; the image is given back")
    func resumeIsInterrupted() throws {
        var (scene, machine, _) = try Self.suspending()
        try scene.finish("suspend") { $0.domains = [$0.domain(machine, .suspended)] }
        try scene.finish("destroy") { $0.domains = [] }
        _ = try scene.submit(.resumeMachine(machine))
        try scene.finish("create") { $0.domains = [$0.domain(machine, .paused, epoch: 2, number: 2)] }

        var next = try AgentScene(disk: scene.disk, run: 2)
        next.time = scene.time
        next.domains = scene.domains
        next.elapse(.seconds(5))
        try next.finish("destroy") { $0.domains = [] }

        let found = try next.machine(machine)
        #expect(found.status == .suspended && found.image?.phase == .whole && found.image?.epoch == PlacementEpoch(1))
    }

    @Test("an image that is thrown away is removed once, and what came of that is said", arguments: [nil, "It is read-only."])
    func discards(failure: String?) throws {
        var (scene, machine, _) = try Self.suspending()
        try scene.finish("suspend") { $0.domains = [$0.domain(machine, .suspended)] }
        try scene.finish("destroy") { $0.domains = [] }

        _ = try scene.submit(.stopMachine(machine, force: true))
        scene.elapse(.seconds(5))
        let operations = scene.takeOperations()
        #expect(operations.map(\.operation) == [.removeImage(Self.image)])
        scene.step(.operationEnded(try #require(operations.first).id, failure.map { .failed(cause: $0) } ?? .done))
        scene.elapse(.seconds(5))

        let found = try scene.machine(machine)
        #expect(found.status == .poweredOff && found.image == nil && scene.takeOperations().isEmpty)
        #expect(found.cause.contains(failure ?? "has removed the file"))
    }

    @Test("a guest that stands still is not suspended")
    func refusesPaused() throws {
        var (scene, machine, task) = try Self.suspending()
        _ = scene.takeOperations()
        scene.step(.operationEnded(DomainOperationID(3), .failed(cause: "It is paused.")))
        scene.domains = [scene.domain(machine, .paused)]
        scene.elapse(.seconds(3))

        #expect(scene.core.state.tasks[task]?.state == .failed)
        #expect(try scene.machine(machine).status == .paused)
    }
}
