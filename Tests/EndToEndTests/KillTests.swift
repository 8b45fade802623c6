import Foundation
import Testing

@Suite("Kills under load")
struct KillTests {
    /// How many times the agent is killed; `make soak` asks for thousands.
    static var kills: Int { ProcessInfo.processInfo.environment["OVM_KILLS"].flatMap { Int($0) } ?? 200 }

    @Test("an agent that is killed at random moments under load loses no acknowledged write")
    func losesNothing() throws {
        let scene = try ProgramScene()
        let directory = "\(scene.folder)/a"
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
        _ = try scene.start("simulated-host", "--data", directory)
        try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }
        let pool = "\(directory)/pool.json"
        try scene.begin(agentIn: directory)
        try scene.eventually("the pool to answer") { try scene.run("pool", "status", "--pool", pool).status == 0 }
        let configuration = "\(scene.folder)/out-vm.cfg"
        try "name = 'load'\nmemory = 64\n".write(toFile: configuration, atomically: true, encoding: .utf8)
        let created = try scene.run("vm", "create", "-f", configuration, "--pool", pool)
        try #require(created.status == 0, "\(created.errors)")

        let seed = UInt64.random(in: 1...UInt64.max)
        var generator = SeededGenerator(state: seed)
        var acknowledged: [Int] = []
        var number = 0
        let port = try KillLoad.queryPort(of: pool)
        let writers = KillLoad(executable: try ProgramScene.executable, pool: pool)
        for _ in 0..<Self.kills {
            number += 1
            try writers.start(number)
            // From before the write reaches the agent until after it was answered.
            usleep(UInt32.random(in: 0...250_000, using: &generator))
            scene.endAgent()
            if try writers.finish() { acknowledged.append(number) }
            try scene.begin(agentIn: directory)
            try scene.eventually("the agent to listen") { KillLoad.canConnect(to: port) }
        }

        try scene.eventually("the last agent to serve") { try scene.run("pool", "status", "--pool", pool).status == 0 }
        let tags = try scene.run("vm", "tag", "ls", "load", "--pool", pool, "-o", "json")
        #expect(tags.status == 0, "\(tags.errors)")
        for number in acknowledged { #expect(tags.output.contains("\"load/\(number)\""), "seed \(seed): write \(number) was acknowledged") }
        #expect(acknowledged.count > Self.kills / 10, "seed \(seed)")
    }
}

/// Writes one tag at a time through the program, which holds on through an agent's restart.
final class KillLoad {
    private let executable: String
    private let pool: String
    private var process: Process?

    init(executable: String, pool: String) {
        self.executable = executable
        self.pool = pool
    }

    func start(_ number: Int) throws {
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = ["vm", "tag", "set", "load", "load/\(number)", "v\(number)", "--pool", pool]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

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

    /// Whether the write was acknowledged.
    func finish() throws -> Bool {
        process?.waitUntilExit()
        return process?.terminationStatus == 0
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
