import AgentCore
import Foundation
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Join tokens and joining")
struct TokenAndJoinTests {
    private func createToken(_ scene: Scene, _ body: String = "", headers: [String: String] = [:]) async throws -> JoinTokenText {
        let answer = try await scene.send("POST", "/v1/tokens", body, headers: headers)
        #expect(answer.status == 201)
        #expect(answer.headers["Cache-Control"] == "no-store")
        return try JoinTokenText(text: try answer.document(TokenCreatedDocument.self).token)
    }

    private func request(
        _ token: JoinTokenText, key: PrivateKey, name: String = "gamma", change: (inout JoinRequestDocument) -> Void = { _ in }
    ) throws -> [UInt8] {
        let signing = try SigningRequest(key: key)
        var document = JoinRequestDocument(
            pool: token.poolText, tokenID: token.tokenID, secret: token.secretText, name: name, peerAddress: "10.0.0.3:8899",
            queryAddress: "10.0.0.3:4443", storage: "00000000-0000-0000-0000-000000000003",
            signingRequest: String(decoding: signing.pem, as: UTF8.self), signingRequestCode: Self.code(signing, token.secret),
            time: QueryTime(milliseconds: FakeClock.start + 2_000), hypervisor: "simulated")
        change(&document)
        return Array(try QueryJSON.encode(document))
    }

    /// What binds a signing request to a token's secret.
    private static func code(_ signing: SigningRequest, _ secret: [UInt8]) -> String {
        OpenSSLTransport.Base64URL.encode(Cryptography.authenticationCode(for: signing.der, key: secret))
    }

