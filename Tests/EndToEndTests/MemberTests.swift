import Foundation
import NIOHTTP1
import NIOPosix
import PoolCommands
import QueryModel
import SimulatedHost
import Testing

/// What each single member answers, whoever is master.
@Suite("Each member of a pool, asked by itself", .serialized, .timeLimit(.minutes(5)))
struct MemberTests {
    /// A client that knows this server only.
    private static func client(of server: PoolFile.Server, in pool: KilledPool, patience: Duration) throws -> PoolClient {
        var file = pool.file
        file.servers = [server]
        var limits = ClientLimits()
        limits.patience = patience
        return try PoolClient(file: file, path: "pool.json", limits: limits, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    }

    private func isReady(_ client: PoolClient) async -> Bool {
        do {
            return try await client.query.send(ClientRequest(.GET, "/readyz")).status == 200
        } catch {
            return false
        }
    }

    /// Asks until it is so, for at most half a minute; an agent that does not answer yet is asked again.
    private func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        var error: ClientError?
        while ContinuousClock.now < deadline {
            do {
                if try await isSo() { return }
            } catch let refusal as ClientError {
                error = refusal
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("waited 30 s for \(what): \(error.map { "\($0)" } ?? "it was answered")")
        throw Impatience()
    }

    private struct Impatience: Error {}

    @Test("is ready while it hears of a majority, is not when the others stand still, and is again when they go on")
    func readiness() async throws {
        let pool = try KilledPool(servers: 3)
        let clients = try pool.file.servers.map { try Self.client(of: $0, in: pool, patience: .milliseconds(200)) }
        for (client, server) in zip(clients, pool.file.servers) {
            try await eventually("\(server.name) to be ready") { await isReady(client) }
        }

        for server in pool.file.servers.dropFirst() { pool.suspend(server.name) }
        try await eventually("the only one left not to be ready") { await !isReady(clients[0]) }
        // Not for a moment only.
        for _ in 0..<5 { #expect(await !isReady(clients[0])) }
        for server in pool.file.servers.dropFirst() { pool.resume(server.name) }

        for (client, server) in zip(clients, pool.file.servers) {
            try await eventually("\(server.name) to be ready again") { await isReady(client) }
            await client.shutdown()
        }
    }

    @Test("tells how far a task is that another server carries out")
    func progress() async throws {
        let pool = try KilledPool(servers: 3)
        let clients = try pool.file.servers.map { try Self.client(of: $0, in: pool, patience: .seconds(10)) }
        var place: String?
        try await eventually("web01 to run") {
            let machine = try await clients[0].machine("web01")
            place = machine.server
            return machine.status == "Running"
        }
        let host = SimulatedHypervisor(socketPath: "\(pool.directory(try #require(place)))/simulated.sock")
        #expect(try await host.control(.ignoreShutdown(name: "web01", true)) == nil)

        let stop = try await clients[0].stopMachine("web01", timeoutSeconds: 3_600)

        for (client, server) in zip(clients, pool.file.servers) {
            try await eventually("\(server.name) to tell the progress") {
                try await client.task(stop.id).progress?.phase == "waiting for the guest to shut down"
            }
        }
        #expect(try await host.control(.ignoreShutdown(name: "web01", false)) == nil)
        host.close()
        for client in clients { await client.shutdown() }
    }
}
