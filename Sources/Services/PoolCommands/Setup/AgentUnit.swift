import Foundation

/// The agent's systemd unit on this server.
package struct AgentUnit: Sendable {
    package static let name = "ovm-agent.service"

    /// What is there only where systemd runs the machine: sd_booted(3).
    private let runningMark: String
    /// Where systemd looks for units: systemd.unit(5).
    private let folders: [String]
    private let program: String

    package init() {
        self.init(
            runningMark: "/run/systemd/system",
            folders: ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"],
            program: "/usr/bin/systemctl")
    }

    init(runningMark: String, folders: [String], program: String) {
        self.runningMark = runningMark
        self.folders = folders
        self.program = program
    }

    /// Whether systemd runs here and knows the unit.
    package var isInstalled: Bool {
        FileManager.default.fileExists(atPath: runningMark)
            && folders.contains { FileManager.default.fileExists(atPath: "\($0)/\(Self.name)") }
    }

    /// Enables the unit and starts it now.
    package func start() throws(SetupError) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["enable", "--now", Self.name]
        do { try process.run() } catch { throw Self.notStarted("\(program) cannot be run") }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Self.notStarted("systemctl ended with status \(process.terminationStatus)") }
    }

    private static func notStarted(_ reason: String) -> SetupError {
        .invalid(
            cause: "This server belongs to the pool now, but its agent was not started: \(reason).",
            cure: "Look at `journalctl -u \(name)`, then run `systemctl enable --now \(name)`.")
    }
}
