import Foundation
import NIOPosix
import PoolCommands
import ServerEnvironment
import Testing

@Suite("A whole pool of real processes")
struct DemoTests {
    private let scene: ProgramScene
    private var folder: String { "\(scene.folder)/d" }

    init() throws { scene = try ProgramScene() }

    /// The processes of this program that were started with something below the folder.
    private func processes() throws -> [String] {
        let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
        return numbers.compactMap { number in
            // One that ends meanwhile is none.
            let words = FileManager.default.contents(atPath: "/proc/\(number)/cmdline")?.split(separator: 0)
            let isOfPool = words?.contains { String(decoding: $0, as: UTF8.self).hasPrefix("\(folder)/") } ?? false
            return isOfPool ? number : nil
        }
    }

    @Test("the demonstration's story holds: found, join, place, kill the master, come back")
    func tellsStory() throws {
        let outcome = try scene.run("pool", "demo", "--dir", folder, "--once")

        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains("failover: "))
        let caughtUp = try #require(outcome.output.firstMatch(of: #/is back: caught up to index (\d+) \(the pool was at (\d+) before\)/#))
        let (own, before) = (try #require(Int(caughtUp.output.1)), try #require(Int(caughtUp.output.2)))
        #expect(own >= before && before > 10)
        #expect(try processes().isEmpty)
    }

    @Test("a pool that is left running is described in pool.json, answers, and is ended with --stop")
    func detaches() throws {
        let outcome = try scene.run("pool", "demo", "--dir", folder, "--detach")
        try #require(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        let running = try processes()
        let file = try PoolFile(path: "\(folder)/pool.json")
        let range = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        let ephemeral = try #require(range.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) })

        let machines = try scene.run("vm", "ls", "-o", "name", "--pool", "\(folder)/pool.json")
        let again = try scene.run("pool", "demo", "--dir", folder, "--once")
        let stopped = try scene.run("pool", "demo", "--dir", folder, "--stop")

        #expect(running.count == 6)
        #expect(file.servers.map(\.name) == ["alpha", "bravo", "charlie"])
        #expect(file.servers.map(\.data) == ["alpha", "bravo", "charlie"].map { "\(folder)/\($0)" })
        #expect(file.servers.allSatisfy { server in server.pid.map { running.contains("\($0)") } ?? false })
        let addresses = file.servers.flatMap { [$0.query, $0.peer ?? ""] }
        let ports = addresses.compactMap { $0.hasPrefix("127.0.0.1:") ? $0.split(separator: ":").last.flatMap { Int($0) } : nil }
        #expect(Set(ports).count == 6 && ports.allSatisfy { $0 < ephemeral }, "\(addresses)")
        #expect(machines.output.split(separator: "\n") == ["build-agent-3", "edge-router", "erp-db01", "web01", "win2003"])
        #expect(again.isOneSentenceOfEach && again.errors.contains("A demonstration runs in"), "\(again.errors)")
        #expect(stopped.status == 0 && stopped.output == "Ended 6 processes.\n", "\(stopped.errors)")
        #expect(try processes().isEmpty)
    }

    @Test("a pool that cannot lose its master says so, and its story holds all the same", arguments: [1, 2])
    func small(_ servers: Int) throws {
        let outcome = try scene.run("pool", "demo", "--dir", folder, "--once", "--servers", "\(servers)")

        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains("A pool of \(servers) cannot lose its master and go on"))
        #expect(!outcome.output.contains("failover: "))
        #expect(try processes().isEmpty)
    }

    @Test("no pool has no server, or ten", arguments: ["0", "10", "-1", "three"])
    func outOfRange(_ servers: String) throws {
        let outcome = try scene.run("pool", "demo", "--dir", folder, "--once", "--servers=\(servers)")

        #expect(outcome.status == 1 && outcome.isOneSentenceOfEach || outcome.status == 2, "\(outcome.errors)")
        #expect(!outcome.errors.isEmpty && !FileManager.default.fileExists(atPath: folder))
    }

    @Test("a folder that no demonstration made is refused and stays as it is")
    func foreignFolder() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try "dear".write(toFile: "\(folder)/letter", atomically: true, encoding: .utf8)
        let before = try BootstrapTests.snapshot(folder)

        let made = try scene.run("pool", "demo", "--dir", folder, "--once")
        let stopped = try scene.run("pool", "demo", "--dir", folder, "--stop")

        #expect(made.isOneSentenceOfEach && made.errors.contains("was not made by a demonstration"), "\(made.errors)")
        #expect(stopped.isOneSentenceOfEach && stopped.errors.contains("No demonstration was made"), "\(stopped.errors)")
        #expect(try BootstrapTests.snapshot(folder) == before)
    }

    @Test("Ctrl-C ends a pool that stays up, and every process of it")
    func interrupts() throws {
        let launched = try scene.launch(["pool", "demo", "--dir", folder, "--servers", "1"])
        try scene.eventually("the pool to stay up") {
            try String(contentsOfFile: launched.output, encoding: .utf8).contains("Ctrl-C ends it.")
        }
        #expect(try processes().count >= 2)

        kill(launched.process.processIdentifier, SIGINT)
        let outcome = try launched.outcome()

        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try processes().isEmpty)
    }

    @Test("Ctrl-C in the midst of the story ends every process of it, and the story did not hold")
    func interruptsStory() throws {
        let launched = try scene.launch(["pool", "demo", "--dir", folder, "--once"])
        try scene.eventually("the story to begin") {
            try String(contentsOfFile: launched.output, encoding: .utf8).contains("joined as number 2")
        }

        kill(launched.process.processIdentifier, SIGINT)
        let outcome = try launched.outcome()

        #expect(outcome.status == 1)
        #expect(try processes().isEmpty)
    }

    @Test("each server of a pool shows its metrics to who knows its token")
    func metrics() async throws {
        let launched = try scene.launch(["pool", "demo", "--dir", folder, "--servers", "2"])
        try scene.eventually("the pool to stay up") {
            try String(contentsOfFile: launched.output, encoding: .utf8).contains("Ctrl-C ends it.")
        }
        let pool = try PoolFile(path: "\(folder)/pool.json")

        for server in pool.servers {
            var alone = pool
            alone.servers = [server]
            let client = try PoolClient(file: alone, path: "pool.json", eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            let text = try await client.metrics()
            #expect(text.contains("# TYPE ovm_storage_transaction_seconds histogram"), "\(server.name)")
            #expect(text.contains("ovm_raft_has_master 1\n"), "\(server.name)")
            #expect(text.contains(#"ovm_hypervisor_listing_seconds_bucket{le="+Inf"}"#), "\(server.name)")
            await client.shutdown()
        }

        kill(launched.process.processIdentifier, SIGINT)
        #expect(try launched.outcome().status == 0)
    }
}
