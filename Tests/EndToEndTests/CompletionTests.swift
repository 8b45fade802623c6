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

    /// Asks as the scripts do that `--generate-completion-script` prints, the cursor at the end of the line.
    func complete(_ command: [String], _ argument: String, line: [String]) throws -> Outcome {
        try run(["---completion"] + command + ["--", argument, "\(line.count - 1)", "0"] + line)
    }
}
