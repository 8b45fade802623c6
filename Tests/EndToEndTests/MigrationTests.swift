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
        let freed = try pool.scene.run("vm", "set", "web01", "--preferred", "", "--pool", file)
        try #require(freed.status == 0, "\(freed.errors)")
        try pool.scene.eventually("web01 to be adopted") { try Self.machine("web01", pool).status == "Running" }
        let home = try #require(try Self.machine("web01", pool).server)
        let other = try #require(pool.file.servers.map(\.name).first { $0 != home })

        let check = try pool.scene.run("vm", "migrate", "web01", "--check", "--pool", file)
        let there = try pool.scene.run("vm", "migrate", "web01", "--to", other, "--pool", file)
        let moved = try Self.machine("web01", pool)
        #expect(check.status == 0 && check.output.contains("web01 would move from \(home) to \(other)"), "\(check.output)\(check.errors)")
        #expect(there.status == 0 && moved.server == other && moved.status == "Running", "\(there.output)\(there.errors)")

        let again = try pool.scene.run("vm", "migrate", "web01", "--to", other, "--pool", file)
        #expect(again.status == 1 && again.errors.contains("runs it already"), "\(again.errors)")

        // A simulated host sends 64 MiB of filler at most: a minute of it, unless it is cancelled.
        let slow = try pool.scene.run("vm", "migrate", "web01", "--to", home, "--bandwidth", "1", "--no-wait", "--pool", file)
        try #require(slow.status == 0, "\(slow.errors)")
        let task = try #require(try Self.machine("web01", pool).task)
        let cancelled = try pool.scene.run("task", "cancel", "\(task)", "--pool", file)
        try pool.scene.eventually("the cancelled one to run on") { try Self.machine("web01", pool).status == "Running" }
        #expect(cancelled.status == 0, "\(cancelled.errors)")
        #expect(try Self.machine("web01", pool).server == other)

        let back = try pool.scene.run("vm", "migrate", "web01", "--to", home, "--pool", file)
        let returned = try Self.machine("web01", pool)
        #expect(back.status == 0 && returned.server == home && returned.status == "Running", "\(back.output)\(back.errors)")
        try pool.scene.eventually("nothing to be left") { try Self.machine("web01", pool).remnantsOn == nil }
    }
}
