import PoolModel
import PoolStateMachine
import Testing

@Suite("A server's identity is bound to its hardware (fencing: sessions)")
struct HardwareTests {
    @Test("the first HELLO that names a hardware binds the server to it, and says so; another or none is refused from then on")
    func bindsOnce() throws {
        var scene = try PoolScene()
        scene.open(PoolScene.one)
        #expect(scene.state.servers[PoolScene.one]?.hardware == nil)

        let bound = scene.open(PoolScene.one, hardware: 5)
        let before = scene.state
        let others = [scene.open(PoolScene.one, hardware: 6), scene.open(PoolScene.one), scene.open(PoolScene.one, boot: 2, hardware: 6)]

        #expect(bound == .done(.none))
        #expect(before.servers[PoolScene.one]?.hardware == PoolScene.hardware(5))
        #expect(before.events.events.last?.kind == "server-hardware-bound")
        for other in others { expectRefused(other, .serverHardwareChanged) }
        #expect(scene.state.servers == before.servers)
        #expect(scene.open(PoolScene.one, boot: 2, hardware: 5) == .done(.none))
        #expect(scene.state.events.events.count { $0.kind == "server-hardware-bound" } == 1)
    }

    @Test("the refusal names both, and the way back after a new mainboard")
    func saysWhatToDo() throws {
        var scene = try PoolScene()
        scene.open(PoolScene.one, hardware: 5)

        guard case .refused(let refusal) = scene.open(PoolScene.one) else { throw SceneError(outcome: .done(.none)) }

        for words in ["alpha", PoolScene.hardware(5).description, "hardware without a UUID", "copied", "remove", "join it anew"] {
            #expect(refusal.message.contains(words), "\(refusal.message)")
        }
    }

    @Test("a founder and a joiner that name their hardware are bound from the beginning")
    func bindsAtFoundingAndJoining() throws {
        var scene = PoolScene(unfounded: ())
        let foundation = PoolFoundation(
            pool: UniqueIdentifier(high: 7, low: 7), name: "test", authority: PoolScene.digest(1),
            founder: try PoolScene.newServer(1, hardware: 5),
            credential: OperatorCredential(name: "root", secret: PoolScene.digest(2), role: .administrator))
        scene.apply(.createPool(foundation), by: .server(PoolScene.one))
        // As a credential of the founding is numbered by its entry.
        let token = try scene.createToken()
        let join = JoinRequest(token: token, secret: PoolScene.digest(9), server: try PoolScene.newServer(2, hardware: 6))

        #expect(scene.apply(.join(join), by: .joiner(token)) == .done(.server(PoolScene.two)))
        expectRefused(scene.open(PoolScene.one, hardware: 6), .serverHardwareChanged)
        expectRefused(scene.open(PoolScene.two, hardware: 5), .serverHardwareChanged)
        #expect(scene.open(PoolScene.one, hardware: 5) == .done(.none))
        #expect(scene.open(PoolScene.two, hardware: 6) == .done(.none))
    }

    @Test("two servers may name the same hardware: some firmware gives every board the same")
    func takesEqualOnes() throws {
        var scene = try PoolScene(servers: 2)

        #expect(scene.open(PoolScene.one, hardware: 5) == .done(.none))
        #expect(scene.open(PoolScene.two, hardware: 5) == .done(.none))
    }

    @Test("the digest tells one hardware from another, and a snapshot keeps it")
    func isPartOfTheState() throws {
        var bound: [PoolState] = []
        for number in [5, 6] as [UInt64] {
            var scene = try PoolScene()
            scene.open(PoolScene.one, hardware: number)
            // What the events say of it shall not be what makes the difference.
            for count in 0..<PoolLimits.events { scene.open(PoolScene.one, run: UInt64(count) + 100, hardware: number) }
            bound.append(scene.state)
        }

        let restored = try PoolState(restoring: bound[0].parts)

        #expect(bound[0].digest != bound[1].digest)
        #expect(restored.digest == bound[0].digest)
        #expect(restored.servers == bound[0].servers)
    }
}
