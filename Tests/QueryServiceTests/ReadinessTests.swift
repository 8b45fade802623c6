import QueryModel
import Testing

@testable import QueryService

@Suite("Whether a load balancer may send clients here")
struct ReadinessTests {
    @Test("a server that was up to date a moment ago is ready, without asking the master again")
    func isReadyByRecentReads() async throws {
        let scene = try await Scene()
        await scene.gateway.setStaleAge(.milliseconds(1_900))

        let answer = try await scene.send("GET", "/readyz", as: nil)

        #expect(answer.status == 200 && answer.text == "ready\n")
        #expect(await scene.gateway.linearizableReads == 0)
    }

    @Test("a server that has not asked lately asks now", arguments: [nil, Duration.milliseconds(2_001)])
    func asks(age: Duration?) async throws {
        let scene = try await Scene()
        await scene.gateway.setStaleAge(age)

        #expect(try await scene.send("GET", "/readyz", as: nil).status == 200)
        #expect(await scene.gateway.linearizableReads == 1)
    }

    @Test("a server whose master does not answer in time is not ready, and says why")
    func isNotReadyWithoutAnswer() async throws {
        let scene = try await Scene()
        await scene.gateway.silenceMaster()
        let service = QueryService(
            gateway: scene.gateway, archive: scene.archive, authority: scene.authority, clock: scene.gateway.clock,
            readyPatience: .milliseconds(1))

        await #expect(throws: QueryRefusal.self) { try await service.readiness() }
        do throws(QueryRefusal) {
            _ = try await service.readiness()
        } catch {
            #expect(error.problem.status == 503 && error.retryAfterSeconds == 1)
            #expect(error.problem.detail.contains("could not be brought up to date within"))
        }
    }

    @Test("a server whose agent is stopping is not ready, up to date as it may be")
    func isNotReadyWhileStopping() async throws {
        let scene = try await Scene()
        await scene.gateway.setStaleAge(.zero)
        #expect(try await scene.send("GET", "/readyz", as: nil).status == 200)

        await scene.gateway.beginStop()
        let answer = try await scene.send("GET", "/readyz", as: nil)

        #expect(answer.status == 503 && answer.problem?.detail.contains("its agent is stopping") == true, "\(answer.text)")
        #expect(answer.headers["Retry-After"] == "1")
    }

    @Test("a server without a majority is not ready: neither where it knows no master nor where its master hears nobody")
    func isNotReadyWithoutMajority() async throws {
        let scene = try await Scene()
        await scene.gateway.setStaleAge(.seconds(60))

        await scene.gateway.refuseLinearizableReads("no majority of the servers answers")
        let unheard = try await scene.send("GET", "/readyz", as: nil)
        await scene.gateway.loseMaster()
        let masterless = try await scene.send("GET", "/readyz", as: nil)

        #expect(unheard.status == 503 && unheard.problem?.detail.contains("no majority of the servers answers") == true)
        #expect(masterless.status == 503 && masterless.problem?.detail.contains("it knows no Server Pool Master") == true)
    }

    @Test("a server that has just started and applied nothing yet is not ready")
    func isNotReadyWithoutPool() async throws {
        let scene = try await Scene()
        await scene.gateway.fallBehind()

        #expect(try await scene.send("GET", "/readyz", as: nil).status == 503)
    }
}
