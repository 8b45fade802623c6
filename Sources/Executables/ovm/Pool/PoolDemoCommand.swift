import ArgumentParser
import Foundation
import NIOPosix
import PoolCommands
import UnixSignals

/// `ovm pool demo`
struct PoolDemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Runs a whole pool of real agent processes on this machine, with simulated hosts.",
        discussion: """
            Founds a pool, joins the other servers, starts virtual machines, kills the master, brings it back, and stays up until
            Ctrl-C. Each server has its own data directory, certificates and ports on 127.0.0.1.

              ovm pool demo --servers 5 --detach
              ovm pool demo --stop
            """)

    @Option(help: "How many servers: 1 to 9.")
    var servers = 3

    @Option(help: "The folder for the servers' data (default: ~/.cache/ovm-demo). It is made anew.", completion: .directory)
    var dir: String?

    @Flag(help: "End after the story; exit status 0 only if every step held.")
    var once = false

    @Flag(help: "Leave the pool running after the story, described in DIR/pool.json.")
    var detach = false

    @Flag(help: "End a pool that was left running.")
    var stop = false

    func validate() throws {
        guard [once, detach, stop].filter({ $0 }).count <= 1 else { throw ValidationError("Give one of --once, --detach and --stop.") }
    }

    func run() async throws {
        let folder = URL(filePath: dir ?? "\(NSHomeDirectory())/.cache/ovm-demo").standardizedFileURL.path
        do {
            if stop {
                print("Ended \(try await DemoStop.run(folder: folder)) processes.")
                return
            }
            let settings = try DemoSettings(servers: servers, folder: folder, executable: try Self.ownPath())
            try await untilSignalled { try await show(settings) }
        } catch {
            throw Refusal.exit(with: error)
        }
    }

    /// Runs `work` and cancels it at Ctrl-C. The signals are trapped before anything is started: what is started outlives a process that
    /// a signal ends.
    private func untilSignalled(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask {
                for await _ in signals { break }
                return false
            }
            let hasEnded = try await group.next() ?? true
            group.cancelAll()
            if hasEnded { return }
            do {
                // It ends its processes first, and says whether it was in the midst of its story.
                _ = try await group.next()
            } catch {
                // Whatever step was under way failed for the interruption.
                throw DemoError("The story was interrupted, and its processes are ended. Run it again to see all of it.")
            }
        }
    }

    private func show(_ settings: DemoSettings) async throws {
        let pool = DemoPool(settings: settings, storage: SQLiteFounding(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton) { line in
            print(line)
            fflush(nil)
        }
        do {
            try await pool.tell()
        } catch {
            await pool.closeClients()
            await pool.endProcesses()
            throw error
        }
        await pool.closeClients()
        if detach {
            pool.showInvitation()
            print("It stays up until: ovm pool demo --dir \(settings.folder) --stop")
            return
        }
        if !once {
            pool.showInvitation()
            print("Ctrl-C ends it.")
            fflush(nil)
            await Self.untilCancelled()
        }
        await pool.endProcesses()
    }

    private static func untilCancelled() async {
        while true {
            do { try await Task.sleep(for: .seconds(3_600)) } catch { return }
        }
    }

    private static func ownPath() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
