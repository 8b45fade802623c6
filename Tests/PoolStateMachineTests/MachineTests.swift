import Placement
import PoolModel
import Testing

@testable import PoolStateMachine

@Suite("Creating, changing and deleting virtual machines")
struct MachineTests {
    @Test("a new machine is powered off, placed nowhere, and found by its name")
    func creates() throws {
        var scene = try PoolScene()

        let id = try scene.createMachine()

        let name = try #require(VirtualMachineName("web"))
        let machine = try #require(scene.state.machine(named: name))
        #expect(machine.id == id)
        #expect(machine.status == .poweredOff)
        #expect(machine.intent == .stopped)
        #expect(machine.placement == nil)
        #expect(machine.createdAt == scene.state.appliedIndex)
    }

    @Test("names and UUIDs are unique, and free again after a deletion; numbers are not")
    func keepsUnique() throws {
        var scene = try PoolScene()
        let first = try scene.createMachine()

        expectRefused(scene.apply(.createMachine(try PoolScene.definition("web", uuid: 5))), .machineNameTaken)
        let uuid = try #require(scene.state.machines[first]?.uuid.low)
        expectRefused(scene.apply(.createMachine(try PoolScene.definition("db", uuid: uuid))), .machineUUIDTaken)
        #expect(scene.apply(.deleteMachine(first)) == .done(.none))
        #expect(scene.apply(.createMachine(try PoolScene.definition())) == .done(.machine(VirtualMachineID(2))))
    }

    @Test(
        "requirements outside their bounds are refused",
        arguments: [(0, 1), (64 * 1024 * 1024 + 1, 1), (1, 0), (1, 513), (1 << 50, 1), (1, Int.max), (1, -1)])
    func boundsRequirements(memory: Int, virtualCPUs: Int) throws {
        var scene = try PoolScene()
        let id = try scene.createMachine("db")

        expectRefused(
            scene.apply(.createMachine(try PoolScene.definition(memory: memory, virtualCPUs: virtualCPUs))), .invalidValue)
        expectRefused(
            scene.apply(.changeMachine(id, MachineChange(memory: Mebibytes(memory), virtualCPUs: virtualCPUs))), .invalidValue)
    }

    @Test("a configuration has at most 64 KiB")
    func boundsConfiguration() throws {
        var scene = try PoolScene()
        let longest = String(repeating: "#", count: 65_536)

        expectRefused(scene.apply(.createMachine(try PoolScene.definition(configuration: longest + "#"))), .invalidValue)
        #expect(scene.apply(.createMachine(try PoolScene.definition(configuration: longest))) == .done(.machine(VirtualMachineID(1))))
    }

    @Test("preferred servers must be servers of the pool")
    func checksPreferred() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.createMachine("db")
        scene.apply(.removeServer(PoolScene.two))

        expectRefused(scene.apply(.createMachine(try PoolScene.definition(preferred: [ServerID(9)]))), .serverNotFound)
        expectRefused(scene.apply(.createMachine(try PoolScene.definition(preferred: [PoolScene.two]))), .serverNotFound)
        expectRefused(scene.apply(.changeMachine(id, MachineChange(preferredServers: [PoolScene.two]))), .serverNotFound)
    }

    @Test("a machine that runs grows no further than it was started for, one that is off does; preferred servers change at any time")
    func changes() throws {
        var scene = try PoolScene(servers: 2)
        let id = try scene.runMachine(on: PoolScene.one)
        let reserved = scene.state.reservations(on: PoolScene.one)

        expectRefused(scene.apply(.changeMachine(id, MachineChange(memory: Mebibytes(2_000)))), .machineStateForbids)
        expectRefused(scene.apply(.changeMachine(id, MachineChange(virtualCPUs: 2))), .machineStateForbids)
        #expect(scene.apply(.changeMachine(id, MachineChange(preferredServers: [PoolScene.two]))) == .done(.none))
        #expect(scene.state.machines[id]?.placement?.server == PoolScene.one)
        #expect(scene.state.reservations(on: PoolScene.one) == reserved)

        scene.observe(id, .stopped(.poweredOffItself, cause: "The guest powered itself off."))
        #expect(scene.apply(.changeMachine(id, MachineChange(memory: Mebibytes(2_000), virtualCPUs: 3))) == .done(.none))
        try scene.start(id)
        #expect(scene.state.machines[id]?.placement?.server == PoolScene.two)
        #expect(scene.state.reservations(on: PoolScene.two).memory == Mebibytes(2_000))
        #expect(scene.state.reservations(on: PoolScene.two).virtualCPUs == 3)
    }

    @Test("a placed machine cannot be deleted, an unknown one cannot be found")
    func refusesDeletion() throws {
        var scene = try PoolScene()
        let id = try scene.runMachine(on: PoolScene.one)

        expectRefused(scene.apply(.deleteMachine(id)), .machineStateForbids)
        expectRefused(scene.apply(.deleteMachine(VirtualMachineID(9))), .machineNotFound)
        expectRefused(scene.apply(.changeMachine(VirtualMachineID(9), MachineChange())), .machineNotFound)
        #expect(scene.state.machines[id] != nil)
    }

    @Test("a pool has at most 10,000 virtual machines")
    func boundsMachines() throws {
        var scene = try PoolScene()
        for number in 0..<10_000 {
            let outcome = scene.state.apply(
                PoolEntry(
                    command: .createMachine(try PoolScene.definition("vm\(number)", uuid: UInt64(number))), principal: PoolScene.root,
                    proposedAt: .zero), at: scene.state.appliedIndex.next
            ).outcome
            guard case .done = outcome else { throw SceneError(outcome: outcome) }
        }

        let outcome = scene.apply(.createMachine(try PoolScene.definition("more", uuid: 10_000)))

        expectRefused(outcome, .tooManyMachines)
    }
}

