import ArgumentParser
import Foundation
import NIOPosix
import OpenSSLTransport
import PoolCommands
import QueryModel

/// One command's dealings with the pool, from the pool file to the exit status.
enum ClientSession {
    /// Runs `body` with a client of the pool that the options name.
    ///
    /// - Throws: `ExitCode`: 1 refused, 3 no master reachable, 4 outcome unknown. What happened stands on standard error then.
    static func run(
        _ options: ClientOptions, reason: String? = nil, isStream: Bool = false, _ body: (PoolClient, Console) async throws -> Void
    ) async throws {
        do {
            let path = try PoolFile.locate(option: options.pool, environment: ProcessInfo.processInfo.environment)
            let file = try PoolFile(path: path)
            let client = try PoolClient(file: file, path: path, reason: reason, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            do {
                try await body(client, Console(answers: options.answer.form(isStream: isStream)))
            } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        } catch {
            throw exit(with: error)
        }
    }

    /// Runs `body` once, or, where it is to be watched, again and again until Ctrl-C, which ends the program with 0.
    static func look(
        _ options: ClientOptions, _ watch: WatchOption, _ body: @escaping @Sendable (PoolClient, Console) async throws -> Void
    ) async throws {
        guard let rhythm = watch.watch else { return try await run(options, body) }
        try await run(options, isStream: !Console.isTerminal) { client, console in
            try await LiveConsole(console).follow(client, every: rhythm.period, body)
        }
    }

    /// Says what happened on standard error, and gives the status to exit with.
    private static func exit(with error: any Error) -> any Error {
        switch error {
        case let error as ClientError:
            Console.complain(error.message)
            if case .problem(let problem) = error { noteServers(of: problem) }
            return ExitCode(error.exitCode)
        case let error as PoolFileError:
            Console.complain(error.message)
            return ExitCode(1)
        case let error as TLSError:
            Console.complain(error.message)
            return ExitCode(1)
        default:
            return error
        }
    }

    /// Each server's reason, where every server refused a start.
    private static func noteServers(of problem: ProblemDocument) {
        for server in problem.servers ?? [] {
            guard let refusal = server.refusal else { continue }
            Console.note(TextTable.printable("  \(server.server): \(refusal.message)") + "\n")
        }
    }
}

extension PoolClient {
    /// Waits for a task to end, and tells on standard error what is being done where that takes longer than a second.
    ///
    /// - Throws: `ExitCode(1)` where it failed or was cancelled, with its cause on standard error.
    ///   `ClientError.outcomeUnknown` where nobody answers any more and this client began it.
    func finish(_ begun: UInt64, isOwn: Bool = true) async throws -> TaskDocument {
        let task = try await isOwn ? Self.asking(afterBegun: begun) { () throws(ClientError) in try await follow(begun) } : follow(begun)
        guard task.status == "done" else {
            Console.complain(task.cause ?? "Task \(task.id), \(task.kind) \(task.target), was \(task.status).")
            throw ExitCode(1)
        }
        return task
    }

    /// The same, whatever the task ended as.
    func follow(_ id: UInt64) async throws(ClientError) -> TaskDocument {
        let start = ContinuousClock.now
        var line = TaskLine(isTerminal: Console.isErrorTerminal)
        return try await waitForTask(id) { task in
            if let text = line.text(of: task, after: ContinuousClock.now - start) { Console.note(text) }
        }
    }
}
