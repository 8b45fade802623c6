import Foundation
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

@Suite("A client of the query port")
struct QueryClientTests {
    private let pool: StandInPool
    private let noMaster = StandInReply.answer(
        status: 503, headers: ["Retry-After": "1"], body: Self.problem(.noMaster, "No master is known."))

    init() throws { pool = try StandInPool() }

    @Test("a request bears the secret, and its answer comes back with status, headers and body")
    func asks() async throws {
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 200, headers: ["Ovm-Term": "7"], body: "{}") }
        let client = try client(of: [server])

        let answer = try await client.send(ClientRequest(.GET, "/v1/pool"))

        #expect(answer.status == 200)
        #expect(answer.headers.first(name: "Ovm-Term") == "7")
        #expect(answer.body == Data("{}".utf8))
        #expect(server.heard.map(\.path) == ["/v1/pool"])
        #expect(server.heard.first?.headers.first(name: "Authorization") == "Bearer secret")
        try await close(client, server)
    }

    @Test("requests after one another use one connection")
    func keepsAlive() async throws {
        let server = try await QueryPortStandIn(pool) { _, count in .answer(status: 200, body: "\(count)") }
        let client = try client(of: [server])

        for count in 0..<5 {
            let answer = try await client.send(ClientRequest(.GET, "/v1/pool"))
            #expect(answer.body == Data("\(count)".utf8))
        }

        #expect(server.connections == 1)
        try await close(client, server)
    }

    @Test("a connection that the server closes after its answer is opened anew")
    func reopens() async throws {
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 200, headers: ["Connection": "close"], body: "{}") }
        let client = try client(of: [server])

        for _ in 0..<3 { _ = try await client.send(ClientRequest(.POST, "/v1/vms")) }

        #expect(server.connections == 3)
        try await close(client, server)
    }

    @Test("a request on a connection that is gone already is told so, and never waits for ever", .timeLimit(.minutes(1)))
    func tellsOfAConnectionThatIsGone() async throws {
        let server = try await QueryPortStandIn(pool) { _, _ in .hangUp }
        let connection = try await HTTPConnection.open(
            server.address, tls: try pool.clientContext(), limits: ClientLimits(), group: MultiThreadedEventLoopGroup.singleton)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/v1/pool", headers: ["Host": "a"])
        _ = await #expect(throws: AttemptFailure.self) { try await connection.exchange(head, body: nil, limits: ClientLimits()) }

        // The first of these may still meet the closing pipeline, the later ones meet an empty one.
        for _ in 0..<200 {
            let failure = await #expect(throws: AttemptFailure.self) {
                try await connection.exchange(head, body: nil, limits: ClientLimits())
            }
            guard case .notSent = failure else {
                Issue.record("\(String(describing: failure))")
                break
            }
        }
        try await server.stop()
    }

    @Test("a server that refuses connections is passed over, and the one that answered is asked first from then on")
    func passesOverTheUnreachable() async throws {
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 200, body: "{}") }
        let gone = try await QueryPortStandIn(pool) { _, _ in .silence }
        try await gone.stop()
        let client = try client(of: [gone, server])

        _ = try await client.send(ClientRequest(.POST, "/v1/vms"))
        _ = try await client.send(ClientRequest(.POST, "/v1/vms"))

        #expect(server.heard.count == 2)
        #expect(server.connections == 1)
        try await close(client, server)
    }

    @Test("when no server accepts a connection, the pool is unreachable")
    func isUnreachable() async throws {
        let gone = try await QueryPortStandIn(pool) { _, _ in .silence }
        try await gone.stop()
        let client = try client(of: [gone])

        let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest(.GET, "/v1/pool")) }

        #expect(error?.exitCode == 3)
        #expect(error?.message.contains(gone.address.description) == true)
        await client.shutdown()
    }

    @Test("a server with another pool's authority hears nothing")
    func refusesAnotherAuthority() async throws {
        let server = try await QueryPortStandIn(StandInPool()) { _, _ in .answer(status: 200, body: "{}") }
        let client = try client(of: [server])

        let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest(.GET, "/v1/pool")) }

        #expect(error?.exitCode == 3)
        #expect(server.heard.isEmpty)
        try await close(client, server)
    }

    @Test("a refusal is told in the pool's words")
    func tellsRefusals() async throws {
        let body = Self.problem(.conflict, "The machine runs.")
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 409, body: body) }
        let client = try client(of: [server])

        let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest(.POST, "/v1/vms")) }

        #expect(error == .problem(ProblemDocument(.conflict, cause: "The machine runs.", cure: "Do something.")))
        #expect(error?.exitCode == 1)
        #expect(server.heard.count == 1)
        try await close(client, server)
    }

    @Test("while there is no master the request is sent again, until there is one")
    func waitsForAMaster() async throws {
        let noMaster = noMaster
        let server = try await QueryPortStandIn(pool) { _, count in count == 0 ? noMaster : .answer(status: 200, body: "{}") }
        let client = try client(of: [server])

        _ = try await client.send(ClientRequest(.POST, "/v1/vms"))

        #expect(server.heard.count == 2)
        try await close(client, server)
    }

    @Test("when no master is found within patience, the pool is unreachable")
    func losesPatience() async throws {
        let noMaster = noMaster
        let server = try await QueryPortStandIn(pool) { _, _ in noMaster }
        let client = try client(of: [server]) { $0.patience = .milliseconds(1_500) }

        let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest(.POST, "/v1/vms")) }

        #expect(error?.exitCode == 3)
        #expect(server.heard.isEmpty == false)
        try await close(client, server)
    }

    @Test("a server that does not answer in time is given up, and a reading goes to the next")
    func timesOut() async throws {
        let slow = try await QueryPortStandIn(pool) { _, _ in .silence }
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 200, body: "{}") }
        let client = try client(of: [slow, server]) { $0.attempt = .seconds(1) }

        _ = try await client.send(ClientRequest(.GET, "/v1/pool"))

        #expect(slow.heard.count == 1)
        #expect(server.heard.count == 1)
        try await close(client, slow, server)
    }

    @Test("a write without a key whose answer is lost is sent once, and its outcome is unknown", arguments: [true, false])
    func doesNotRepeatUnkeyedWrites(hangsUp: Bool) async throws {
        let lossy = try await QueryPortStandIn(pool) { _, _ in hangsUp ? .hangUp : .silence }
        let other = try await QueryPortStandIn(pool) { _, _ in .answer(status: 200, body: "{}") }
        let client = try client(of: [lossy, other]) { $0.attempt = .seconds(1) }

        let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest(.POST, "/v1/vms")) }

        #expect(error?.exitCode == 4)
        #expect(lossy.heard.count == 1)
        #expect(other.heard.isEmpty)
        try await close(client, lossy, other)
    }

    @Test("a write with a key whose answer is lost is sent again with the same key")
    func repeatsKeyedWrites() async throws {
        let lossy = try await QueryPortStandIn(pool) { _, _ in .hangUp }
        let other = try await QueryPortStandIn(pool) { _, _ in .answer(status: 201, body: "{}") }
        let client = try client(of: [lossy, other])

        let answer = try await client.send(.keyed(.POST, "/v1/vms", body: Data("{}".utf8)))

        let keys = (lossy.heard + other.heard).map { $0.headers.first(name: QueryHeader.idempotencyKey) }
        #expect(answer.status == 201)
        #expect(keys.count == 2)
        #expect(keys.first == keys.last)
        #expect(keys.first.flatMap { $0 }.flatMap(UUID.init(uuidString:)) != nil)
        try await close(client, lossy, other)
    }

    @Test("a write with a key of which no server ever tells more is of unknown outcome, not unreachable")
    func keepsDoubt() async throws {
        let noMaster = noMaster
        let server = try await QueryPortStandIn(pool) { _, count in count == 0 ? .hangUp : noMaster }
        let client = try client(of: [server]) { $0.patience = .milliseconds(1_500) }

        let error = await #expect(throws: ClientError.self) { try await client.send(.keyed(.POST, "/v1/vms")) }

        #expect(error?.exitCode == 4)
        #expect(server.heard.count >= 2)
        try await close(client, server)
    }

    @Test("an answer longer than the bound is refused, of a reading as unusable, of a write as unknown")
    func boundsAnswers() async throws {
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 200, body: String(repeating: "x", count: 5_000)) }
        let client = try client(of: [server]) { $0.responseBytes = 4_096 }

        let reading = await #expect(throws: ClientError.self) { try await client.send(ClientRequest(.GET, "/v1/pool")) }
        let writing = await #expect(throws: ClientError.self) { try await client.send(.keyed(.POST, "/v1/vms")) }

        #expect(reading?.exitCode == 1)
        #expect(writing?.exitCode == 4)
        try await close(client, server)
    }

    @Test("a caller that is cancelled does not wait for the answer")
    func canBeCancelled() async throws {
        let server = try await QueryPortStandIn(pool) { _, _ in .silence }
        let client = try client(of: [server]) { $0.attempt = .seconds(600) }

        let sending = Task { try await client.send(ClientRequest(.GET, "/v1/pool")) }
        let deadline = ContinuousClock.now.advanced(by: .seconds(10))
        while server.heard.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        sending.cancel()
        let result = await sending.result

        #expect(throws: ClientError.cancelled) { try result.get() }
        try await close(client, server)
    }

    @Test("events are resumed after the last one heard, and none comes twice")
    func resumesEvents() async throws {
        let server = try await QueryPortStandIn(pool) { _, count in
            switch count {
            case 0:
                let torn = Self.event(4, 0, id: 4) + Self.event(5, 0, id: nil)
                return .stream(["retry: 100\n\n", torn], closes: true, headers: ["Ovm-Index": "3"])
            default:
                let rest = Self.event(5, 0, id: nil) + Self.event(5, 1, id: 5) + Self.event(6, 0, id: 6)
                return .stream([String(rest.prefix(10)), String(rest.dropFirst(10))], closes: false, headers: ["Ovm-Index": "6"])
            }
        }
        let client = try client(of: [server])

        var heard: [[Int]] = []
        for try await event in client.events() {
            heard.append([Int(event.index), event.ordinal])
            if event.index == 6 { break }
        }

        #expect(heard == [[4, 0], [5, 0], [5, 1], [6, 0]])
        #expect(server.heard.map { $0.headers.first(name: "Last-Event-ID") } == [nil, "4"])
        try await close(client, server)
    }

    @Test("events that are no longer kept are refused in the pool's words")
    func tellsOfAGap() async throws {
        let body = Self.problem(.gone, "They are no longer kept.")
        let server = try await QueryPortStandIn(pool) { _, _ in .answer(status: 410, body: body) }
        let client = try client(of: [server])

        let error = await #expect(throws: ClientError.self) {
            for try await _ in client.events(since: 1) {}
        }

        #expect(error?.exitCode == 1)
        #expect(server.heard.first?.headers.first(name: "Last-Event-ID") == "1")
        try await close(client, server)
    }

    private func client(of servers: [QueryPortStandIn], adjust: (inout ClientLimits) -> Void = { _ in }) throws -> QueryClient {
        var limits = ClientLimits()
        adjust(&limits)
        return QueryClient(
            poolID: pool.identifier, tls: try pool.clientContext(), servers: servers.map(\.address), bearer: "secret",
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, limits: limits)
    }

    private func close(_ client: QueryClient, _ servers: QueryPortStandIn...) async throws {
        await client.shutdown()
        for server in servers { try await server.stop() }
    }

    private static func problem(_ kind: ProblemKind, _ cause: String) -> String {
        (try? QueryJSON.encode(ProblemDocument(kind, cause: cause, cure: "Do something."))).map { String(decoding: $0, as: UTF8.self) }
            ?? ""
    }

    private static func event(_ index: UInt64, _ ordinal: Int, id: UInt64?) -> String {
        let document = EventDocument(
            index: index, ordinal: ordinal, time: QueryTime(milliseconds: 0), kind: "vm-placed", target: "vm web01",
            principal: "operator admin", reason: nil, message: "It runs.")
        let data = (try? QueryJSON.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return (id.map { "id: \($0)\n" } ?? "") + "event: vm-placed\ndata: \(data)\n\n"
    }
}
