import PoolModel
import PoolStateMachine
import Testing

@Suite("Looking at a console is noted, and changes nothing")
struct ConsoleTests {
    @Test("the event says who looked at what, where and why; the machine's version stays")
    func notes() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine("web", on: PoolScene.one)
        let before = try #require(scene.state.machines[id])

        for kind in ConsoleKind.allCases {
            #expect(scene.apply(.openConsole(id, epoch: before.epoch, kind)) == .done(.none))
        }

        let events = scene.state.events.events.filter { $0.kind == PoolEventKind.machineConsoleOpened.rawValue }
        let name = try #require(scene.state.servers[PoolScene.one]?.name)
        #expect(
            events.map(\.text)
                == ["text console", "display", "console log"].map {
                    "The \($0) of virtual machine web on server \(name) was opened."
                })
        #expect(events.allSatisfy { $0.principal.hasPrefix("operator ") && $0.object == "web" })
        #expect(scene.state.machines[id] == before)
    }

    @Test("a placement that is no more has no console, nor has a machine that does not run or exist")
    func refuses() throws {
        var scene = try PoolScene()
        let running = try scene.runMachine("web", on: PoolScene.one)
        let stopped = try scene.createMachine("db")
        let epoch = try #require(scene.state.machines[running]?.epoch)

        expectRefused(scene.apply(.openConsole(running, epoch: epoch.next, .text)), .machineStateForbids)
        expectRefused(scene.apply(.openConsole(stopped, epoch: .none, .text)), .machineStateForbids)
        expectRefused(scene.apply(.openConsole(VirtualMachineID(99), epoch: epoch, .text)), .machineNotFound)
    }

    @Test("a viewer may not look, and no server may")
    func authorises() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine("web", on: PoolScene.one)
        let epoch = try #require(scene.state.machines[id]?.epoch)
        let credential = OperatorCredential(name: "vera", secret: PoolScene.digest(77), role: .viewer)
        guard case .done(.credential(let vera)) = scene.apply(.createCredential(credential)) else { return #expect(Bool(false)) }
        let open = PoolCommand.openConsole(id, epoch: epoch, .log)

        expectRefused(scene.apply(open, by: .operator(name: "vera", credential: vera)), .notAllowed)
        expectRefused(scene.apply(open, by: .server(PoolScene.one)), .notAllowed)
        expectRefused(scene.apply(open, by: .master(PoolScene.one)), .notAllowed)
    }
}
