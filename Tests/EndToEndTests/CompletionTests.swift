import Foundation
import Testing

@Suite("Completion and watching, with the built program")
struct CompletionTests {
    @Test("the shells' scripts ask the program, which knows the pool's names; a pool that is gone offers nothing and says nothing")
    func completes() throws {
        let scene = try ProgramScene()
        let pool = try scene.beginPool()
        let configuration = "\(scene.folder)/out-vm.cfg"
        try "name = 'web01'\nmemory = 64\n".write(toFile: configuration, atomically: true, encoding: .utf8)
        try #require(try scene.run("vm", "create", "-f", configuration, "--pool", pool).status == 0)

        let machines = try scene.complete(["vm", "show"], "positional@0", line: ["ovm", "vm", "show", "--pool", pool, ""])
        let servers = try scene.complete(["server", "show"], "positional@0", line: ["ovm", "server", "show", "--pool=\(pool)", ""])
        let slip = try scene.run("vm", "show", "wbe01", "--pool", pool)
        let names = try scene.run("vm", "ls", "-o", "name", "--pool", pool)
        scene.endAgent()
        let gone = try scene.complete(["vm", "show"], "positional@0", line: ["ovm", "vm", "show", "--pool", pool, ""])
        let nowhere = try scene.complete(["vm", "show"], "positional@0", line: ["ovm", "vm", "show", "--pool", "/nowhere", ""])

        #expect(machines.output.split(separator: "\n") == ["web01"])
        #expect(servers.output.split(separator: "\n") == ["alpha"])
        #expect(names.output == "web01\n")
        #expect(slip.errors == "ovm: There is no virtual machine \"wbe01\". Did you mean web01? `ovm vm ls` lists them.\n")
        for outcome in [gone, nowhere] {
            #expect(outcome.output.allSatisfy(\.isNewline) && outcome.errors.isEmpty, "\(outcome)")
        }
    }

