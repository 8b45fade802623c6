import AgentPorts
import Foundation
import Testing
import XenHypervisor

/// The far end of a pseudo-terminal, as xenconsoled has it.
private final class Terminal {
    let descriptor: Int32
    let path: String
    private var isClosed = false

    init() throws {
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (number, lock) = (UInt32(0), Int32(0))
        // What unlockpt(3) and ptsname(3) come to on Linux (ioctl_tty(2)): TIOCSPTLCK and TIOCGPTN.
        try #require(descriptor >= 0 && ioctl(descriptor, 0x4004_5431, &lock) == 0 && ioctl(descriptor, 0x8004_5430, &number) == 0)
        path = "/dev/pts/\(number)"
    }

    deinit { hangUp() }

    func write(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } }

    func read(_ count: Int) -> String {
        var all: [UInt8] = []
        while all.count < count {
            var bytes = [UInt8](repeating: 0, count: count - all.count)
            let got = Foundation.read(descriptor, &bytes, bytes.count)
            guard got > 0 else { break }
            all += bytes[..<got]
        }
        return String(decoding: all, as: UTF8.self)
    }

    func hangUp() {
        if !isClosed { close(descriptor) }
        isClosed = true
    }
}

@Suite("The consoles of a domain on Xen", .timeLimit(.minutes(1)))
struct ConsoleTests {
    private func read(_ stream: any ConsoleStream, _ count: Int) async throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < count, let more = try await stream.read() { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("a pseudo-terminal passes every byte as it is, both ways, and echoes none")
    func passes() async throws {
        let terminal = try Terminal()
        let stream = try await PseudoTerminal.open(terminal.path)

        terminal.write("login:\n\u{3}\u{4}\u{11}\u{13}\u{1A}")
        #expect(try await read(stream, 12) == "login:\n\u{3}\u{4}\u{11}\u{13}\u{1A}")
        try await stream.write(Array("ls\r\u{3}\n".utf8))
        #expect(terminal.read(5) == "ls\r\u{3}\n")
        terminal.write("done")
        #expect(try await read(stream, 4) == "done")
        stream.close(nil)
    }

    @Test("a terminal that is let go ends the console as consoles end")
    func hangsUp() async throws {
        let terminal = try Terminal()
        let stream = try await PseudoTerminal.open(terminal.path)
        terminal.write("bye")
        #expect(try await read(stream, 3) == "bye")

        terminal.hangUp()

        #expect(try await stream.read() == nil)
    }

    @Test("a guest that takes nothing holds the writer up, and nothing else")
    func holds() async throws {
        let terminal = try Terminal()
        let stream = try await PseudoTerminal.open(terminal.path)
        let text = String(repeating: "x", count: 200_000)

        async let writing: Void = stream.write(Array(text.utf8))
        terminal.write("still here")
        #expect(try await read(stream, 10) == "still here")
        #expect(terminal.read(text.count) == text)
        try await writing
        stream.close(nil)
    }

    @Test(
        "only a pseudo-terminal that is there is opened",
        arguments: ["/dev/tty1", "/etc/passwd", "/dev/pts/", "/dev/pts/../null", "/dev/pts/999999"])
    func refuses(path: String) async {
        await #expect(throws: ConsoleFailure.self) { _ = try await PseudoTerminal.open(path) }
    }

    @Test("a display is reached on this server, at the address that its VNC server listens on")
    func display() {
        func place(_ listen: String?, _ port: Int = 5_901) -> String? {
            DisplayAddress(listen: listen, port: port).map { "\($0.host) \($0.port)" }
        }

        #expect(place(nil) == "127.0.0.1 5901" && place("0.0.0.0") == "127.0.0.1 5901" && place("::") == "127.0.0.1 5901")
        #expect(place("10.0.0.7") == "10.0.0.7 5901" && place("fe80::1") == "fe80::1 5901")
        #expect(place("evil.example") == nil && place(nil, 0) == nil && place(nil, 70_000) == nil)
    }

    @Test("of a log the newest 64 KiB are read; a link, a pipe and nothing at all are no log")
    func log() throws {
        let folder = "/tmp/ovm-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer {
            do { try FileManager.default.removeItem(atPath: folder) } catch { print("could not remove \(folder)") }
        }
        let text = (0..<20_000).map { "line \($0)\n" }.joined()
        try text.write(toFile: "\(folder)/long", atomically: false, encoding: .utf8)
        try "".write(toFile: "\(folder)/empty", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "\(folder)/long")
        try #require(mkfifo("\(folder)/pipe", 0o600) == 0)

        let tail = try ConsoleLogFile.tail(of: "\(folder)/long")
        #expect(tail.count == ConsoleLimits.logBytes && text.hasSuffix(String(decoding: tail, as: UTF8.self)))
        #expect(try ConsoleLogFile.tail(of: "\(folder)/empty").isEmpty)
        for name in ["link", "pipe", "none"] {
            #expect(throws: ConsoleFailure.self, "\(name)") { try ConsoleLogFile.tail(of: "\(folder)/\(name)") }
        }
    }
}
