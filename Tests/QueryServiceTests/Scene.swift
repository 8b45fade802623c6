import AgentPorts
import Foundation
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

/// A pool of the servers alpha and beta, with an administrator, a user and a viewer, and its query port without a network.
struct Scene {
    static let pool = "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d10"
    static let configuration =
        "name = \"web01\"\nmemory = 1024\nvcpus = 2\nvif = ['bridge=xenbr0', '']\ndisk = ['file:/OVS/web01.img,xvda,w', ',hdc:cdrom,r']\n"

    let gateway = FakePool()
    let archive: FakeArchive
    let authority: CertificateAuthority
    let service: QueryService

    init(
        monitoring: QueryMonitoring = .none, review: HypervisorReview = .none, consoles: (any ConsoleGateway)? = nil
    ) async throws {
        archive = FakeArchive(pool: gateway)
        authority = try CertificateAuthority.create(pool: Self.pool)
        service = QueryService(
            gateway: gateway, archive: archive, authority: authority, clock: gateway.clock, monitoring: monitoring, review: review,
            consoles: consoles)
        let admin = OperatorCredential(name: "admin", secret: Self.digest("admin-secret"), role: .administrator)
        let foundation = PoolFoundation(
            pool: try #require(UniqueIdentifier(Self.pool)), name: "test",
            authority: try #require(SHA256Digest(bytes: authority.key.publicKeyFingerprint.bytes)), founder: try Self.server("alpha", 1),
            credential: admin)
        await gateway.apply(.createPool(foundation), .server(ServerID(1)))
        let secret = Self.digest("beta")
        await gateway.apply(.createToken(JoinToken(secret: secret, roles: .all, lifetimeMilliseconds: 60_000)), Self.admin)
        let token = TokenID(await gateway.state.appliedIndex.number)
        await gateway.apply(.join(JoinRequest(token: token, secret: secret, server: try Self.server("beta", 2))), .joiner(token))
        for number in [1, 2] as [UInt64] { await gateway.apply(.hello(Self.hello(number)), .server(ServerID(number))) }
        for (name, role) in [("ulla", OperatorRole.user), ("vera", .viewer)] {
            let credential = OperatorCredential(name: name, secret: Self.digest("\(name)-secret"), role: role)
            await gateway.apply(.createCredential(credential), Self.admin)
        }
    }

    static let admin = Principal.operator(name: "admin", credential: CredentialID(1))

    static func digest(_ text: String) -> PoolModel.SHA256Digest {
        PoolModel.SHA256Digest(bytes: OpenSSLTransport.SHA256Digest(of: Array(text.utf8)).bytes) ?? zeroDigest
    }

    private static let zeroDigest: PoolModel.SHA256Digest = digest("")

    static func server(_ name: String, _ number: UInt64) throws -> NewServer {
        NewServer(
            name: try #require(ServerName(name)), peerAddress: "10.0.0.\(number):8899", queryAddress: "10.0.0.\(number):4443", roles: .all,
            key: digest("key of \(name)"), storage: UniqueIdentifier(high: number, low: number))
    }

    static func hello(_ number: UInt64) -> ServerHello {
        ServerHello(
            server: ServerID(number), session: SessionNumber(1), boot: UniqueIdentifier(high: 9, low: number),
            run: UniqueIdentifier(high: 8, low: number), storage: UniqueIdentifier(high: number, low: number), formatVersion: 1,
            agentVersion: "1.0", facts: facts(memory: 4_096 * Int(number)))
    }

    static func facts(memory: Int, hypervisor: String = "simulated") -> ServerFacts {
        ServerFacts(
            totalMemory: Mebibytes(memory + 1_024), reservedMemory: Mebibytes(1_024), processors: 4,
            cards: [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(1_000_000))],
            bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0"])],
            storageRoots: [StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(100_000))], domainTypes: DomainType.allCases,
            hypervisor: hypervisor)
    }

    // MARK: Asking

    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        func document<Document: Decodable>(_ type: Document.Type = Document.self) throws -> Document {
            try QueryJSON.decode(type, from: Data(body))
        }

        var problem: ProblemDocument? { try? document(ProblemDocument.self) }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    func send(
        _ method: String, _ target: String, _ body: String = "", as operator: String? = "admin", headers: [String: String] = [:],
        credential: ShownCredential? = nil
    ) async throws -> Answer {
        try await send(method, target, bytes: Array(body.utf8), as: `operator`, headers: headers, credential: credential)
    }

    func send(
        _ method: String, _ target: String, bytes: [UInt8], as operator: String? = "admin", headers: [String: String] = [:],
        credential: ShownCredential? = nil
    ) async throws -> Answer {
        let reply = try await reply(method, target, bytes: bytes, as: `operator`, headers: headers, credential: credential)
        guard case .bytes(let content) = reply.content else { throw Unexpected.stream }
        let fields = reply.headers.map { ($0.name, $0.value) }
        return Answer(status: reply.status, headers: Dictionary(fields, uniquingKeysWith: { $1 }), body: content)
    }

    enum Unexpected: Error { case stream }

    func reply(
        _ method: String, _ target: String, bytes: [UInt8] = [], as operator: String? = "admin", headers: [String: String] = [:],
        credential: ShownCredential? = nil
    ) async throws -> QueryReply {
        let shown = credential ?? `operator`.map { .bearer(Self.digest("\($0)-secret")) } ?? .nothing
        do throws(QueryRefusal) {
            let request = try QueryRequest(method: method, target: target, headers: headers, credential: shown) {
                limit throws(QueryRefusal) in
                guard bytes.count <= limit else { throw QueryRefusal(.tooLarge, cause: "Too long.", cure: "Shorten it.") }
                return bytes
            }
            return await service.reply(to: request)
        } catch {
            return QueryReply(error)
        }
    }

    /// What server 1 says of a machine's first placement.
    func observe(_ machine: VirtualMachineID, _ observation: MachineObservation) async {
        await gateway.apply(
            .observed(machine, server: ServerID(1), session: SessionNumber(1), epoch: PlacementEpoch(1), observation),
            .server(ServerID(1)))
    }

    /// Creates the machine of `configuration` under a name.
    func createMachine(_ name: String = "web01", preferred: [String] = []) async throws -> Answer {
        let request = CreateMachineRequest(configuration: Self.configuration, preferredServers: preferred, name: name)
        return try await send("POST", "/v1/vms", bytes: Array(try QueryJSON.encode(request)))
    }
}