    @Test("a line in bash is completed by the script, whichever option stands before the key of a tag")
    func completesInBash() throws {
        let scene = try ProgramScene()
        let pool = try scene.beginPool()
        let configuration = "\(scene.folder)/out-vm.cfg"
        try "name = 'web01'\nmemory = 64\n".write(toFile: configuration, atomically: true, encoding: .utf8)
        try #require(try scene.run("vm", "create", "-f", configuration, "--pool", pool).status == 0)
        try #require(try scene.run("vm", "tag", "set", "web01", "owner/team", "x", "--pool", pool).status == 0)
        try scene.run("--generate-completion-script", "bash").output.write(
            toFile: "\(scene.folder)/ovm.bash", atomically: true, encoding: .utf8)

        let words = try scene.completeInBash(["ovm", "vm", "sta"])
        let names = try scene.completeInBash(["ovm", "vm", "show", "--pool", pool, "we"])

        #expect(words == ["start"])
        #expect(names == ["web01"])
        for command in try #require(try HelpTests.tree().all.first { $0.path == "ovm vm tag" }).all where command.isLeaf {
            // Only where a key follows a name.
            guard (command.arguments ?? []).contains(where: { $0.kind == "positional" && $0.valueName == "key" }) else { continue }
            for option in command.arguments ?? [] where option.kind == "option" {
                for name in (option.names ?? []).map(\.spelling) where name != "--pool" {
                    let line = ["ovm", "vm", "tag", command.commandName, "--pool", pool, "web01", name, "json", ""]
                    let keys = try scene.complete(["vm", "tag", command.commandName], "positional@1", line: line)
                    #expect(keys.output.split(separator: "\n") == ["owner/team"], "\(command.path) \(name)")
                }
            }
        }
    }

    @Test("a line in zsh and in fish is completed with the pool's names, as far as these are installed here", arguments: ["zsh", "fish"])
    func completesInOthers(shell: String) throws {
        let scene = try ProgramScene()
        guard let terminal = scene.tool("script"), scene.tool(shell) != nil else {
            print("\(shell), or script(1), is not installed here: how it completes is not checked")
            return
        }
        let pool = try scene.beginPool()
        let configuration = "\(scene.folder)/out-vm.cfg"
        try "name = 'web01'\nmemory = 64\n".write(toFile: configuration, atomically: true, encoding: .utf8)
        try #require(try scene.run("vm", "create", "-f", configuration, "--pool", pool).status == 0)
        let script = "\(scene.folder)/ovm.\(shell)"
        try scene.run("--generate-completion-script", shell).output.write(toFile: script, atomically: true, encoding: .utf8)

        let session = try ShellSession(shell, script: script, terminal: terminal, in: scene)
        try session.complete("ovm vm show --pool \(pool) we", to: "web01")
        try session.complete("\u{15}ovm server show --pool \(pool) al", to: "alpha")
        session.end()
    }

    @Test("the scripts and the manual page are what their readers can read, as far as these are installed here")
    func isReadByShells() throws {
        let scene = try ProgramScene()
        let page = "\(scene.folder)/ovm.8"
        try scene.run("manual").output.write(toFile: page, atomically: true, encoding: .utf8)
        var readers = [["mandoc", "-Tlint", "-Wwarning", page], ["groff", "-man", "-Tascii", "-ww", "-z", page]]
        for shell in ["bash", "zsh", "fish"] {
            let script = "\(scene.folder)/ovm.\(shell)"
            try scene.run("--generate-completion-script", shell).output.write(toFile: script, atomically: true, encoding: .utf8)
            readers.append([shell, "-n", script])
        }

        for reader in readers {
            guard let outcome = try scene.runTool(reader) else {
                print("\(reader[0]) is not installed here: what it would read is not checked")
                continue
            }
            #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.isEmpty, "\(reader[0]): \(outcome)")
        }
    }

    @Test("patterns and tags select for every command that changes machines; to delete many asks for --yes")
    func selectsMany() throws {
        let scene = try ProgramScene()
        let pool = try scene.beginPool()
        let configuration = "\(scene.folder)/out-vm.cfg"
        for name in ["web01", "web02", "db01"] {
            try "name = '\(name)'\nmemory = 64\n".write(toFile: configuration, atomically: true, encoding: .utf8)
            try #require(try scene.run("vm", "create", "-f", configuration, "--pool", pool).status == 0)
        }
        func run(_ words: String...) throws -> ProgramScene.Outcome { try scene.run(words + ["-o", "name", "--pool", pool]) }

        let tagged = try run("vm", "tag", "set", "web*", "role", "web")
        let started = try run("vm", "start", "--tag", "role=web")
        let running = try run("vm", "ls", "--status", "Running", "--server", "alpha")
        let changed = try run("vm", "set", "web*", "--memory", "32M")
        let stopped = try run("vm", "stop", "--all", "--force")
        let untagged = try run("vm", "tag", "rm", "*", "role", "--tag", "role")
        let refused = try run("vm", "delete", "web*")
        let deleted = try run("vm", "delete", "web*", "--yes")
        let left = try run("vm", "ls")
        let events = try run("event", "ls", "--limit", "2")

        for outcome in [tagged, started, running, changed, untagged, deleted] {
            #expect(outcome.status == 0 && outcome.output == "web01\nweb02\n", "\(outcome)")
        }
        // What does not run cannot be stopped, which keeps the others from nothing.
        #expect(stopped.status == 1 && stopped.output == "web01\nweb02\n" && stopped.errors.contains("db01"), "\(stopped)")
        #expect(refused.status == 1 && refused.errors.contains("2 virtual machines: web01, web02. Say --yes"), "\(refused)")
        #expect(left.output == "db01\n")
        #expect(events.status == 0, "\(events)")
        #expect(try run("task", "watch").status == 0)
    }

    @Test("what is watched is printed again when it changes, and an interrupt ends it well")
    func watches() throws {
        let scene = try ProgramScene()
        let pool = try scene.beginPool()
        let output = "\(scene.folder)/out-watch"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let process = Process()
        process.executableURL = URL(filePath: try ProgramScene.executable)
        process.arguments = ["vm", "ls", "-o", "name", "--no-headers", "--watch", "--pool", pool]
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        let configuration = "\(scene.folder)/out-vm.cfg"
        for name in ["web01", "web02"] {
            try "name = '\(name)'\nmemory = 64\n".write(toFile: configuration, atomically: true, encoding: .utf8)
            try #require(try scene.run("vm", "create", "-f", configuration, "--pool", pool).status == 0)
            try scene.eventually("\(name) to be shown") { try String(contentsOfFile: output, encoding: .utf8).contains(name) }
        }
        process.interrupt()
        process.waitUntilExit()

        #expect(try String(contentsOfFile: output, encoding: .utf8) == "web01\n---\nweb01\nweb02\n")
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
    }
}

