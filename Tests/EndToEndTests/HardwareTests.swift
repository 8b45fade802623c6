import Foundation
import QueryModel
import Testing

@Suite("A server is what its hardware is")
struct HardwareTests {
    /// One server's simulated host and agent.
    struct Server {
        let scene: ProgramScene
        let directory: String

        func startHost() throws -> Process {
            let host = try scene.start("simulated-host", "--data", directory)
            try scene.eventually("the simulated host in \(directory)") {
                FileManager.default.fileExists(atPath: "\(directory)/simulated.sock")
            }
            return host
        }

        /// Starts the agent and waits until the pool says of it what is asked.
        func startAgent(until isSo: (ServerDocument) -> Bool) throws -> Process {
            let agent = try scene.start("agent", "run", "--data", directory)
            try scene.eventually("the agent in \(directory)") {
                let shown = try scene.run("server", "show", "alpha", "--pool", "\(directory)/pool.json", "-o", "json")
                guard shown.status == 0 else { return false }
                return isSo(try QueryJSON.decode(ServerDocument.self, from: Data(shown.output.utf8)))
            }
            return agent
        }

        func end(_ process: Process) {
            process.terminate()
            process.waitUntilExit()
        }
    }

    @Test("a data directory that was copied to another host is refused with cause and cure, and goes on serving on its own")
    func refusesCopiedDirectory() throws {
        let scene = try ProgramScene()
        let original = Server(scene: scene, directory: "\(scene.folder)/a")
        let copy = Server(scene: scene, directory: "\(scene.folder)/b")
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
        let host = try original.startHost()
        original.end(try original.startAgent { $0.hardware != nil && $0.status == "active" })
        try FileManager.default.createDirectory(
            atPath: copy.directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for name in try FileManager.default.contentsOfDirectory(atPath: original.directory) where name != "simulated.sock" {
            try FileManager.default.copyItem(atPath: "\(original.directory)/\(name)", toPath: "\(copy.directory)/\(name)")
        }
        let other = try copy.startHost()

        let refused = try scene.end(of: scene.launch(["agent", "run", "--data", copy.directory, "--log-level", "critical"]))
        copy.end(other)
        let agent = try original.startAgent { $0.status == "active" && $0.session?.number == 2 }

        #expect(refused.isOneSentenceOfEach, "\(refused.errors)")
        #expect(refused.errors.contains("its disk was copied or moved"))
        #expect(refused.errors.contains("join it anew"))
        original.end(agent)
        original.end(host)
    }
}
