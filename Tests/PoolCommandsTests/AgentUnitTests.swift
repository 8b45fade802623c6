import Foundation
import Testing

@testable import PoolCommands

@Suite("The agent's systemd unit")
final class AgentUnitTests {
    private let folder: String

    init() throws {
        folder = "/tmp/ovm-unit-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit {
        // What cannot be removed lies in /tmp and is seen there.
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("could not remove \(folder)") }
    }

    /// A unit that is installed, and a systemctl that notes what it was asked and ends with `status`.
    private func unit(status: Int) throws -> AgentUnit {
        let program = "\(folder)/systemctl"
        try "#!/bin/sh\necho \"$@\" > \(folder)/asked\nexit \(status)\n".write(toFile: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        try "".write(toFile: "\(folder)/\(AgentUnit.name)", atomically: true, encoding: .utf8)
        return AgentUnit(runningMark: folder, folders: ["/nowhere", folder], program: program)
    }

    @Test("it is enabled and started at once")
    func starts() throws {
        let unit = try unit(status: 0)

        try unit.start()

        #expect(unit.isInstalled)
        #expect(try String(contentsOfFile: "\(folder)/asked", encoding: .utf8) == "enable --now ovm-agent.service\n")
    }

    @Test("a start that systemd refuses is an error with cause and cure, and exit status 1")
    func refusedStart() throws {
        let unit = try unit(status: 5)

        let error = #expect(throws: SetupError.self) { try unit.start() }

        #expect(error?.message.contains("was not started: systemctl ended with status 5. Look at `journalctl") == true)
        #expect(error?.exitCode == 1)
    }

    @Test("without systemd, or without the unit, it is not installed")
    func isNotInstalled() throws {
        #expect(!AgentUnit(runningMark: "/nowhere", folders: [folder], program: "/bin/true").isInstalled)
        #expect(!AgentUnit(runningMark: folder, folders: [folder], program: "/bin/true").isInstalled)
    }
}
