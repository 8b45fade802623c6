import Foundation
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("CPUs of servers: shown, and compared with a newcomer's")
struct ProcessorRouteTests {
    private static let skylake = "bfebfbff:77fef3ff:2c100800:00000121:0000000f:d39ffffb:00000008:00000100"
    /// Without AVX2, AVX-512 and whatever came with them.
    private static let ivyBridge = "bfebfbff:77fee3ff:2c100800:00000001:00000001:00000281:00000000:00000100"

    private static func document(_ features: String, vendor: String = "GenuineIntel") -> ProcessorDocument {
        ProcessorDocument(
            vendor: vendor, model: "Xeon", sockets: 2, coresPerSocket: 8, threadsPerCore: 2, numaNodes: 2, features: features,
            liveDomainTypes: ["pv", "hvm"])
    }

    /// A pool whose server beta has older CPUs than alpha.
    private static func scene() async throws -> Scene {
        let scene = try await Scene()
        for (number, features) in [(1, skylake), (2, ivyBridge)] as [(UInt64, String)] {
            let facts = Scene.facts(memory: 4_096)
            let told = ServerFacts(
                totalMemory: facts.totalMemory, reservedMemory: facts.reservedMemory, processors: 32, cards: facts.cards,
                bridges: facts.bridges, storageRoots: facts.storageRoots, domainTypes: facts.domainTypes, hypervisor: facts.hypervisor,
                processor: try ProcessorFacts(document(features)))
            await scene.gateway.apply(
                .serverFacts(server: ServerID(number), session: SessionNumber(1), told), .server(ServerID(number)))
        }
        return scene
    }

    private static func join(_ scene: Scene, _ processor: ProcessorDocument?, dryRun: Bool) async throws -> Scene.Answer {
        let created = try await scene.send("POST", "/v1/tokens").document(TokenCreatedDocument.self)
        let token = try JoinTokenText(text: created.token)
        let signing = try SigningRequest(key: try PrivateKey.generate())
        let code = Cryptography.authenticationCode(for: signing.der, key: token.secret)
        let document = JoinRequestDocument(
            pool: token.poolText, tokenID: token.tokenID, secret: token.secretText, name: "gamma", peerAddress: "10.0.0.3:8899",
            queryAddress: "10.0.0.3:4443", storage: "00000000-0000-0000-0000-000000000003",
            signingRequest: String(decoding: signing.pem, as: UTF8.self), signingRequestCode: OpenSSLTransport.Base64URL.encode(code),
            time: QueryTime(milliseconds: FakeClock.start), hypervisor: "simulated", processor: processor)
        return try await scene.send(
            "POST", "/v1/join" + (dryRun ? "?dryRun=true" : ""), bytes: Array(try QueryJSON.encode(document)), as: nil)
    }

    @Test("a server shows its CPUs, and which others lack what; a list shows the CPUs alone")
    func shows() async throws {
        let scene = try await Self.scene()

        let alpha = try await scene.send("GET", "/v1/servers/alpha").document(ServerDocument.self)
        let beta = try await scene.send("GET", "/v1/servers/beta").document(ServerDocument.self)
        let list = try await scene.send("GET", "/v1/servers").document(ServerListDocument.self).servers

        #expect(alpha.facts?.processor == Self.document(Self.skylake))
        #expect(alpha.processorGaps?.map(\.server) == ["beta"])
        #expect(alpha.processorGaps?.first?.features.starts(with: ["fma", "lzcnt", "3dnowpf"]) == true)
        #expect(alpha.processorGaps?.first?.vendor == nil)
        #expect(beta.processorGaps == nil)
        #expect(list.map(\.facts?.processor?.features) == [Self.skylake, Self.ivyBridge])
        #expect(list.allSatisfy { $0.processorGaps == nil })
    }

    @Test("a server of an agent that tells nothing is compared with none")
    func isSilent() async throws {
        let scene = try await Scene()

        let alpha = try await scene.send("GET", "/v1/servers/alpha").document(ServerDocument.self)
        let checked = try await Self.join(scene, Self.document(Self.skylake), dryRun: true).document(JoinCheckedDocument.self)

        #expect(alpha.facts != nil && alpha.facts?.processor == nil && alpha.processorGaps == nil)
        #expect(checked.warnings == nil)
    }

    @Test("who joins is told what its CPUs lack, and whose lack what, with and without dryRun, and is taken", arguments: [true, false])
    func warns(dryRun: Bool) async throws {
        let scene = try await Self.scene()

        let old = try await Self.join(scene, Self.document(Self.ivyBridge), dryRun: dryRun)
        let warnings = try #require(
            try dryRun ? old.document(JoinCheckedDocument.self).warnings : old.document(JoinAnswerDocument.self).warnings)

        #expect(old.status == 200)
        #expect(
            warnings == [
                """
                Virtual machines started on alpha could not move live to gamma, whose CPUs lack fma, lzcnt, 3dnowpf, xsavec, xgetbv1, \
                xsaves, tsc-adj, bmi1, avx2, bmi2, invpcid, rtm and 11 more features.
                """
            ])
    }

    @Test("another maker is named; equal CPUs, and none that are told, are no matter")
    func namesMakers() async throws {
        let scene = try await Self.scene()

        let other = try await Self.join(scene, Self.document(Self.ivyBridge, vendor: "AuthenticAMD"), dryRun: true)
            .document(JoinCheckedDocument.self)
        let none = try await Self.join(scene, nil, dryRun: true).document(JoinCheckedDocument.self)
        let silent = try await Self.join(scene, Self.document("", vendor: ""), dryRun: true).document(JoinCheckedDocument.self)

        #expect(
            other.warnings?.suffix(2) == [
                "Virtual machines started on beta could not move live to gamma, whose CPUs are of another maker (AuthenticAMD).",
                "Virtual machines started on gamma could not move live to beta, whose CPUs are of another maker (GenuineIntel).",
            ])
        #expect(other.warnings?.count == 4)
        #expect(none.warnings == nil && silent.warnings == nil)
    }

    @Test("CPUs that make no sense are refused, and nobody joins")
    func refuses() async throws {
        let scene = try await Self.scene()
        var bad: [ProcessorDocument] = Array(repeating: Self.document(Self.skylake), count: 6)
        bad[0].features = "BFEBFBFF"
        bad[1].sockets = 0
        bad[2].vendor = "a\nb"
        bad[3].liveDomainTypes = ["king"]
        bad[4].liveDomainTypes = ["pv", "pv", "pv", "pv"]
        bad[5].model = String(repeating: "x", count: 129)

        for document in bad { #expect(try await Self.join(scene, document, dryRun: false).status == 400) }

        #expect(await scene.gateway.state.activeServers.count == 2)
    }
}
