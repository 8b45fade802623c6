import Foundation
import PoolCommands
import Testing

/// A pool of real agents on simulated hosts, made by the demonstration; its agents are then the test's to kill and to start again.
final class KilledPool {
    let scene: ProgramScene
    let folder: String
    let file: PoolFile
    private var agents: [String: Process] = [:]

    init(servers: Int) throws {
        scene = try ProgramScene()
        folder = "\(scene.folder)/d"
        let made = try scene.run("pool", "demo", "--dir", folder, "--servers", "\(servers)", "--detach")
        try #require(made.status == 0, "\(made.output)\(made.errors)")
        file = try PoolFile(path: "\(folder)/pool.json")
        for server in file.servers {
            // The demonstration's own agents are no children of this process, and cannot be waited for.
            let agent = ChildProcess(pid: try #require(server.pid))
            agent.send(SIGKILL)
            try scene.eventually("the agent of \(server.name) to end") { !agent.isRunning(with: "agent") }
            try start(server.name)
        }
    }

    deinit {
        // What is left running is seen in the list of processes, with its folder.
        do { _ = try scene.run("pool", "demo", "--dir", folder, "--stop") } catch { print("could not end \(folder)") }
    }

    func directory(_ name: String) -> String { "\(folder)/\(name)" }

    /// Starts the agent, or the one that follows a killed one.
    func start(_ name: String) throws {
        agents[name] = try scene.start("agent", "run", "--data", directory(name), "--log-level", "error")
    }

    /// Ends the agent as a crash would, and returns once it is gone.
    func kill(_ name: String) {
        guard let agent = agents[name] else { return }
        Foundation.kill(agent.processIdentifier, SIGKILL)
        agent.waitUntilExit()
    }

    /// Lets the agent stand still, its connections open.
    func suspend(_ name: String) { agents[name].map { _ = Foundation.kill($0.processIdentifier, SIGSTOP) } }
    func resume(_ name: String) { agents[name].map { _ = Foundation.kill($0.processIdentifier, SIGCONT) } }

    func isRunning(_ name: String) -> Bool { agents[name]?.isRunning ?? false }
}
