import Dispatch
import Foundation
import QueryModel
import ServerEnvironment

/// Ends a demonstration that was left running.
package enum DemoStop {
    /// Whether an agent of the demonstration in this folder runs.
    static func isRunning(folder: String) -> Bool { !agents(in: folder).isEmpty }

    /// Stops the agents in good order, then cuts their hosts' power.
    ///
    /// - Returns: how many processes were ended.
    package static func run(folder: String) async throws -> Int {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(DemoPool.markerName)") else {
            throw DemoError("No demonstration was made in \(folder). Give the --dir that it was started with.")
        }
        let found = agents(in: folder)
        for (agent, _) in found { agent.send(SIGTERM) }
        await wait(for: found, seconds: 8)
        let hosts = processes(in: folder, matching: "simulated-host")
        for (process, _) in hosts + agents(in: folder) { process.send(SIGKILL) }
        await wait(for: hosts, seconds: 5)
        return found.count + hosts.count
    }

    private static func agents(in folder: String) -> [(ChildProcess, String)] { processes(in: folder, matching: "agent") }

    /// The processes that were started with a data directory below the folder: looked for by their arguments, never by a kept number alone.
    private static func processes(in folder: String, matching verb: String) -> [(ChildProcess, String)] {
        let entries: [String]
        do { entries = try FileManager.default.contentsOfDirectory(atPath: "/proc") } catch { return [] }
        return entries.compactMap { Int32($0) }.compactMap { pid in
            let process = ChildProcess(pid: pid)
            guard process.isRunning(with: verb) else { return nil }
            let directory = DemoServer.names.map { "\(folder)/\($0)" }.first { process.isRunning(with: $0) }
            return directory.map { (process, $0) }
        }
    }

    /// A moment that is waited out also where the task was cancelled: what was started is ended all the same.
    private static func pause() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { continuation.resume() }
        }
    }

    /// Waits until the processes have ended.
    static func wait(for processes: [(ChildProcess, String)], seconds: Int) async {
        let deadline = ContinuousClock.now + .seconds(seconds)
        for (process, directory) in processes {
            while process.isRunning(with: directory), ContinuousClock.now < deadline {
                process.reap()
                await pause()
            }
        }
    }
}
