import PoolModel
import PoolStateMachine
import Testing

@Suite("Founding a pool, and its format")
struct FoundingTests {
    @Test("the founder becomes server 1, and the first credential is an administrator's")
    func founds() throws {
        let scene = try PoolScene()

        #expect(scene.state.pool?.name == "test")
        #expect(scene.state.activeServers.map(\.id) == [PoolScene.one])
        #expect(scene.state.credential(withSecret: PoolScene.digest(2))?.credential.name == "root")
        #expect(scene.state.settings == PoolSettings())
        #expect(scene.state.formatVersion == 1)
    }

    @Test("nothing happens before the founding")
    func refusesBeforeFounding() throws {
        var scene = PoolScene(unfounded: ())

        let outcome = scene.apply(.createMachine(try PoolScene.definition()))

        expectRefused(outcome, .noPool)
        #expect(scene.state.machines.isEmpty)
    }

    @Test("a pool is founded once")
    func foundsOnce() throws {
        var scene = try PoolScene()
        let again = PoolFoundation(
            pool: UniqueIdentifier(high: 8, low: 8), name: "other", authority: PoolScene.digest(1),
            founder: try PoolScene.newServer(2), credential: OperatorCredential(name: "eve", secret: PoolScene.digest(3), role: .viewer))

        let outcome = scene.apply(.createPool(again))

        expectRefused(outcome, .notAllowed)
        #expect(scene.state.pool?.name == "test")
    }

    @Test("the format rises only when every server has announced it, and never falls")
    func raisesFormat() throws {
        var scene = try PoolScene(servers: 2)
        scene.open(PoolScene.one, format: 2)

        let early = scene.apply(.raiseFormat(version: 2), by: .master(PoolScene.one))
        scene.open(PoolScene.two, format: 2)
        let ready = scene.apply(.raiseFormat(version: 2), by: .master(PoolScene.one))
        let again = scene.apply(.raiseFormat(version: 1), by: .master(PoolScene.one))

        expectRefused(early, .formatNotRaised)
        #expect(ready == .done(.none))
        expectRefused(again, .formatNotRaised)
        #expect(scene.state.formatVersion == 2)
    }

    @Test("pool time never goes backwards, whatever a proposer's clock says")
    func keepsTimeMonotonic() throws {
        var scene = try PoolScene()
        let before = scene.state.poolTime

        scene.clock = 5
        scene.apply(.maintenance(server: PoolScene.one, isOn: true))

        #expect(scene.state.poolTime == before)
    }
}