@Suite("Tags")
struct TagTests {
    @Test("a tag is set, replaced and deleted, and its bytes are counted")
    func putsAndDeletes() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let owner = try PoolScene.tag("owner")

        scene.apply(.putTag(id, key: owner, value: "ann"))
        #expect(scene.state.machines[id]?.tags == [owner: "ann"])
        #expect(scene.state.totalTagBytes == 8)
        scene.apply(.putTag(id, key: owner, value: "berta"))
        #expect(scene.state.totalTagBytes == 10)
        scene.apply(.deleteTag(id, key: owner))

        #expect(scene.state.machines[id]?.tags == [:])
        #expect(scene.state.totalTagBytes == 0)
        expectRefused(scene.apply(.deleteTag(id, key: owner)), .tagNotFound)
        expectRefused(scene.apply(.putTag(VirtualMachineID(9), key: owner, value: "")), .machineNotFound)
        expectRefused(scene.apply(.deleteTag(VirtualMachineID(9), key: owner)), .machineNotFound)
    }

    @Test("a value has at most 1,024 bytes, not characters")
    func boundsValues() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        let key = try PoolScene.tag("k")

        #expect(scene.apply(.putTag(id, key: key, value: String(repeating: "ä", count: 512))) == .done(.none))
        expectRefused(scene.apply(.putTag(id, key: key, value: String(repeating: "ä", count: 513))), .invalidValue)
    }

    @Test("a machine has at most 32,768 tags; one that is there may still be replaced")
    func boundsTags() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        for number in 0..<32_768 {
            let entry = PoolEntry(
                command: .putTag(id, key: try PoolScene.tag("t/\(number)"), value: ""), principal: PoolScene.root, proposedAt: .zero)
            _ = scene.state.apply(entry, at: scene.state.appliedIndex.next)
        }

        expectRefused(scene.apply(.putTag(id, key: try PoolScene.tag("more"), value: "")), .tooManyTags)
        #expect(scene.apply(.putTag(id, key: try PoolScene.tag("t/0"), value: "new")) == .done(.none))
        #expect(scene.state.machines[id]?.tags.count == 32_768)
    }

    @Test("the tags of a pool take at most 64 MiB together; what makes them smaller is always taken")
    func boundsTagsOfPool() throws {
        var scene = try PoolScene()
        let (one, other) = (try scene.createMachine("one"), try scene.createMachine("other"))
        let key = try PoolScene.tag("k")
        scene.apply(.putTag(one, key: key, value: "abc"))
        // As if others had filled the rest, but for four bytes.
        scene.state.tagBytes = 64 * 1_024 * 1_024 - 4

        expectRefused(scene.apply(.putTag(other, key: key, value: "abcd")), .tooManyTags)
        expectRefused(scene.apply(.putTag(one, key: key, value: "abcdefgh")), .tooManyTags)
        #expect(scene.state.machines[other]?.tags == [:] && scene.state.machines[one]?.tags == [key: "abc"])
        #expect(scene.apply(.putTag(other, key: key, value: "abc")) == .done(.none))
        expectRefused(scene.apply(.putTag(other, key: try PoolScene.tag("l"), value: "")), .tooManyTags)
        #expect(scene.apply(.putTag(one, key: key, value: "a")) == .done(.none))
        #expect(scene.state.totalTagBytes == 64 * 1_024 * 1_024 - 2)
    }

    @Test("deleting a machine gives back the bytes of its tags")
    func freesTagsOfDeleted() throws {
        var scene = try PoolScene()
        let id = try scene.createMachine()
        scene.apply(.putTag(id, key: try PoolScene.tag("k"), value: "value"))

        scene.apply(.deleteMachine(id))

        #expect(scene.state.totalTagBytes == 0)
    }
}
