import Foundation
import QueryModel
import Testing

/// One pool of three servers, with machines that run, started once for all tests of a suite.
private struct SharedPool: SuiteTrait, TestScoping {
    @TaskLocal static var folder = ""

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        let scene = try ProgramScene()
        let folder = "\(scene.folder)/d"
        let made = try scene.run("pool", "demo", "--dir", folder, "--servers", "3", "--detach")
        try #require(made.status == 0, "\(made.output)\(made.errors)")
        do {
            try await Self.$folder.withValue(folder) { try await function() }
        } catch {
            _ = try scene.run("pool", "demo", "--dir", folder, "--stop")
            throw error
        }
        _ = try scene.run("pool", "demo", "--dir", folder, "--stop")
    }
}

/// A program under way at a terminal of its own, or with pipes in place of one.
private final class Session {
    let process = Process()
    /// What the program has written, on a terminal with its messages.
    private(set) var shown = ""
    private let near: FileHandle
    private let input: FileHandle
    private let far: Int32
    private let before: termios?

    init(atTerminal: Bool, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: try ProgramScene.executable)
        process.arguments = arguments
        if atTerminal {
            let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            var (number, lock) = (UInt32(0), Int32(0))
            // What grantpt(3) and its like come to on Linux (ioctl_tty(2)): TIOCSPTLCK and TIOCGPTN.
            guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else { throw Missing() }
            far = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            let terminal = FileHandle(fileDescriptor: far)
            (process.standardInput, process.standardOutput, process.standardError) = (terminal, terminal, terminal)
            near = FileHandle(fileDescriptor: master, closeOnDealloc: true)
            input = near
        } else {
            far = -1
            let (typed, printed) = (Pipe(), Pipe())
            (process.standardInput, process.standardOutput, process.standardError) = (typed, printed, printed)
            near = printed.fileHandleForReading
            input = typed.fileHandleForWriting
        }
        before = far >= 0 ? Self.settings(far) : nil
        _ = fcntl(near.fileDescriptor, F_SETFL, O_NONBLOCK)
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        if far >= 0 { close(far) }
    }

    struct Missing: Error {}

    func type(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(input.fileDescriptor, $0.baseAddress, $0.count) } }

    /// Reads until `text` has been shown since the last call.
    func sees(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let deadline = Date.now.addingTimeInterval(30)
        while Date.now < deadline {
            look()
            if let found = shown.range(of: text) {
                shown.removeSubrange(..<found.upperBound)
                return
            }
            usleep(10_000)
        }
        Issue.record("\(text) was not shown, but \(shown)", sourceLocation: sourceLocation)
        throw Missing()
    }

    private func look() {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(near.fileDescriptor, &bytes, bytes.count)
        if count > 0 { shown += String(decoding: bytes[..<count], as: UTF8.self) }
    }

    /// What it ends with.
    func status(sourceLocation: SourceLocation = #_sourceLocation) throws -> Int32 {
        let deadline = Date.now.addingTimeInterval(30)
        while process.isRunning {
            look()
            guard Date.now < deadline else {
                Issue.record("it does not end; it shows \(shown)", sourceLocation: sourceLocation)
                throw Missing()
            }
            usleep(10_000)
        }
        look()
        return process.terminationStatus
    }

    /// Whether the terminal is as it was found.
    var isTerminalRestored: Bool {
        guard let before, let now = Self.settings(far) else { return false }
        return before.c_lflag == now.c_lflag && before.c_iflag == now.c_iflag && before.c_oflag == now.c_oflag
    }

    private static func settings(_ descriptor: Int32) -> termios? {
        var settings = termios()
        return tcgetattr(descriptor, &settings) == 0 ? settings : nil
    }
}

@Suite("ovm vm console and ovm vm vnc", SharedPool(), .timeLimit(.minutes(5)), .serialized)
struct ConsoleCommandTests {
    private let scene: ProgramScene

    init() throws { scene = try ProgramScene() }

    private var file: String { "\(SharedPool.folder)/pool.json" }

    private func ovm(_ arguments: String...) throws -> ProgramScene.Outcome { try scene.run(arguments + ["--pool", file]) }

    private func session(atTerminal: Bool, _ arguments: String...) throws -> Session {
        try Session(atTerminal: atTerminal, arguments + ["--pool", file])
    }

    /// The machines that run, by server.
    private func machines() throws -> [String: [String]] {
        let list = try QueryJSON.decode(MachineListDocument.self, from: Data(try ovm("vm", "ls", "-o", "json").output.utf8))
        return Dictionary(grouping: list.machines.filter { $0.server != nil }) { $0.server ?? "" }.mapValues { $0.map(\.name) }
    }

    /// A machine on a server that is not the first, which is the one that is asked.
    private func elsewhere() throws -> (machine: String, server: String) {
        let found = try #require(try machines().sorted { $0.key < $1.key }.last { $0.key != "alpha" })
        return (try #require(found.value.first), found.key)
    }

    @Test("at a terminal: keys reach a guest on another server, Ctrl-C too; Ctrl-] ends it and gives the terminal back")
    func terminal() throws {
        let machine = try elsewhere().machine
        let session = try session(atTerminal: true, "vm", "console", machine, "--reason", "a test")

        try session.sees("Connected to \(machine). Ctrl-] ends it.")
        session.type("\rroot\r")
        try session.sees("$ ")
        session.type("echo one two\r")
        try session.sees("one two\r\none two\r\n")
        #expect(!session.isTerminalRestored)
        session.type("\u{3}")
        try session.sees("^C")
        session.type("\u{1D}")

        #expect(try session.status() == 0)
        try session.sees("The console of \(machine) is closed.")
        #expect(session.isTerminalRestored)
        let events = try ovm("event", "ls", "--object", "vm/\(machine)", "-o", "json").output
        #expect(events.contains("vm-console-opened") && events.contains("a test"))
    }

    @Test("a signal ends it as well, with the terminal given back", arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT])
    func signals(signal: Int32) throws {
        let machine = try elsewhere().machine
        let session = try session(atTerminal: true, "vm", "console", machine)
        try session.sees("Ctrl-] ends it.")

        kill(session.process.processIdentifier, signal)

        #expect(try session.status() == 0)
        #expect(session.isTerminalRestored)
    }

