import AgentCore
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("faults of a simulated host")
struct FaultTests {
    @Test("a fault strikes the next operation of its kind, once")
    func failsNext() throws {
        var scene = Scene()
        #expect(scene.model.control(.inject(.create, .fails(cause: "The builder broke.")), now: scene.now) == nil)

        let first = scene.perform(.createPaused(try Scene.specification(1)))
        #expect(scene.model.domainReports.isEmpty)
        let second = scene.perform(.createPaused(try Scene.specification(1)))

        #expect(first == .failed(cause: "The builder broke."))
        #expect(second == .done)
    }

    @Test("a hanging operation does nothing until it is released, then goes on")
    func hangs() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(1)
        #expect(scene.model.control(.inject(.destroy, .hangs), now: scene.now) == nil)

        _ = scene.begin(.destroy(domain: domain))
        #expect(scene.elapse(1_000_000).isEmpty)
        #expect(scene.state(of: domain) == .running)
        #expect(scene.model.control(.release, now: scene.now) == nil)
        let told = scene.elapse(40)

        #expect(told.results == [.done])
        #expect(scene.model.domainReports.isEmpty)
    }

    @Test("an operation that is done may say that it failed, take longer, or be answered late")
    func misleads() throws {
        var scene = Scene()
        for fault in [SimulatedFault.doneButReportsFailure(cause: "Lost."), .takes(.seconds(7)), .answersLate(by: .seconds(9))] {
            #expect(scene.model.control(.inject(.create, fault), now: scene.now) == nil)
        }

        let first = scene.perform(.createPaused(try Scene.specification(1)))
        #expect(first == .failed(cause: "Lost."))
        #expect(scene.perform(.unpause(domain: 1)) == .done)
        _ = scene.begin(.createPaused(try Scene.specification(2)))
        #expect(scene.elapse(6_999).isEmpty)
        #expect(scene.elapse(1).results == [.done])
        _ = scene.begin(.createPaused(try Scene.specification(3)))
        #expect(scene.elapse(100).events.count == 1)
        #expect(scene.elapse(8_999).isEmpty)

        #expect(scene.elapse(1).results == [.done])
    }

    @Test("guests power off, reboot and crash by themselves, and only while they run")
    func endsByItself() throws {
        var scene = Scene()
        for (number, end) in SimulatedGuestEnd.allCases.enumerated() {
            let domain = try scene.runningDomain(UInt64(number + 1))
            #expect(scene.model.control(.endGuest(domain: domain, end), now: scene.now) == nil)
            #expect(scene.state(of: domain) == .ended(DomainEnd(end)))
        }

        let again = scene.model.control(.endGuest(domain: 1, .crash), now: scene.now)

        #expect(again == "The guest of domain 1 has ended.")
    }

    @Test("a domain paused behind the agent's back runs again after an unpause")
    func pauses() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(1)
        #expect(scene.model.control(.pause(domain: domain), now: scene.now) == nil)
        #expect(scene.state(of: domain) == .paused)

        let result = scene.perform(.unpause(domain: domain))

        #expect(result == .done)
        #expect(scene.state(of: domain) == .running)
    }

    @Test("a foreign domain has no owner, and its memory counts as reserved")
    func showsForeign() throws {
        var scene = Scene()
        let before = scene.model.facts.capacity
        let foreign = ForeignDomain(name: "by-hand", uuid: UniqueIdentifier(high: 1, low: 1), memory: Mebibytes(4_096))

        #expect(scene.model.control(.startForeign(foreign), now: scene.now) == nil)

        let report = try required(scene.model.domainReports.first)
        #expect(report.ownership == nil)
        #expect(report.state == .running)
        #expect(scene.model.facts.capacity == before - Mebibytes(4_096))
        _ = try scene.runningDomain(1)
        #expect(scene.model.facts.capacity == before - Mebibytes(4_096))
    }

    @Test("faults that no clock could keep are refused, and so are more than the host remembers")
    func boundsFaults() throws {
        var scene = Scene()
        func refusal(_ fault: SimulatedFault) -> String? { scene.model.control(.inject(.create, fault), now: scene.now) }

        #expect(refusal(.takes(.seconds(Int64.max))) == "The duration is below zero or longer than a day.")
        #expect(refusal(.answersLate(by: .seconds(-1))) == "The duration is below zero or longer than a day.")
        #expect(refusal(.fails(cause: "")) == "The cause is empty or longer than 1024 bytes.")
        for _ in 0..<SimulatedHostLimits.waitingFaults { #expect(refusal(.hangs) == nil) }
        #expect(refusal(.hangs) == "More faults wait, or more names ignore a shutdown, than a simulated host remembers.")
        #expect(scene.model.control(.release, now: scene.now) == nil)

        #expect(refusal(.hangs) == nil)
    }
}
