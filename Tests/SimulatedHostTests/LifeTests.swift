import AgentCore
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("the life of a simulated domain")
struct LifeTests {
    @Test("a domain is built paused, runs when unpaused, ends when asked, and is gone when destroyed, each in its time")
    func livesThrough() throws {
        var scene = Scene()
        var told: [SimulatedHostChange] = []

        _ = scene.begin(.createPaused(try Scene.specification(1)))
        told += scene.elapse(99)
        #expect(scene.state(of: 1) == .paused)
        told += scene.elapse(1)
        _ = scene.begin(.unpause(domain: 1))
        told += scene.elapse(10)
        #expect(scene.state(of: 1) == .running)
        _ = scene.begin(.shutdown(domain: 1))
        told += scene.elapse(502)
        #expect(scene.state(of: 1) == .running)
        told += scene.elapse(1)
        #expect(scene.state(of: 1) == .ended(.powerOff))
        _ = scene.begin(.destroy(domain: 1))
        told += scene.elapse(39)
        #expect(scene.state(of: 1) == .dying)
        told += scene.elapse(1)

        #expect(scene.model.domainReports.isEmpty)
        #expect(told.results == [.done, .done, .done, .done])
        #expect(
            told.events == ["100 ms: created 1", "102 ms: started 1", "613 ms: ended(AgentCore.DomainEnd.powerOff) 1", "653 ms: stopped 1"])
    }

    @Test("a listing shows what the agent wrote beside the domain")
    func reports() throws {
        var scene = Scene()
        let specification = try Scene.specification(7, memory: 2_048, epoch: 3)

        #expect(scene.perform(.createPaused(specification)) == .done)

        #expect(
            scene.model.domainReports == [
                DomainReport(
                    domain: 1, name: "machine-7", uuid: specification.uuid, state: .paused, memory: Mebibytes(2_048), virtualCPUs: 2,
                    ownership: specification.ownership)
            ])
    }

    @Test("a number is not used twice in a boot")
    func countsUp() throws {
        var scene = Scene()
        let first = try scene.runningDomain(1)

        #expect(scene.perform(.destroy(domain: first)) == .done)
        let second = try scene.runningDomain(1)

        #expect([first, second] == [1, 2])
    }

    @Test("memory is taken while a domain is built, ended or dying, and free once it is gone")
    func holdsMemory() throws {
        var scene = Scene()
        let full = scene.model.freeMemory
        #expect(full == Mebibytes(62 * 1_024))

        _ = scene.begin(.createPaused(try Scene.specification(1, memory: 1_000)))
        #expect(scene.model.freeMemory == full - Mebibytes(1_000))
        _ = scene.elapse(100)
        #expect(scene.perform(.unpause(domain: 1)) == .done)
        #expect(scene.model.control(.endGuest(domain: 1, .crash), now: scene.now) == nil)
        #expect(scene.state(of: 1) == .ended(.crash))
        #expect(scene.model.freeMemory == full - Mebibytes(1_000))
        _ = scene.begin(.destroy(domain: 1))
        #expect(scene.model.freeMemory == full - Mebibytes(1_000))
        _ = scene.elapse(40)

        #expect(scene.model.freeMemory == full)
    }

    @Test("a guest asked to shut down while paused does so once it runs")
    func shutsDownWhenUnpaused() throws {
        var scene = Scene()
        _ = scene.perform(.createPaused(try Scene.specification(1)))

        #expect(scene.perform(.shutdown(domain: 1)) == .done)
        _ = scene.elapse(10_000)
        #expect(scene.state(of: 1) == .paused)
        #expect(scene.perform(.unpause(domain: 1)) == .done)
        _ = scene.elapse(500)

        #expect(scene.state(of: 1) == .ended(.powerOff))
    }

    @Test("a guest that ignores a shutdown runs on, and is destroyed all the same")
    func ignoresShutdown() throws {
        var scene = Scene()
        #expect(scene.model.control(.ignoreShutdown(name: "machine-1", true), now: scene.now) == nil)
        let domain = try scene.runningDomain(1)

        #expect(scene.perform(.shutdown(domain: domain)) == .done)
        _ = scene.elapse(100_000)
        #expect(scene.state(of: domain) == .running)

        #expect(scene.perform(.destroy(domain: domain)) == .done)
        #expect(scene.model.domainReports.isEmpty)
    }

    @Test("a domain destroyed while it is built fails its builder, and both are answered")
    func destroysWhileBuilding() throws {
        var scene = Scene()
        _ = scene.begin(.createPaused(try Scene.specification(1)))
        _ = scene.elapse(1)

        _ = scene.begin(.destroy(domain: 1))
        let told = scene.elapse(1_000)

        #expect(told.events == ["41 ms: stopped 1"])
        #expect(told.results == [.done, .failed(cause: "Domain 1 was destroyed while it was being built.")])
        #expect(scene.model.freeMemory == Mebibytes(62 * 1_024))
    }

    @Test("a second destruction is answered together with the first")
    func joinsDestruction() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(1)

        _ = scene.begin(.destroy(domain: domain))
        _ = scene.elapse(20)
        _ = scene.begin(.destroy(domain: domain))
        #expect(scene.elapse(19).isEmpty)
        let told = scene.elapse(1)

        #expect(told.results == [.done, .done])
    }

    @Test("a power cut takes every domain and leaves operations unanswered; the next boot counts from one again")
    func losesPower() throws {
        var scene = Scene()
        _ = try scene.runningDomain(1)
        _ = scene.begin(.createPaused(try Scene.specification(2)))
        let next = UniqueIdentifier(high: 0xB007, low: 2)

        let told = scene.model.powerCut(newBoot: next, now: scene.now)

        #expect(told.results.isEmpty)
        #expect(told.events == ["102 ms: stopped 1", "102 ms: stopped 2", "102 ms: booted"])
        #expect(scene.model.boot == next)
        #expect(scene.model.domainReports.isEmpty)
        #expect(scene.model.nextDeadline == nil)
        #expect(try scene.runningDomain(1) == 1)
    }

    @Test("equal seeds give equal hosts, and another seed another one")
    func repeatsItself() throws {
        func life(seed: UInt64) throws -> [SimulatedHostChange] {
            var scene = Scene(durations: SimulatedDurations(), seed: seed)
            var told: [SimulatedHostChange] = []
            for number in 1...8 { _ = scene.begin(.createPaused(try Scene.specification(UInt64(number)))) }
            told += scene.elapse(1_000)
            for number in 1...8 { _ = scene.begin(.unpause(domain: UInt32(number))) }
            told += scene.elapse(1_000)
            return told
        }

        let first = try life(seed: 5)

        #expect(first.results.count == 16)
        #expect(try life(seed: 5) == first)
        #expect(try life(seed: 6) != first)
    }
}
