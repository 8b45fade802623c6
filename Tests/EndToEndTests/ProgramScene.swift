import Foundation
import Testing

/// The built program, run as a person would run it, in a temporary folder that is removed afterwards.
final class ProgramScene {
    let folder: String

    init() throws {
        // Short, because a Unix socket's path has at most 107 bytes.
        folder = "/tmp/ovm-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        for process in started where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        for process in started { process.waitUntilExit() }
        // What cannot be removed lies in /tmp and is seen there.
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("could not remove \(folder)") }
    }

    private var started: [Process] = []
    /// The agent that kill tests end and start again.
    var agent: Process?

    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// The program that the tests were built with.
    static var executable: String {
        get throws {
            let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            let candidates = [
                bundle.appending(path: "ovm").path, LayoutRoot.path + "/.build/debug/ovm",
            ]
            return try #require(candidates.first { FileManager.default.isExecutableFile(atPath: $0) })
        }
    }

    /// Runs the program to its end.
    func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

    /// - Parameter clock: how many seconds ahead of the true time the program's wall clock is to be.
    func run(_ arguments: [String], clock: Int = 0) throws -> Outcome { try launch(arguments, clock: clock).outcome() }

    /// A program under way whose output is kept.
    struct Launched {
        let process: Process
        let output: String

        /// Waits until it has ended.
        func outcome() throws -> Outcome {
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
                errors: try String(contentsOfFile: output + ".err", encoding: .utf8))
        }
    }

    /// Starts the program with its output kept; it ends with the scene at the latest.
    ///
    /// - Parameter failing: the file from whose existence on every sync of the program fails; nil: none does.
    func launch(_ arguments: [String], clock: Int = 0, failing: String? = nil) throws -> Launched {
        let process = Process()
        try setClock(of: process, ahead: clock)
        if let failing { try failSyncs(of: process, onceThereIs: failing) }
        process.executableURL = URL(filePath: try Self.executable)
        process.arguments = arguments
        let output = "\(folder)/out-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        _ = FileManager.default.createFile(atPath: output + ".err", contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: output + ".err"))
        try process.run()
        started.append(process)
        return Launched(process: process, output: output)
    }

    /// Starts the program and leaves it running until the scene ends.
    func start(_ arguments: String..., clock: Int = 0) throws -> Process {
        let process = Process()
        try setClock(of: process, ahead: clock)
        process.executableURL = URL(filePath: try Self.executable)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        started.append(process)
        return process
    }

    /// A library, loaded before all others, that moves the wall clock: no privilege is needed, and no other process notices.
    private func setClock(of process: Process, ahead seconds: Int) throws {
        guard seconds != 0 else { return }
        try load("clock", Self.clockSource, into: process, ["OVM_TEST_CLOCK_AHEAD": "\(seconds)"])
    }

    /// Has a process begin with a library of this name and source, and with these variables.
    func load(_ name: String, _ source: String, into process: Process, _ variables: [String: String]) throws {
        let library = "\(folder)/out-\(name).so"
        if !FileManager.default.fileExists(atPath: library) {
            let file = "\(folder)/out-\(name).c"
            try source.write(toFile: file, atomically: true, encoding: .utf8)
            let compiler = Process()
            compiler.executableURL = URL(filePath: "/usr/bin/env")
            compiler.arguments = ["clang", "-shared", "-fPIC", "-o", library, file]
            try compiler.run()
            compiler.waitUntilExit()
            try #require(compiler.terminationStatus == 0)
        }
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { _, new in new }
        process.environment?["LD_PRELOAD"] = library
    }

    private static let clockSource = """
        #define _GNU_SOURCE
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        int clock_gettime(clockid_t clock, struct timespec *time) {
            int code = (int)syscall(SYS_clock_gettime, clock, time);
            const char *ahead = getenv("OVM_TEST_CLOCK_AHEAD");
            if (code == 0 && ahead && clock == CLOCK_REALTIME) time->tv_sec += atol(ahead);
            return code;
        }
        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """

    /// Asks until `isSo` holds, for at most half a minute.
    func eventually(_ what: String, _ isSo: () throws -> Bool) throws {
        let deadline = Date.now.addingTimeInterval(30)
        while Date.now < deadline {
            if try isSo() { return }
            usleep(20_000)
        }
        Issue.record("waited 30 s for \(what)")
        throw Impatience()
    }

    /// What a program ends with that must end by itself, within half a minute.
    func end(of launched: Launched) throws -> Outcome {
        try eventually("a program to end") { !launched.process.isRunning }
        return try launched.outcome()
    }

    struct Impatience: Error {}
}

/// Where the repository is.
enum LayoutRoot {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}

/// What bootstrap and join say when they refuse.
extension ProgramScene.Outcome {
    /// Refused with one line on standard error: a sentence of cause and one of cure.
    var isOneSentenceOfEach: Bool { status == 1 && saysCauseAndCure }

    /// One line on standard error with a sentence of cause and one of cure.
    var saysCauseAndCure: Bool {
        let line = errors.trimmingCharacters(in: .whitespacesAndNewlines)
        return line.hasPrefix("ovm: ") && !line.contains("\n") && line.components(separatedBy: ". ").count >= 2
    }
}
