import Foundation
import PoolCommands
import QueryModel
import Testing

@Suite("A machine moves between real agents")
struct MigrationTests {
    private static func machine(_ name: String, _ pool: KilledPool) throws -> MachineDocument {
        let shown = try pool.scene.run("vm", "show", name, "-o", "json", "--pool", "\(pool.folder)/pool.json")
        try #require(shown.status == 0, "\(shown.errors)")
        return try QueryJSON.decode(MachineDocument.self, from: Data(shown.output.utf8))
    }

    @Test("there and back, as its check says before; with a limit it takes as long as that allows, and can be cancelled")
    func movesAndComesBack() throws {
        let pool = try KilledPool(servers: 2)
        let file = "\(pool.folder)/pool.json"
        try pool.scene.eventually("the pool to answer") { try pool.scene.run("pool", "status", "--pool", file).status == 0 }
        try pool.startMover("mover")
        let home = try #require(try Self.machine("mover", pool).server)
        let other = try #require(pool.file.servers.map(\.name).first { $0 != home })

        let check = try pool.scene.run("vm", "migrate", "mover", "--check", "--pool", file)
        let there = try pool.scene.run("vm", "migrate", "mover", "--to", other, "--pool", file)
        let moved = try Self.machine("mover", pool)
        #expect(check.status == 0 && check.output.contains("mover would move from \(home) to \(other)"), "\(check.output)\(check.errors)")
        #expect(there.status == 0 && moved.server == other && moved.status == "Running", "\(there.output)\(there.errors)")

        let again = try pool.scene.run("vm", "migrate", "mover", "--to", other, "--pool", file)
        #expect(again.status == 1 && again.errors.contains("runs it already"), "\(again.errors)")

        // A simulated host sends 64 MiB of filler at most: a minute of it, unless it is cancelled.
        let slow = try pool.scene.run("vm", "migrate", "mover", "--to", home, "--bandwidth", "1", "--no-wait", "--pool", file)
        try #require(slow.status == 0, "\(slow.errors)")
        let task = try #require(try Self.machine("mover", pool).task)
        let cancelled = try pool.scene.run("task", "cancel", "\(task)", "--pool", file)
        try pool.scene.eventually("the cancelled one to run on") { try Self.machine("mover", pool).status == "Running" }
        #expect(cancelled.status == 0, "\(cancelled.errors)")
        #expect(try Self.machine("mover", pool).server == other)

        let back = try pool.scene.run("vm", "migrate", "mover", "--to", home, "--pool", file)
        let returned = try Self.machine("mover", pool)
        #expect(back.status == 0 && returned.server == home && returned.status == "Running", "\(back.output)\(back.errors)")
        try pool.scene.eventually("nothing to be left") { try Self.machine("mover", pool).remnantsOn == nil }
    }
}

extension KilledPool {
    /// Creates and starts a machine that can move, as it has no disk of its server's own.
    func startMover(_ name: String) throws {
        let configuration = "\(scene.folder)/\(name).cfg"
        try Data("name = \"\(name)\"\ntype = \"pvh\"\nkernel = \"/boot/vmlinuz\"\nmemory = 256\n".utf8).write(
            to: URL(filePath: configuration))
        let file = "\(folder)/pool.json"
        for arguments in [["vm", "create", "-f", configuration], ["vm", "start", name]] {
            let done = try scene.run(arguments + ["--pool", file])
            try #require(done.status == 0, "\(done.output)\(done.errors)")
        }
    }
}