/// A shell at a terminal, with the program's completion.
private struct ShellSession {
    private let process = Process()
    private let keys = Pipe()
    private let screen: String
    private let scene: ProgramScene

    /// - Parameter terminal: script(1), which runs a command at a terminal of its own.
    init(_ shell: String, script: String, terminal: String, in scene: ProgramScene) throws {
        self.scene = scene
        screen = "\(scene.folder)/out-screen"
        _ = FileManager.default.createFile(atPath: screen, contents: nil)
        let programs = URL(filePath: try ProgramScene.executable).deletingLastPathComponent().path
        process.executableURL = URL(filePath: terminal)
        process.arguments = ["-qfec", shell == "zsh" ? "zsh -f -i" : "fish --no-config", "/dev/null"]
        process.environment = ["PATH": "\(programs):/usr/bin:/bin", "TERM": "xterm", "HOME": scene.folder, "LANG": "C.UTF-8"]
        process.standardInput = keys
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: screen))
        process.standardError = FileHandle.nullDevice
        try process.run()
        let setup =
            shell == "zsh"
            ? "autoload -Uz compinit; compinit -u -D; source \(script) 2>/dev/null; compdef _ovm ovm" : "source \(script)"
        // The word is typed in two pieces, so that only the answer reads as one.
        try type("\(setup); echo rea''dy\n", until: "ready")
    }

    /// Types keys, and waits until the screen has shown a text after them.
    private func type(_ text: String, until expected: String) throws {
        let before = try shown().count
        try keys.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try scene.eventually("the shell to show \(expected)") { try shown().dropFirst(before).contains(expected) }
    }

    /// Types the beginning of a line and a tab. The program gives up after a second, as no shell should hang: on a busy machine the
    /// key is pressed again, as people do.
    func complete(_ beginning: String, to expected: String) throws {
        let before = try shown().count
        try keys.fileHandleForWriting.write(contentsOf: Data((beginning + "\t").utf8))
        var looks = 0
        try scene.eventually("\(expected) after \(beginning)") {
            looks += 1
            if looks % 150 == 0 { try keys.fileHandleForWriting.write(contentsOf: Data("\t".utf8)) }
            return try shown().dropFirst(before).contains(expected)
        }
    }

    private func shown() throws -> String { String(decoding: try Data(contentsOf: URL(filePath: screen)), as: UTF8.self) }

    func end() {
        process.terminate()
        process.waitUntilExit()
    }
}

extension ProgramScene {
    /// Founds a pool of one server and waits until it serves.
    ///
    /// - Returns: its pool file.
    func beginPool() throws -> String {
        let directory = "\(folder)/a"
        try #require(try BootstrapTests.bootstrap(self, "a").status == 0)
        _ = try start("simulated-host", "--data", directory)
        try eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }
        try begin(agentIn: directory)
        let pool = "\(directory)/pool.json"
        try eventually("the pool to answer") { try run("pool", "status", "--pool", pool).status == 0 }
        return pool
    }

    /// What bash would put in place of the last word, by the script that the program made.
    func completeInBash(_ line: [String]) throws -> [String] {
        let words = line.map { "'\($0)'" }.joined(separator: " ")
        let text = """
            set -u; PATH='\(URL(filePath: try Self.executable).deletingLastPathComponent().path)':$PATH
            source '\(folder)/ovm.bash'
            COMP_WORDS=(\(words)); COMP_CWORD=\(line.count - 1); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
            set +u; COMPREPLY=()
            _ovm ovm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let outcome = try #require(try runTool(["bash", "--norc", "-c", text]))
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        return outcome.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Where another program is; nil where it is not installed.
    func tool(_ name: String) -> String? {
        ["/usr/bin/\(name)", "/bin/\(name)"].first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs another program; nil where it is not installed.
    func runTool(_ words: [String]) throws -> Outcome? {
        guard let place = tool(words[0]) else { return nil }
        let process = Process()
        process.executableURL = URL(filePath: place)
        process.arguments = Array(words.dropFirst())
        let output = "\(folder)/out-\(UUID().uuidString)"
        for path in [output, output + ".err"] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: output + ".err"))
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: output + ".err", encoding: .utf8))
    }

    /// Asks as the scripts do that `--generate-completion-script` prints, the cursor at the end of the line.
    func complete(_ command: [String], _ argument: String, line: [String]) throws -> Outcome {
        try run(["---completion"] + command + ["--", argument, "\(line.count - 1)", "0"] + line)
    }
}
