import AgentCore
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Who may ask")
struct AuthenticationTests {
    @Test("a request without a credential, or with an unknown one, is told how to get one")
    func unknown() async throws {
        let scene = try await Scene()

        for credential in [ShownCredential.nothing, .bearer(Scene.digest("wrong"))] {
            let answer = try await scene.send("GET", "/v1/pool", credential: credential)
            #expect(answer.status == 401)
            #expect(answer.headers["WWW-Authenticate"] == "Bearer")
            #expect(answer.problem?.kind == .unauthenticated)
        }
    }

    @Test("a server that has just started, and applied nothing yet, asks the pool before it calls a credential unknown")
    func behind() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        await scene.gateway.fallBehind()

        #expect(try await scene.send("GET", "/v1/vms/web01", as: "vera").status == 200)
        #expect(try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"b\"", as: "vera").status == 403)
        #expect(try await scene.send("GET", "/v1/pool", credential: .bearer(Scene.digest("wrong"))).status == 401)
        await scene.gateway.refuseReads("nobody leads")
        #expect(try await scene.send("GET", "/v1/vms/web01", as: "vera").status == 503)
    }

    @Test("nobody's body is read before they are known")
    func bodyLast() async throws {
        let scene = try await Scene()

        let answer = try await scene.send("POST", "/v1/vms", bytes: Array(repeating: 0, count: 2_000_000), as: nil)

        #expect(answer.status == 401)
    }

    @Test("a viewer reads everything and writes nothing")
    func viewer() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        #expect(try await scene.send("GET", "/v1/vms/web01", as: "vera").status == 200)
        #expect(try await scene.send("POST", "/v1/vms/web01/start", as: "vera").status == 403)
        #expect(try await scene.send("PUT", "/v1/vms/web01/tags/a", "\"b\"", as: "vera").status == 403)
        #expect(try await scene.send("POST", "/v1/vms/web01/start", as: "ulla").status == 202)
    }

    @Test("a revoked credential is unknown at once")
    func revoked() async throws {
        let scene = try await Scene()
        let vera = try #require(await scene.gateway.state.credentials.values.first { $0.credential.name == "vera" }).id

        await scene.gateway.apply(.revokeCredential(vera), Scene.admin)

        #expect(try await scene.send("GET", "/v1/pool", as: "vera").status == 401)
        let certificate = ShownCredential.certificate(.operator(pool: Scene.pool, name: "vera"))
        #expect(try await scene.send("GET", "/v1/pool", credential: certificate).status == 401)
    }

    @Test("an operator's certificate stands for the operator's credential, of this pool only")
    func operatorCertificates() async throws {
        let scene = try await Scene()
        let other = "00000000-0000-0000-0000-000000000001"

        let admin = ShownCredential.certificate(.operator(pool: Scene.pool, name: "admin"))
        #expect(try await scene.send("PUT", "/v1/servers/beta/maintenance", credential: admin).status == 200)
        #expect(await scene.gateway.entries.last?.principal == Scene.admin)
        for identity in [CertificateIdentity.operator(pool: Scene.pool, name: "nobody"), .operator(pool: other, name: "admin")] {
            #expect(try await scene.send("GET", "/v1/pool", credential: .certificate(identity)).status == 401)
        }
    }

    @Test("a server's certificate reads as long as the server is a member, and writes nothing of an operator's")
    func serverCertificates() async throws {
        let scene = try await Scene()
        let beta = ShownCredential.certificate(.server(pool: Scene.pool, id: 2))

        #expect(try await scene.send("GET", "/v1/pool", credential: beta).status == 200)
        #expect(try await scene.send("PUT", "/v1/servers/beta/maintenance", credential: beta).status == 403)
        #expect(try await scene.send("DELETE", "/v1/servers/beta").status == 200)
        #expect(try await scene.send("GET", "/v1/pool", credential: beta).status == 401)
        #expect(try await scene.send("GET", "/v1/pool", credential: .certificate(.server(pool: Scene.pool, id: 9))).status == 401)
    }

    @Test("a bearer token counts before the connection's certificate; another kind of authorization is refused")
    func order() throws {
        let certificate = CertificateIdentity.operator(pool: Scene.pool, name: "admin")

        #expect(try ShownCredential(authorization: "bearer  secret", certificate: certificate) == .bearer(Scene.digest("secret")))
        #expect(try ShownCredential(authorization: nil, certificate: certificate) == .certificate(certificate))
        #expect(throws: QueryRefusal.self) { try ShownCredential(authorization: "Basic YTpi", certificate: certificate) }
        #expect(throws: QueryRefusal.self) { try ShownCredential(authorization: "", certificate: certificate) }
    }
}

@Suite("Writes whose outcome is not plain")
struct WritingTests {
    @Test("a write that was not taken may be tried again; one whose outcome is unknown says so")
    func outcomes() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        await scene.gateway.answerWrites(with: .notTaken(cause: "no master was found within 10 s"))
        let notTaken = try await scene.send("POST", "/v1/vms/web01/start")
        await scene.gateway.answerWrites(with: .unknown(cause: "no answer came within 10 s"))
        let unknown = try await scene.send("POST", "/v1/vms/web01/start")

        #expect(notTaken.status == 503)
        #expect(notTaken.headers["Retry-After"] == "1")
        #expect(unknown.status == 504)
        #expect(unknown.problem?.type == "urn:ovm:problem:outcome-unknown")
        #expect(unknown.problem?.detail.contains("no answer came within 10 s.") == true)
    }

    @Test("a request sent again with its key is carried out once and answered alike")
    func replay() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let key = ["idempotency-key": "11111111-2222-4333-8444-555555555555"]

        let first = try await scene.send("POST", "/v1/vms/web01/start", headers: key)
        let second = try await scene.send("POST", "/v1/vms/web01/start", headers: key)
        let other = try await scene.send("POST", "/v1/vms/web01/stop", headers: key)
        let bad = try await scene.send("POST", "/v1/vms/web01/start", headers: ["idempotency-key": "1"])

        #expect(first.status == 202)
        #expect(second.status == 202)
        #expect(first.headers["Location"] == second.headers["Location"])
        #expect(other.problem?.kind == .keyReused)
        #expect(other.status == 422)
        #expect(bad.status == 400)
        #expect(await scene.gateway.state.tasks.count == 1)
    }

    @Test("a deletion sent again with its key is answered alike, though what it deleted is gone")
    func replayedDeletion() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        for (target, key) in [("/v1/vms/web01", "1"), ("/v1/servers/beta", "2")] {
            let headers = ["idempotency-key": "11111111-2222-4333-8444-55555555555\(key)"]
            let other = ["idempotency-key": "11111111-2222-4333-8444-66666666666\(key)"]
            #expect(try await scene.send("DELETE", target, headers: headers).status == 200)
            #expect(try await scene.send("DELETE", target, headers: headers).status == 200)
            #expect(try await scene.send("DELETE", target, headers: other).status == 404)
        }
    }
}