    @Test("without a terminal bytes go through as they are, to two at once, and the log has them all")
    func pipes() throws {
        let machine = try elsewhere().machine
        let one = try session(atTerminal: false, "vm", "console", machine)
        let other = try session(atTerminal: false, "vm", "console", machine)
        one.type("\r")
        try one.sees("\n")
        other.type("root\r")
        try one.sees("$ ")
        try other.sees("$ ")
        other.type("echo shared\u{1D}\r")
        for session in [one, other] { try session.sees("\r\nshared\u{1D}\r\n") }
        for session in [one, other] {
            kill(session.process.processIdentifier, SIGTERM)
            #expect(try session.status() == 0)
        }

        let log = try ovm("vm", "console", "--log", machine)

        #expect(log.status == 0 && log.errors.isEmpty && log.output.contains("Simulated guest \(machine)"))
        #expect(log.output.contains("\r\nshared\u{1D}\r\n"))
    }

    @Test("a machine that is stopped meanwhile ends its console; one that does not run, or does not exist, has none")
    func ends() throws {
        let machine = try elsewhere().machine
        let session = try session(atTerminal: true, "vm", "console", machine)
        try session.sees("Ctrl-] ends it.")

        let stopped = try ovm("vm", "stop", "--force", machine)
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(try session.status() == 0)
        #expect(session.isTerminalRestored)

        let off = try ovm("vm", "console", machine)
        let absent = try ovm("vm", "console", "nobody")
        let viewer = try ovm("vm", "vnc", "nobody")
        #expect(off.isOneSentenceOfEach && off.errors.contains("is PoweredOff and has no console"), "\(off.errors)")
        #expect(absent.isOneSentenceOfEach, "\(absent.errors)")
        #expect(viewer.isOneSentenceOfEach, "\(viewer.errors)")
        #expect(try ovm("vm", "start", machine).status == 0)
    }

    @Test("a viewer on this machine reaches the display through a loopback port")
    func display() throws {
        let machine = try elsewhere().machine
        let session = try session(atTerminal: false, "vm", "vnc", machine)
        try session.sees("127.0.0.1:")
        try session.sees("\n")
        let port = try #require(try scene.listeningPorts(of: session.process.processIdentifier).first)

        for _ in 0..<2 {
            let viewer = try LoopbackConnection(port: port)
            #expect(try viewer.read(12) == "RFB 003.008\n")
            viewer.write("RFB 003.008\n")
            #expect(try viewer.read(12) == "RFB 003.008\n")
        }

        kill(session.process.processIdentifier, SIGINT)
        #expect(try session.status() == 0)
    }

    @Test("an agent that dies ends the consoles that it carried with one sentence, and another member shows them again")
    func agentDies() throws {
        let (machine, server) = try elsewhere()
        let session = try session(atTerminal: false, "vm", "console", machine)
        session.type("\r")
        try session.sees("\n")
        let pool = try QueryJSON.decode(KnownAgents.self, from: Data(contentsOf: URL(filePath: file)))
        let agent = try #require(pool.servers.first { $0.name == server }?.pid)

        kill(agent, SIGKILL)

        #expect(try session.status() == 1)
        let sentence = "ovm: The agent of server \(server), which runs the virtual machine, went away. Ask again"
        #expect(session.shown.contains(sentence) && session.shown.hasSuffix(".\n"), "\(session.shown)")
    }

    private struct KnownAgents: Decodable {
        struct Server: Decodable {
            let name: String
            let pid: Int32?
        }
        let servers: [Server]
    }
}

/// A connection to a port of this machine.
private final class LoopbackConnection {
    private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

    struct Failed: Error {}

    init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failed() }
    }

    deinit { close(descriptor) }

    func write(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) } }

    func read(_ count: Int) throws -> String {
        var all: [UInt8] = []
        while all.count < count {
            var bytes = [UInt8](repeating: 0, count: count - all.count)
            let got = recv(descriptor, &bytes, bytes.count, 0)
            guard got > 0 else { throw Failed() }
            all += bytes[..<got]
        }
        return String(decoding: all, as: UTF8.self)
    }
}

extension ProgramScene {
    /// The TCP ports of 127.0.0.1 that a process listens on, as /proc tells.
    fileprivate func listeningPorts(of process: Int32) throws -> [Int] {
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap { number -> String? in
            var target = [CChar](repeating: 0, count: 64)
            let count = readlink("/proc/\(process)/fd/\(number)", &target, 64)
            return count > 0 ? String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
        }
        let table = try String(contentsOfFile: "/proc/\(process)/net/tcp", encoding: .utf8)
        return table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // Local address, state 0A of those that listen, and the socket's number.
            guard fields.count > 9, fields[3] == "0A", files.contains("socket:[\(fields[9])]") else { return nil }
            return fields[1].split(separator: ":").last.flatMap { Int($0, radix: 16) }
        }
    }
}
