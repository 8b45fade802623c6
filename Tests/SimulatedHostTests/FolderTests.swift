import AgentCore
import AgentPorts
import Foundation
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("the folder of a simulated host", .serialized, .timeLimit(.minutes(2)))
struct FolderTests {
    @Test("socket, journal and lock are for their owner alone")
    func protectsFiles() async throws {
        try await withServedHost { (host, _) async throws in
            var modes: [String: UInt32] = [:]
            for path in [host.folder.socket, host.folder.journal, host.folder.lock] {
                var status = stat()
                #expect(lstat(path, &status) == 0)
                modes[path] = status.st_mode & 0o777
            }

            #expect(modes.values.allSatisfy { $0 == 0o600 })
        }
    }

    @Test("a folder that others may use is refused, and nothing is made in it")
    func refusesOpenFolder() async throws {
        try await withFolder { (folder) async throws in
            #expect(chmod(folder.path, 0o750) == 0)

            let error = await ServedHost.start(folder).outcome()

            #expect(error == .notPrivate(path: folder.path, mode: 0o750))
            #expect(
                error?.message == """
                    Others than its owner may use \(folder.path) (mode 750), and whoever reaches the simulated host commands it. \
                    Run `chmod go= \(folder.path)`, then try again.
                    """)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test("a second server on the same folder is refused and leaves the first one alone")
    func refusesSecond() async throws {
        try await withServedHost { (host, client) async throws in
            let error = await ServedHost.start(host.folder).outcome()

            #expect(error == .inUse(folder: host.folder.path))
            #expect(try await client.listDomains().isEmpty)
            #expect(try host.journal().map(\.kind) == ["booted"])
        }
    }

    @Test("a path that no socket takes is refused with a cure")
    func refusesLongPath() async throws {
        let folder = SimulatedHostFolder("/tmp/" + String(repeating: "long", count: 30))

        let error = await ServedHost.start(folder).outcome()

        #expect(error == .socketPathTooLong(path: folder.socket))
        #expect(error?.message.contains("has 140 bytes, and a socket takes at most 100. Choose a shorter data directory") == true)
    }

    @Test("a socket that an ended process left behind is replaced")
    func replacesStaleSocket() async throws {
        try await withFolder { (folder) async throws in
            do { _ = try folder.listen() }
            #expect(FileManager.default.fileExists(atPath: folder.socket))

            let host = ServedHost.start(folder)
            let client = try await host.client()

            #expect(try await client.listDomains().isEmpty)
            client.close()
            #expect(await host.stop() == nil)
            #expect(!FileManager.default.fileExists(atPath: folder.socket))
        }
    }

    @Test("a long journal is put aside at start")
    func putsJournalAside() async throws {
        try await withFolder { (folder) async throws in
            let old = Data(repeating: UInt8(ascii: "\n"), count: SimulatedHostLimits.journalBytes + 1)
            try old.write(to: URL(filePath: folder.journal))

            let host = ServedHost.start(folder)
            let client = try await host.client()

            #expect(try host.journal().map(\.kind) == ["booted"])
            #expect(try Data(contentsOf: URL(filePath: folder.journal + ".1")).count == old.count)
            client.close()
            _ = await host.stop()
        }
    }

    @Test("a host that is not there is unreachable, and an operation says that nothing was done")
    func saysUnreachable() async throws {
        try await withFolder { (folder) async throws in
            let client = SimulatedHypervisor(socketPath: folder.socket)

            let result = await client.perform(.destroy(domain: 1))

            #expect(
                result == .failed(cause: "The simulated host could not be asked, so nothing was done: No such file or directory."))
            #expect(
                await messageOfListing(client).hasPrefix("The hypervisor does not answer: No such file or directory. Check that it runs"))
        }
    }

    @Test("a host that does not answer is given up after the client's patience")
    func givesUp() async throws {
        try await withFolder { (folder) async throws in
            let socket = try folder.listen()
            let client = SimulatedHypervisor(socketPath: folder.socket, patience: .milliseconds(50))

            let message = await messageOfListing(client)

            #expect(message.hasPrefix("The hypervisor does not answer: the simulated host did not answer in time."))
            withExtendedLifetime(socket) {}
        }
    }
}

/// What a listing that fails tells the operator; empty where it succeeds.
private func messageOfListing(_ client: SimulatedHypervisor) async -> String {
    do throws(HypervisorError) {
        _ = try await client.listDomains()
        return ""
    } catch {
        return error.message
    }
}
