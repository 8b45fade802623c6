import Foundation
import Testing

/// What the build cannot see: rules about the text of the sources.
@Suite("The house keeps its rules")
struct LayeringTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The Swift files below a folder of the repository, generated ones left out.
    static func sources(_ folder: String) throws -> [(path: String, lines: [String])] {
        let base = root.appending(path: folder)
        let found = FileManager.default.enumerator(atPath: base.path)?.allObjects.compactMap { $0 as? String } ?? []
        return try found.filter { $0.hasSuffix(".swift") && !$0.hasSuffix(".pb.swift") }.sorted().map { name in
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return ("\(folder)/\(name)", text.components(separatedBy: "\n"))
        }
    }

    @Test("Core imports no Foundation, clock, random source, logger or network")
    func keepsCorePure() throws {
        let allowed: Set<String> = [
            "PoolModel", "RaftCore", "Placement", "PoolStateMachine", "DomainConfiguration", "AgentCore", "DequeModule",
        ]
        let sources = try Self.sources("Sources/Core")
        #expect(sources.count > 40)

        for source in sources {
            for line in source.lines where line.contains("import ") && !line.hasPrefix(" ") && !line.hasPrefix("/") {
                let module = line.split(separator: " ").last.map(String.init) ?? ""
                #expect(allowed.contains(module), "\(source.path): \(line)")
            }
        }
    }

    @Test("the commands of a client speak with the pool through its query port alone: they know neither its disks nor its other networks")
    func speaksThroughTheQueryPort() throws {
        let allowed: Set<String> = [
            "ArgumentParser", "DomainConfiguration", "Foundation", "NIOCore", "NIOFoundationCompat", "NIOHTTP1", "NIOPosix", "NIOTLS",
            "OpenSSLTransport", "PoolCommands", "QueryModel", "UnixSignals", "Glibc", "Dispatch",
            // A console is a stream here and there alike; of the agent's ports a client knows that one alone.
            "ConsoleStreams", "AgentPorts",
        ]
        let others = [
            "StoragePort", "PeerPort", "HypervisorPort", "PoolGateway", "PoolArchive", "ConsolePort", "ConsoleGateway", "ClockPort",
        ]
        let sources = try Self.sources("Sources/Executables/ovm/Client") + Self.sources("Sources/Services/PoolCommands/Client")
        #expect(sources.count > 40)

        for source in sources {
            for line in source.lines where line.contains("import ") && !line.hasPrefix(" ") && !line.hasPrefix("/") {
                let module = line.split(separator: " ").last.map(String.init) ?? ""
                #expect(allowed.contains(module), "\(source.path): \(line)")
            }
            for line in source.lines { #expect(!others.contains { line.contains($0) }, "\(source.path): \(line)") }
        }
    }

    @Test("Core reads no clock, draws no random number, and waits for nothing")
    func keepsCoreDeterministic() throws {
        let forbidden = [
            "ContinuousClock", "SuspendingClock", " Date(", "Date.now", ".random(", "SystemRandomNumberGenerator", ".shuffled(",
            ".randomElement(", " async ", "await ", "print(", "hashValue", "Hasher(", "Double(", ": Double", ": Float", "= Task {",
            "(Task {",
        ]

        for source in try Self.sources("Sources/Core") {
            for (number, line) in source.lines.enumerated() where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                for word in forbidden where line.contains(word) {
                    Issue.record("\(source.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test("no source forces, traps without a reason, or leaves work for later")
    func keepsPromises() throws {
        let forbidden = [" try!", " try?", "(try?", " as! ", "fatalError(", "TODO", "FIXME", "Task.detached", " assert("]

        for source in try Self.sources("Sources") {
            for (number, line) in source.lines.enumerated() where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
                for word in forbidden where line.contains(word) {
                    Issue.record("\(source.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test("nothing is public: this is a program, not a library")
    func keepsNothingPublic() throws {
        for source in try Self.sources("Sources") {
            for (number, line) in source.lines.enumerated() where line.hasPrefix("public ") || line.hasPrefix("    public ") {
                Issue.record("\(source.path):\(number + 1) is public")
            }
        }
    }

    @Test("files stay small enough to read")
    func keepsFilesSmall() throws {
        for source in try Self.sources("Sources") {
            #expect(source.lines.count <= 400, "\(source.path) has \(source.lines.count) lines")
        }
    }

    @Test("each room has its DESIGN.md")
    func keepsDesigns() throws {
        for floor in ["Core", "Ports", "Adapters", "Services"] {
            let folder = Self.root.appending(path: "Sources/\(floor)")
            for room in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !room.hasPrefix(".") {
                let design = folder.appending(path: "\(room)/DESIGN.md").path
                #expect(FileManager.default.fileExists(atPath: design), "\(floor)/\(room)")
            }
        }
    }
}
