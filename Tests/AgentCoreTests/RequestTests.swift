import AgentCore
import PoolModel
import PoolStateMachine
import Testing

@Suite("An agent answers its clients")
struct RequestTests {
    @Test("a write without a session waits, and is not taken when its patience ends")
    func refusesWithoutSession() throws {
        var scene = try AgentScene()

        scene.step(
            .submit(ClientRequestID(1), .deleteMachine(VirtualMachineID(1)), principal: AgentScene.admin, reason: "", idempotency: nil))
        for _ in 0..<200 {
            scene.time = scene.time + .milliseconds(100)
            scene.step(.timePassed)
        }

        let answers = scene.effects.compactMap { if case .answerWrite(_, let answer) = $0 { answer } else { nil } }
        #expect(answers == [.notTaken(cause: "no Server Pool Master was found in time")])
    }

    @Test("a stale read says that its age is unknown until a linearizable one has been answered")
    func tellsAge() throws {
        var scene = try ReconciliationTests.serving()
        var ages: [ReadAnswer] = []
        func answers() -> [ReadAnswer] {
            scene.effects.compactMap { if case .answerRead(_, let answer) = $0 { answer } else { nil } }
        }

        scene.step(.read(ClientRequestID(1), .stale))
        scene.step(.read(ClientRequestID(2), .linearizable))
        scene.time = scene.time + .milliseconds(40)
        scene.step(.read(ClientRequestID(3), .stale))
        ages = answers()

        #expect(ages == [.ready(age: nil), .ready(age: nil), .ready(age: .milliseconds(40))])
    }

    @Test("a refused command is answered with its cause and its cure")
    func answersRefusals() throws {
        var scene = try ReconciliationTests.serving()

        guard case .refused(let refusal) = try scene.submit(.startMachine(VirtualMachineID(9))) else { return #expect(Bool(false)) }

        #expect(refusal.type == .machineNotFound)
        #expect(refusal.message.contains("List the virtual machines"))
    }

    @Test("a stop in good order releases the session and leaves the domains alone")
    func stopsInGoodOrder() throws {
        var scene = try ReconciliationTests.serving()

        scene.step(.stop)
        scene.elapse(.seconds(1))

        #expect(scene.core.state.servers[ServerID(1)]?.isSessionOpen == false)
        #expect(scene.effects.contains { if case .stopped = $0 { true } else { false } })
        #expect(scene.takeOperations().isEmpty)
    }
}