    @Test("a token's text names the pool, its authority and its members, and is listed without it")
    func tokens() async throws {
        let scene = try await Scene()

        let token = try await createToken(scene, #"{"roles": ["vm"], "ttlSeconds": 3600}"#)
        let listed = try await scene.send("GET", "/v1/tokens")
        let document = try #require(try listed.document(TokenListDocument.self).tokens.last)

        #expect(token.poolText == Scene.pool)
        #expect(token.authority == scene.authority.key.publicKeyFingerprint.bytes)
        #expect(token.addresses.map(\.description) == ["10.0.0.1:4443", "10.0.0.2:4443"])
        #expect(token.roles == .virtualMachine)
        #expect(token.expiresAt.milliseconds == FakeClock.start + 3_600_000)
        #expect(document.status == "unused")
        #expect(document.createdBy == "operator admin")
        #expect(!listed.text.contains(token.secretText))
        #expect(try await scene.send("GET", "/v1/tokens/\(token.tokenID)").document(TokenDocument.self) == document)
        #expect(try await scene.send("GET", "/v1/tokens/99999").status == 404)
        #expect(try await scene.send("DELETE", "/v1/tokens/\(token.tokenID)").status == 200)
        #expect(try await scene.send("DELETE", "/v1/tokens/\(token.tokenID)").status == 404)
    }

    @Test(
        "a token needs an administrator, a role and a sensible life",
        arguments: [
            (#"{"roles": []}"#, 400), (#"{"roles": ["king"]}"#, 400), (#"{"ttlSeconds": 59}"#, 400),
            (#"{"ttlSeconds": 9223372036854775807}"#, 400),
            (#"{"ttl": 60}"#, 400), ("[]", 400),
        ])
    func refusesTokens(body: String, status: Int) async throws {
        let scene = try await Scene()

        #expect(try await scene.send("POST", "/v1/tokens", body).status == status)
        #expect(try await scene.send("POST", "/v1/tokens", as: "ulla").status == 403)
    }

    @Test("a repeated creation does not show the text twice, and says how to go on")
    func repeatedToken() async throws {
        let scene = try await Scene()
        let key = ["idempotency-key": "11111111-2222-4333-8444-555555555555"]
        _ = try await createToken(scene, headers: key)

        let again = try await scene.send("POST", "/v1/tokens", headers: key)

        #expect(again.status == 409)
        #expect(again.problem?.detail.contains("shown only once") == true)
    }

    @Test("a joiner becomes a member with a certificate of its own; the same key may ask again")
    func joins() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene, #"{"roles": ["utility"]}"#)
        let key = try PrivateKey.generate()
        let body = try request(token, key: key)

        let answer = try await scene.send("POST", "/v1/join", bytes: body, as: nil)
        let joined = try answer.document(JoinAnswerDocument.self)
        let again = try await scene.send("POST", "/v1/join", bytes: body, as: nil).document(JoinAnswerDocument.self)

        let certificate = try Certificate(pem: Array(joined.certificate.utf8))
        #expect(answer.headers["Cache-Control"] == "no-store")
        #expect(certificate.identity == .server(pool: Scene.pool, id: 3))
        #expect(certificate.belongs(to: key))
        #expect(joined.serverID == 3)
        #expect(joined.poolName == "test")
        #expect(joined.roles == ["utility"])
        #expect(joined.members.map(\.name) == ["alpha", "beta", "gamma"])
        #expect(try Certificate(pem: Array(joined.authorityCertificate.utf8)) == scene.authority.certificate)
        #expect(try PrivateKey(pem: Array(joined.authorityKey.utf8)).publicKeyFingerprint == scene.authority.key.publicKeyFingerprint)
        #expect(again.serverID == 3)
        #expect(await scene.gateway.state.activeServers.count == 3)
    }

    @Test("a joiner that names its hardware is bound to it, and shown with it")
    func bindsHardware() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene)
        let hardware = "4c4c4544-0051-3210-8057-b4c04f564d31"
        let body = try request(token, key: try PrivateKey.generate()) { $0.hardware = hardware.uppercased() }

        let answer = try await scene.send("POST", "/v1/join", bytes: body, as: nil)
        let shown = try await scene.send("GET", "/v1/servers/gamma").document(ServerDocument.self)

        #expect(answer.status == 200, "\(answer.text)")
        #expect(shown.hardware == hardware)
    }

    @Test("who joins too often is held up before a byte of his body is read")
    func admitsBeforeReading() async throws {
        let scene = try await Scene()
        for _ in 0..<QueryLimits.failureBurst { _ = try await scene.send("POST", "/v1/join", "no JSON", as: nil) }
        let request = try QueryRequest(method: "POST", target: "/v1/join", headers: [:], credential: .nothing) {
            _ throws(QueryRefusal) in
            Issue.record("the body was read")
            return []
        }

        let reply = await scene.service.reply(to: request)

        #expect(reply.status == 429)
    }

    @Test("a dry run checks everything and writes nothing")
    func dryRun() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene)
        let key = try PrivateKey.generate()
        let before = await scene.gateway.state.appliedIndex

        let checked = try await scene.send("POST", "/v1/join?dryRun=true", bytes: try request(token, key: key), as: nil)
        let taken = try await scene.send("POST", "/v1/join?dryRun=true", bytes: try request(token, key: key, name: "beta"), as: nil)

