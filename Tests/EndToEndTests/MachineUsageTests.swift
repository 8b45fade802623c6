import NIOPosix
import PoolCommands
import QueryModel
import Testing

@Suite("What virtual machines use, as each member tells it", .serialized, .timeLimit(.minutes(5)))
struct MachineUsageTests {
    @Test("the server that runs a machine tells what it uses, which grows; the others tell nothing of it")
    func tells() async throws {
        let pool = try KilledPool(servers: 3)
        let series = #"ovm_machine_cpu_seconds_total{machine="web01"} "#
        var former: [String: Double] = [:]
        var hasGrown = false
        let deadline = ContinuousClock.now + .seconds(60)

        while !hasGrown, ContinuousClock.now < deadline {
            for server in pool.file.servers {
                guard let used = try await value(of: series, on: server, in: pool) else { continue }
                if let before = former[server.name], used > before { hasGrown = true }
                former[server.name] = used
            }
            try await Task.sleep(for: .milliseconds(100))
        }

        #expect(hasGrown)
        #expect(former.count == 1, "\(former)")
    }

    /// A metric's value on one server; nil where it has none, or does not answer yet.
    private func value(of series: String, on server: PoolFile.Server, in pool: KilledPool) async throws -> Double? {
        var file = pool.file
        file.servers = [server]
        let client = try PoolClient(file: file, path: "pool.json", eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        var value: Double?
        do {
            let text = try await client.metrics()
            value = text.split(separator: "\n").first { $0.hasPrefix(series) }.flatMap { Double($0.dropFirst(series.count)) }
        } catch {
            // Its agent may just be starting.
            value = nil
        }
        await client.shutdown()
        return value
    }
}
