import AgentCore
import AgentPorts
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("the consoles of a served host", .serialized, .timeLimit(.minutes(2)))
struct ConsoleTests {
    /// Reads until what has come holds `text`.
    private func read(_ console: any ConsoleStream, until text: String) async throws -> String {
        var all: [UInt8] = []
        while let bytes = try await console.read() {
            all += bytes
            let read = String(decoding: all, as: UTF8.self)
            if read.contains(text) { return read }
        }
        throw Missing()
    }

    private func start(_ number: UInt64, _ client: SimulatedHypervisor) async throws {
        #expect(await client.perform(.createPaused(try Scene.specification(number))) == .done)
    }

    @Test("the guest boots onto its console, asks for a name, and answers what is typed")
    func answers() async throws {
        try await withServedHost { (_, client) async throws in
            try await start(7, client)
            let console = try await client.console(of: 1, .text)
            #expect(await client.perform(.unpause(domain: 1)) == .done)

            let boot = try await read(console, until: "machine-7 login: ")
            try await console.write(Array("root\r".utf8))
            _ = try await read(console, until: "root@machine-7:~$ ")
            try await console.write(Array("echo a\u{7F}b\r".utf8))
            let answer = try await read(console, until: "$ ")

            #expect(boot.contains("Simulated guest machine-7") && answer.contains("\r\nb\r\n"))
            console.close(nil)
        }
    }

    @Test("a console outlives whoever looks at it, ends with its domain, and leaves its log behind")
    func outlives() async throws {
        try await withServedHost { (_, client) async throws in
            try await start(7, client)
            #expect(await client.perform(.unpause(domain: 1)) == .done)
            let first = try await client.console(of: 1, .text)
            try await first.write(Array("root\r".utf8))
            _ = try await read(first, until: "$ ")
            first.close(nil)

            let second = try await client.console(of: 1, .text)
            try await second.write(Array("\r".utf8))
            let prompt = try await read(second, until: "$ ")
            #expect(await client.perform(.destroy(domain: 1)) == .done)
            var last: [UInt8]? = []
            while last != nil { last = try await second.read() }

            #expect(prompt.contains("root@machine-7"))
            let log = String(decoding: try await client.consoleLog(ofDomainNamed: "machine-7"), as: UTF8.self)
            #expect(log.contains("Simulated guest machine-7") && log.contains("root@machine-7:~$ "))
        }
    }

    @Test("a display speaks the first line of RFB, and sends back what it gets, however much that is")
    func display() async throws {
        try await withServedHost { (_, client) async throws in
            try await start(7, client)
            let display = try await client.console(of: 1, .display)
            let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

            let hello = try await read(display, until: "\n")
            async let writing: Void = display.write(sent)
            var back: [UInt8] = []
            while back.count < sent.count, let bytes = try await display.read() { back += bytes }
            try await writing

            #expect(hello == "RFB 003.008\n" && back == sent)
            display.close(nil)
        }
    }

    @Test("what prints on and on costs no more than a bound, whoever reads it or not, and the host goes on answering")
    func floods() async throws {
        try await withServedHost { (_, client) async throws in
            try await start(7, client)
            #expect(await client.perform(.unpause(domain: 1)) == .done)
            let reader = try await client.console(of: 1, .text)
            let sleeper = try await client.console(of: 1, .text)
            try await reader.write(Array("root\r".utf8))
            try await reader.write(Array("yes\r".utf8))

            var count = 0
            while count < 8_000_000, let bytes = try await reader.read() { count += bytes.count }

            #expect(try await client.listDomains().count == 1)
            #expect(try await client.consoleLog(ofDomainNamed: "machine-7").count == ConsoleLimits.logBytes)
            reader.close(nil)
            sleeper.close(nil)
        }
    }

    @Test("there is no console of a domain that does not exist, and no log of one that never did")
    func absent() async throws {
        try await withServedHost { (_, client) async throws in
            for kind in [ConsoleKind.text, .display] {
                await #expect(throws: ConsoleFailure.notRunning(cause: "The simulated host has no domain 9.")) {
                    _ = try await client.console(of: 9, kind)
                }
            }
            await #expect(throws: ConsoleFailure.self) { _ = try await client.consoleLog(ofDomainNamed: "machine-9") }
        }
    }
}