        #expect(try checked.document(JoinCheckedDocument.self).clockDifferenceMilliseconds == 2_000)
        #expect(taken.problem?.refusal == "server-name-taken")
        #expect(await scene.gateway.state.appliedIndex == before)
        #expect(await scene.gateway.state.tokens[TokenID(token.tokenID)]?.usedBy == nil)
    }

    @Test("every refusal of a join has its cause, its cure and its kind")
    func refusals() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene)
        let key = try PrivateKey.generate()
        let other = try request(token, key: try PrivateKey.generate(), name: "delta")
        let cases: [(ProblemKind, String, (inout JoinRequestDocument) -> Void)] = [
            (.clockDifference, "31000 ms ahead", { $0.time = QueryTime(milliseconds: FakeClock.start + 31_000) }),
            (.clockDifference, "behind", { $0.time = QueryTime(milliseconds: FakeClock.start - 31_000) }),
            (.wrongPool, "is for pool", { $0.pool = "00000000-0000-0000-0000-000000000001" }),
            (.tokenRefused, "secret is wrong", { $0.secret = String(repeating: "A", count: 43) }),
            (.tokenRefused, "not 32 bytes", { $0.secret = "short" }),
            (.tokenRefused, "does not know join token 999", { $0.tokenID = 999 }),
            (.conflict, "named beta", { $0.name = "beta" }),
            (.badRequest, "signing request", { $0.signingRequest = "nothing" }),
            (.badRequest, "peerAddress", { $0.peerAddress = "10.0.0.3" }),
            (.badRequest, "name", { $0.name = "../etc" }),
            (.badRequest, "hardware", { $0.hardware = "Not Settable" }),
        ]

        for (kind, words, change) in cases {
            let answer = try await scene.send("POST", "/v1/join", bytes: try request(token, key: key, change: change), as: nil)
            let problem = try #require(answer.problem)
            #expect(problem.kind == kind, "\(problem.detail)")
            #expect(problem.detail.contains(words), "\(problem.detail)")
            #expect(problem.cure.hasSuffix("."), "\(problem.cure)")
            #expect(!answer.text.contains(token.secretText))
        }
        #expect(try await scene.send("POST", "/v1/join", bytes: try request(token, key: key), as: nil).status == 200)
        #expect(try await scene.send("POST", "/v1/join", bytes: other, as: nil).problem?.refusal == "token-used")
    }

    @Test("who does not know the secret cannot write to the pool's log")
    func strangersWriteNothing() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene)
        let before = await scene.gateway.entries.count
        let key = try PrivateKey.generate()

        for change in [{ $0.secret = String(repeating: "A", count: 43) }, { $0.tokenID = 999 }] as [(inout JoinRequestDocument) -> Void] {
            _ = try await scene.send("POST", "/v1/join", bytes: try request(token, key: key, change: change), as: nil)
        }

        #expect(await scene.gateway.entries.count == before)
    }

    @Test("a signing request that was put in the place of the joiner's is refused, and the token is still the joiner's")
    func swappedRequest() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene)
        let key = try PrivateKey.generate()
        let other = try SigningRequest(key: try PrivateKey.generate())
        let pem = String(decoding: other.pem, as: UTF8.self)
        let changes: [(inout JoinRequestDocument) -> Void] = [
            { $0.signingRequest = pem },
            {
                $0.signingRequest = pem
                $0.signingRequestCode = Self.code(other, Array(repeating: 0, count: 32))
            },
        ]
        let before = await scene.gateway.entries.count

        for change in changes {
            for path in ["/v1/join", "/v1/join?dryRun=true"] {
                let answer = try await scene.send("POST", path, bytes: try request(token, key: key, change: change), as: nil)

                #expect(answer.problem?.kind == .tokenRefused, "\(answer.text)")
                #expect(answer.problem?.detail.contains("is not the one that the holder") == true, "\(answer.text)")
            }
        }
        #expect(await scene.gateway.entries.count == before)
        let short = try await scene.send(
            "POST", "/v1/join", bytes: try request(token, key: key) { $0.signingRequestCode = "short" }, as: nil)
        #expect(short.problem?.kind == .badRequest)
        #expect(try await scene.send("POST", "/v1/join", bytes: try request(token, key: key), as: nil).status == 200)
    }

    @Test("a signing request that was altered is refused")
    func alteredRequest() async throws {
        let scene = try await Scene()
        let token = try await createToken(scene)
        var der = try SigningRequest(key: try PrivateKey.generate()).der
        der[der.count - 1] ^= 1
        let pem =
            "-----BEGIN CERTIFICATE REQUEST-----\n\(Data(der).base64EncodedString(options: .lineLength64Characters))\n-----END CERTIFICATE REQUEST-----\n"

        let body = try request(token, key: try PrivateKey.generate()) { $0.signingRequest = pem }
        let answer = try await scene.send("POST", "/v1/join", bytes: body, as: nil)

        #expect(answer.problem?.kind == .badRequest)
        #expect(answer.problem?.detail.contains("not signed by the key in it") == true, "\(answer.text)")
    }
}
