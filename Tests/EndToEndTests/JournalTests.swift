import Dispatch
import Foundation
import PoolCommands
import SimulatedHost
import Testing

@Suite("No machine runs twice at once")
struct JournalTests {
    /// A time in which a machine ran on a host: CLOCK_MONOTONIC in nanoseconds, taken as wide as the journal allows.
    private struct Run {
        let machine: UInt64
        let host: String
        let start: Int64
        let end: Int64
    }

    @Test("the hosts' journals show no overlap, though agents are killed amid their work and a host loses its power under a live agent")
    func noOverlap() throws {
        let pool = try KilledPool(servers: 3)
        var generator = SeededGenerator(state: UInt64.random(in: 1...UInt64.max))
        let seed = generator.state
        let machines = ["erp-db01", "web01", "win2003", "build-agent-3", "edge-router", "mover"]
        var cut: (host: String, at: Int64)?

        try pool.scene.eventually("the pool to answer") {
            try pool.scene.run("pool", "status", "--pool", "\(pool.folder)/pool.json").status == 0
        }
        try pool.startMover("mover")
        for round in 0..<12 {
            let server = pool.file.servers[Int.random(in: 0..<3, using: &generator)].name
            // The others have disks of their servers' own, and cannot move.
            let isMove = Int.random(in: 0..<3, using: &generator) == 0
            let machine = isMove ? "mover" : machines[Int.random(in: 0..<machines.count, using: &generator)]
            let verb = isMove ? "migrate" : ["reboot", "stop", "start"][Int.random(in: 0..<3, using: &generator)]
            let command = try pool.scene.launch(["vm", verb, machine, "--pool", "\(pool.folder)/pool.json"])
            usleep(UInt32.random(in: 0...200_000, using: &generator))
            pool.kill(server)
            try pool.start(server)
            if round == 6 { cut = (server, try cutPower(of: server, pool)) }
            // What came of it does not matter here; only that the next one finds it done or given up.
            _ = try command.outcome()
        }

        let runs = try pool.file.servers.flatMap { server in
            try Self.runs(
                on: server.name, journal: "\(pool.directory(server.name))/journal.jsonl",
                cut: cut.flatMap { $0.host == server.name ? $0.at : nil })
        }
        #expect(runs.count > 5, "seed \(seed): \(runs.count) runs")
        let byMachine = Dictionary(grouping: runs, by: \.machine)
        for (machine, own) in byMachine {
            let sorted = own.sorted { $0.start < $1.start }
            for (earlier, later) in zip(sorted, sorted.dropFirst()) {
                #expect(earlier.end <= later.start, "seed \(seed): machine \(machine) ran on \(earlier.host) and on \(later.host)")
            }
        }
    }

    /// Kills the host's process, waits until it is gone, and starts it anew, as another boot.
    ///
    /// - Returns: when nothing ran on it any more.
    private func cutPower(of server: String, _ pool: KilledPool) throws -> Int64 {
        let directory = pool.directory(server)
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.map { ChildProcess(pid: $0) }
        let host = try #require(processes.first { $0.isRunning(with: "simulated-host") && $0.isRunning(with: directory) })
        host.send(SIGKILL)
        try pool.scene.eventually("the host of \(server) to be gone") { !host.isRunning(with: directory) }
        let gone = Int64(DispatchTime.now().uptimeNanoseconds)
        _ = try pool.scene.start("simulated-host", "--data", directory)
        return gone
    }

    /// - Parameter cut: when the host lost its power; nil where it never did.
    private static func runs(on host: String, journal: String, cut: Int64?) throws -> [Run] {
        var runs: [Run] = []
        var open: [UInt32: (machine: UInt64, start: Int64)] = [:]
        for line in try HostJournalLine.read(path: journal) {
            switch line.kind {
            case "booted":
                runs += open.values.map { Run(machine: $0.machine, host: host, start: $0.start, end: cut ?? line.written) }
                open = [:]
            case "started":
                if let domain = line.domain, let machine = line.machine { open[domain] = (machine, line.at) }
            default:
                guard let domain = line.domain, let begun = open.removeValue(forKey: domain) else { continue }
                runs.append(Run(machine: begun.machine, host: host, start: begun.start, end: line.written))
            }
        }
        return runs + open.values.map { Run(machine: $0.machine, host: host, start: $0.start, end: .max) }
    }
}
