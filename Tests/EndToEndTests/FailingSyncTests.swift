import Foundation
import Testing

@Suite("An error from fsync ends the agent (hazard B17)")
struct FailingSyncTests {
    @Test("an agent whose disk refuses a sync acknowledges nothing more, ends with cause and cure, and stays down until an operator acts")
    func endsAndStaysDown() throws {
        let scene = try ProgramScene()
        let directory = "\(scene.folder)/a"
        let failing = "\(scene.folder)/failing"
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
        _ = try scene.start("simulated-host", "--data", directory)
        try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }
        let arguments = ["agent", "run", "--data", directory, "--log-level", "critical"]
        let agent = try scene.launch(arguments, failing: failing)
        try scene.eventually("a first write") { try Self.write(scene).status == 0 }
        let kept = try Self.tokens(scene)

        _ = FileManager.default.createFile(atPath: failing, contents: nil)
        let refused = try Self.write(scene)
        let ended = try scene.end(of: agent)
        let again = try scene.end(of: scene.launch(arguments, failing: failing))
        try FileManager.default.removeItem(atPath: failing)
        let better = try scene.end(of: scene.launch(arguments, failing: failing))
        try FileManager.default.removeItem(atPath: "\(directory)/pool.sqlite.refused")
        _ = try scene.launch(arguments, failing: failing)
        try scene.eventually("the agent to serve again") { try Self.write(scene).status == 0 }

        #expect([3, 4].contains(refused.status), "\(refused.output)\(refused.errors)")
        #expect(ended.isOneSentenceOfEach, "\(ended.errors)")
        #expect(ended.errors.contains("The disk refused to store the pool database"), "\(ended.errors)")
        #expect(ended.errors.contains("Check the disk before you restart the agent"), "\(ended.errors)")
        // Also once the disk is well again: what is in the page cache may still be what it never got.
        for outcome in [again, better] {
            #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
            #expect(outcome.errors.contains("remove \(directory)/pool.sqlite.refused"), "\(outcome.errors)")
        }
        // An exit, which systemd answers with a restart only where it is asked to, and no signal, which the unit asks it for.
        #expect(agent.process.terminationReason == .exit)
        let unit = try String(contentsOfFile: LayoutRoot.path + "/Deploy/ovm-agent.service", encoding: .utf8)
        let rules = unit.split(separator: "\n").filter { $0.hasPrefix("Restart") || $0.hasPrefix("SuccessExitStatus") }
        #expect(rules == ["Restart=on-abnormal", "RestartSec=1"])
        #expect(Set(try Self.tokens(scene)).isSuperset(of: kept))
    }

    private static func write(_ scene: ProgramScene) throws -> ProgramScene.Outcome {
        try scene.run("pool", "token", "create", "--pool", "\(scene.folder)/a/pool.json")
    }

    /// The numbers of the pool's join tokens.
    private static func tokens(_ scene: ProgramScene) throws -> [String] {
        let listed = try scene.run("pool", "token", "ls", "-o", "json", "--pool", "\(scene.folder)/a/pool.json")
        try #require(listed.status == 0, "\(listed.errors)")
        return listed.output.matches(of: /"id" ?: ?([0-9]+)/).map { String($0.output.1) }
    }
}

extension ProgramScene {
    /// A library, loaded before all others, through which no sync reaches the disk once the file is there. What was written stays in the
    /// page cache, as it does when a disk fails.
    func failSyncs(of process: Process, onceThereIs file: String) throws {
        try load("sync", Self.syncSource, into: process, ["OVM_TEST_FAILING_SYNC": file])
    }

    private static let syncSource = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        static int fails(void) {
            const char *file = getenv("OVM_TEST_FAILING_SYNC");
            return file && access(file, F_OK) == 0;
        }
        int fsync(int descriptor) {
            if (fails()) { errno = EIO; return -1; }
            return (int)syscall(SYS_fsync, descriptor);
        }
        int fdatasync(int descriptor) {
            if (fails()) { errno = EIO; return -1; }
            return (int)syscall(SYS_fdatasync, descriptor);
        }
        """
}
