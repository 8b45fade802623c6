import Foundation
import PoolCommands
import QueryModel
import Testing

@Suite("Kills under load")
struct KillTests {
    /// How many times an agent is killed; `make soak` asks for thousands.
    static var kills: Int { ProcessInfo.processInfo.environment["OVM_KILLS"].flatMap { Int($0) } ?? 200 }

    @Test("three agents that are killed at random moments while eight clients write lose no acknowledged write")
    func losesNothing() async throws {
        try await kill(Self.kills, agentsOf: KilledPool(servers: 3), writers: 8)
    }

    @Test("a single agent, which decides alone, loses none either")
    func losesNothingAlone() async throws {
        try await kill(max(1, Self.kills / 5), agentsOf: KilledPool(servers: 1), writers: 4)
    }

    /// Kills, starts again, and reads everything back now and then, and in the end.
    private func kill(_ kills: Int, agentsOf pool: KilledPool, writers: Int) async throws {
        var generator = SeededGenerator(state: UInt64.random(in: 1...UInt64.max))
        let seed = generator.state
        let load = try await KillLoad.begin(on: pool, writers: writers)
        var count = 0
        do {
            while count < kills {
                try await load.awaitAcknowledgement()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...150, using: &generator)))
                let victims = await victims(pool, load, &generator)
                victims.forEach(pool.kill)
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...100, using: &generator)))
                for victim in victims { try pool.start(victim) }
                let round = count / KillLoad.killsOfRound
                count += victims.count
                if count / KillLoad.killsOfRound > round { try await load.readBack("seed \(seed), kill \(count)") }
            }
            await load.end()
            try await load.readBack("seed \(seed), the end")
        } catch {
            await load.end()
            throw error
        }
        let counts = await load.counts
        print("seed \(seed): \(pool.file.servers.count) agents, \(count) kills, \(counts)")
        #expect(counts.acknowledged > kills, "seed \(seed): \(counts)")
    }

    /// Mostly one agent, every second time the master's; now and then all of them, as when the power fails.
    private func victims(_ pool: KilledPool, _ load: KillLoad, _ generator: inout SeededGenerator) async -> [String] {
        let names = pool.file.servers.map(\.name)
        if Int.random(in: 0..<20, using: &generator) == 0 { return names }
        let any = names[Int.random(in: 0..<names.count, using: &generator)]
        guard Bool.random(using: &generator) else { return [any] }
        return [await load.master() ?? any]
    }
}

extension KillLoad {
    /// The query port that a pool.json names first.
    static func queryPort(of pool: String) throws -> UInt16 {
        let text = try String(contentsOfFile: pool, encoding: .utf8)
        let address = try #require(text.firstMatch(of: #/127\.0\.0\.1:([0-9]+)/#))
        return try #require(UInt16(address.output.1))
    }

    /// Whether somebody listens on the port of 127.0.0.1.
    static func canConnect(to port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

extension ProgramScene {
    /// Starts the agent of a directory.
    func begin(agentIn directory: String) throws {
        agent = try start("agent", "run", "--data", directory, "--log-level", "error")
    }

    /// Kills it, as a crash would.
    func endAgent() {
        guard let agent else { return }
        kill(agent.processIdentifier, SIGKILL)
        agent.waitUntilExit()
    }
}

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
