import AgentCore
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("what a simulated host refuses")
struct RefusalTests {
    @Test("a name or a UUID that a domain has is refused, whoever started that domain")
    func refusesDuplicates() throws {
        var scene = Scene()
        let foreign = ForeignDomain(name: "machine-3", uuid: UniqueIdentifier(high: 9, low: 9), memory: Mebibytes(10))
        _ = try scene.runningDomain(1)
        #expect(scene.model.control(.startForeign(foreign), now: scene.now) == nil)
        let before = scene.model.domainReports

        let name = scene.perform(.createPaused(try Scene.specification(2, name: "machine-1")))
        let uuid = scene.perform(.createPaused(try Scene.specification(2, uuid: UniqueIdentifier(high: 0, low: 1))))
        let taken = scene.perform(.createPaused(try Scene.specification(3)))

        #expect(name == .failed(cause: "Domain 1 already has the name machine-1."))
        #expect(uuid == .failed(cause: "Domain 1 already has the UUID 00000000-0000-0000-0000-000000000001."))
        #expect(taken == .failed(cause: "Domain 2 already has the name machine-3."))
        #expect(scene.model.domainReports == before)
    }

    @Test("more memory than is free is refused with both figures, the last mebibyte is given")
    func refusesMemory() throws {
        var scene = Scene()

        let refused = scene.perform(.createPaused(try Scene.specification(1, memory: 62 * 1_024 + 1)))
        let none = scene.perform(.createPaused(try Scene.specification(1, memory: 0)))
        let exact = scene.perform(.createPaused(try Scene.specification(1, memory: 62 * 1_024)))

        #expect(refused == .failed(cause: "There is not enough free memory: 63489 MiB needed, 63488 MiB free."))
        #expect(none == .failed(cause: "A domain needs memory, and this one asks for none."))
        #expect(exact == .done)
        #expect(scene.model.freeMemory == .zero)
    }

    @Test("a bridge, a disk or a domain type that the server lacks is refused")
    func refusesWhatIsMissing() throws {
        var scene = Scene(capacity: SimulatedCapacity(domainTypes: [.pv]))

        let type = scene.perform(.createPaused(try Scene.specification(1, type: .hvm)))
        let bridge = scene.perform(.createPaused(try Scene.specification(1, type: .pv, bridges: ["xenbr7"])))
        let disk = scene.perform(.createPaused(try Scene.specification(1, type: .pv, disks: ["/OVSX/system.img"])))

        #expect(type == .failed(cause: "The hypervisor cannot run domains of the type hvm."))
        #expect(bridge == .failed(cause: "The bridge xenbr7 does not exist."))
        #expect(disk == .failed(cause: "The disk /OVSX/system.img does not exist: no storage root of this server contains it."))
        #expect(scene.model.domainReports.isEmpty)
    }

    @Test("only a paused domain is unpaused")
    func refusesUnpause() throws {
        var scene = Scene()
        let running = try scene.runningDomain(1)
        _ = scene.begin(.createPaused(try Scene.specification(2)))

        let building = scene.perform(.unpause(domain: 2))
        let again = scene.perform(.unpause(domain: running))
        #expect(scene.model.control(.endGuest(domain: running, .powerOff), now: scene.now) == nil)
        let ended = scene.perform(.unpause(domain: running))
        let absent = scene.perform(.unpause(domain: 99))

        #expect(building == .failed(cause: "Domain 2 is still being built."))
        #expect(again == .failed(cause: "Domain 1 is not paused."))
        #expect(ended == .failed(cause: "The guest of domain 1 has ended."))
        #expect(absent == .failed(cause: "Domain 99 does not exist."))
    }

    @Test("an unpause is judged again when it takes effect: a domain destroyed meanwhile never runs")
    func unpauseLosesToDestroy() throws {
        var scene = Scene()
        _ = scene.perform(.createPaused(try Scene.specification(1)))

        _ = scene.begin(.unpause(domain: 1))
        _ = scene.begin(.destroy(domain: 1))
        let told = scene.elapse(1_000)

        #expect(told.events == ["140 ms: stopped 1"])
        #expect(told.results == [.failed(cause: "Domain 1 does not run."), .done])
    }

    @Test("no domain, no shutdown and no destruction")
    func refusesAbsent() {
        var scene = Scene()

        #expect(scene.perform(.shutdown(domain: 5)) == .failed(cause: "Domain 5 does not exist."))
        #expect(scene.perform(.destroy(domain: 5)) == .failed(cause: "Domain 5 does not exist."))
        #expect(scene.model.control(.endGuest(domain: 5, .crash), now: scene.now) == "Domain 5 does not exist.")
        #expect(scene.model.control(.pause(domain: 5), now: scene.now) == "Domain 5 does not exist.")
    }
}
