import Foundation
import Testing

@Suite("A server whose CPUs lack features joins with a warning")
struct ProcessorTests {
    @Test("the dry run and the join itself say which features are lacking, and the pool shows them")
    func warns() throws {
        let scene = try ProgramScene()
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
        let (alpha, bravo) = ("\(scene.folder)/a", "\(scene.folder)/bravo")
        _ = try scene.start("simulated-host", "--data", alpha)
        try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(alpha)/simulated.sock") }
        scene.agent = try scene.start("agent", "run", "--data", alpha, "--log-level", "error")
        let pool = "\(alpha)/pool.json"
        try scene.eventually("the pool") { try scene.run("pool", "status", "--pool", pool).status == 0 }
        let made = try scene.run("pool", "token", "create", "--pool", pool)
        let token = try #require(made.output.split(whereSeparator: \.isWhitespace).map(String.init).first { $0.hasPrefix("ovm1.") })
        try FileManager.default.createDirectory(
            atPath: bravo, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let features = "bfebfbff:77fef3ff:2c100800:00000121:0000000f:000037ab:00000008:00000100"
        try Data(#"{"processor": {"features": "\#(features)", "model": "Older"}}"#.utf8).write(to: URL(filePath: "\(bravo)/simulated.json"))
        let ports = try BootstrapTests.ports()
        let join = [
            "pool", "join", token, "--server-name", "bravo", "--address", ports[0], "--query", ports[1], "--data", bravo, "--hypervisor",
            "simulated", "--no-start",
        ]

        let checked = try scene.run(join + ["--dry-run"])
        let joined = try scene.run(join)

        let warning = "warning: Virtual machines started on alpha could not move live to bravo, whose CPUs lack rtm, avx512f, "
        for outcome in [checked, joined] {
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.hasPrefix(warning) && outcome.errors.hasSuffix(".\n"), "\(outcome.errors)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
        }
        _ = try scene.start("simulated-host", "--data", bravo)
        try scene.eventually("the second host") { FileManager.default.fileExists(atPath: "\(bravo)/simulated.sock") }
        _ = try scene.start("agent", "run", "--data", bravo, "--log-level", "error")
        try scene.eventually("bravo's CPUs") { try scene.run("server", "show", "bravo", "--pool", pool).output.contains(features) }
        let shown = try scene.run("server", "show", "alpha", "--pool", pool).output
        #expect(shown.contains("to bravo: it lacks rtm, avx512f"), "\(shown)")
        #expect(shown.contains("16, 1 socket of 8 cores of 2 threads, 1 NUMA node"), "\(shown)")
        let listed = try scene.run("server", "ls", "-o", "wide", "--pool", pool).output
        #expect(listed.contains("CPU") && listed.contains("Older"), "\(listed)")
    }
}
