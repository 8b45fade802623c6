import AgentCore
import AgentPorts
import Foundation
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("a served host", .serialized, .timeLimit(.minutes(2)))
struct ServerTests {
    @Test("an agent creates, starts, lists, stops and destroys over the socket; the journal tells it in order")
    func serves() async throws {
        try await withServedHost { (host, client) async throws in
            let specification = try Scene.specification(7, epoch: 4)

            #expect(await client.perform(.createPaused(specification)) == .done)
            #expect(await client.perform(.unpause(domain: 1)) == .done)
            let listed = try await client.listDomains()
            #expect(await client.perform(.shutdown(domain: 1)) == .done)
            #expect(try await eventually { try await client.listDomains().first?.state == .ended(.powerOff) })
            #expect(await client.perform(.destroy(domain: 1)) == .done)

            #expect(
                listed == [
                    DomainReport(
                        domain: 1, name: "machine-7", uuid: specification.uuid, state: .running, memory: Mebibytes(1_024), virtualCPUs: 2,
                        ownership: specification.ownership)
                ])
            #expect(try await client.listDomains().isEmpty)
            let journal = try host.journal()
            let boot = try await client.bootIdentifier().description
            #expect(journal.map(\.kind) == ["booted", "created", "started", "ended", "stopped"])
            #expect(journal.map(\.machine) == [nil, 7, 7, 7, 7])
            #expect(journal.dropFirst().allSatisfy { $0.epoch == 4 && $0.boot == boot && $0.at <= $0.written })
            #expect(zip(journal, journal.dropFirst()).allSatisfy { $0.at <= $1.at && $0.written <= $1.written })
        }
    }

    @Test("facts are those of simulated.json, and the usual ones where it says nothing")
    func tellsFacts() async throws {
        try await withServedHost { (_, client) async throws in
            let facts = try await client.facts()

            #expect(facts == SimulatedHostModel(capacity: SimulatedCapacity(), boot: Scene.boot, seed: 0, now: .zero).facts)
            #expect(facts.capacity == Mebibytes(62 * 1_024))
            #expect(facts.hypervisor == "simulated")
        }
    }

    @Test("a host's hardware stays the same after a power cut, and belongs to its place: a copied folder is another machine")
    func tellsHardware() async throws {
        try await withFolder { (folder) async throws in
            let copy = SimulatedHostFolder("\(folder.path)/copy")
            var told: [UniqueIdentifier?] = []
            for place in [folder, folder, copy] {
                if place == copy {
                    try FileManager.default.createDirectory(
                        atPath: copy.path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                    try FileManager.default.copyItem(atPath: folder.journal, toPath: copy.journal)
                }
                let host = ServedHost.start(place)
                let client = try await host.client()
                told.append(try await client.hardwareIdentifier())
                client.close()
                _ = await host.stop()
            }

            #expect(told[0] != nil && told[0] == told[1] && told[2] != nil && told[2] != told[0])
            #expect(SimulatedHostFolder.hardware(at: "/a", on: "x") != SimulatedHostFolder.hardware(at: "/a", on: "y"))
        }
    }

    @Test("a refusal of the host comes back as the operation's cause")
    func refuses() async throws {
        try await withServedHost { (_, client) async throws in
            let result = await client.perform(.createPaused(try Scene.specification(1, memory: 63_489)))

            #expect(result == .failed(cause: "There is not enough free memory: 63489 MiB needed, 63488 MiB free."))
        }
    }

    @Test("many operations run side by side, and one that hangs holds up no other")
    func runsSideBySide() async throws {
        try await withServedHost { (_, client) async throws in
            #expect(await client.perform(.createPaused(try Scene.specification(1))) == .done)
            #expect(try await client.control(.inject(.unpause, .hangs)) == nil)
            async let hanging = client.perform(.unpause(domain: 1))
            let others = try (2...20).map { try Scene.specification(UInt64($0), memory: 16) }

            let results = await withTaskGroup(of: DomainOperationResult.self) { group in
                for other in others { group.addTask { await client.perform(.createPaused(other)) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let during = try await client.listDomains()
            #expect(try await client.control(.release) == nil)

            #expect(results == Array(repeating: .done, count: 19))
            #expect(during.count == 20)
            #expect(during.first?.state == .paused)
            #expect(await hanging == .done)
        }
    }

    @Test("domains outlive the agent that made them, and what it began goes on without it")
    func outlivesAgent() async throws {
        try await withServedHost(durations: #"{"create":[200,200]}"#) { (host, client) async throws in
            let agent = try await host.client()
            let specification = try Scene.specification(1)
            let abandoned = Task { await agent.perform(.createPaused(specification)) }
            #expect(try await eventually { try await client.listDomains().count == 1 })

            agent.close()

            guard case .failed(let cause) = await abandoned.value else { throw Missing() }
            #expect(cause.hasSuffix("whether the operation was done is unknown."))
            #expect(try await eventually { await client.perform(.unpause(domain: 1)) == .done })
            #expect(try await client.listDomains().first?.state == .running)
        }
    }

    @Test("a host that dies under an operation leaves its outcome unknown, and the client says so")
    func saysUnknown() async throws {
        try await withServedHost { (host, client) async throws in
            #expect(try await client.control(.inject(.create, .answersLate(by: .seconds(3_600)))) == nil)
            let specification = try Scene.specification(1)
            let waiting = Task { await client.perform(.createPaused(specification)) }
            #expect(try await eventually { try await client.listDomains().count == 1 })

            #expect(await host.stop() == nil)

            let result = await waiting.value
            #expect(
                result
                    == .failed(
                        cause: "The connection to the simulated host broke before it answered: whether the operation was done is unknown."))
        }
    }

    @Test("the next process is another boot without domains, and the client finds it by itself")
    func bootsAnew() async throws {
        try await withServedHost { (host, client) async throws in
            let boot = try await client.bootIdentifier()
            #expect(await client.perform(.createPaused(try Scene.specification(1))) == .done)

            #expect(await host.stop() == nil)
            let again = ServedHost.start(host.folder)
            #expect(
                try await eventually {
                    do throws(HypervisorError) {
                        return try await client.bootIdentifier() != boot
                    } catch {
                        return false
                    }
                })

            #expect(try await client.listDomains().isEmpty)
            #expect(try again.journal().map(\.kind) == ["booted", "created", "booted"])
            _ = await again.stop()
        }
    }

    @Test("changes are told when a guest ends by itself, and when the host comes back")
    func tellsChanges() async throws {
        try await withServedHost { (host, client) async throws in
            #expect(await client.perform(.createPaused(try Scene.specification(1))) == .done)
            #expect(await client.perform(.unpause(domain: 1)) == .done)
            var changes = client.changes().makeAsyncIterator()
            let other = try await host.client()
            let crash = Task { try await other.control(.endGuest(domain: 1, .crash)) }

            // Hints may be coalesced or repeated: what counts is that a listing after one of them shows the end.
            var seen = false
            while !seen, await changes.next() != nil {
                seen = try await client.listDomains().first?.state == .ended(.crash)
            }

            #expect(seen)
            #expect(try await crash.value == nil)
            _ = await host.stop()
            let again = ServedHost.start(host.folder)
            var isBack = false
            while !isBack, await changes.next() != nil {
                do throws(HypervisorError) {
                    isBack = try await client.listDomains().isEmpty
                } catch {
                    isBack = false
                }
            }
            #expect(isBack)
            _ = await again.stop()
            other.close()
        }
    }

    @Test(
        "a malformed line ends its own connection and no other", arguments: ["nonsense\n", "{}\n", #"{"id":1,"call":{"fly":{}}}"# + "\n"])
    func closesMalformed(line: String) async throws {
        try await withServedHost { (host, client) async throws in
            let raw = try RawConnection(host.folder.socket)

            raw.write(line)

            #expect(raw.isClosed())
            #expect(try await client.listDomains().isEmpty)
        }
    }

    @Test(
        "sizes, durations and names out of bounds end the connection before they reach the model",
        arguments: [
            #"{"control":{"_0":{"setDurations":{"_0":{"create":{"least":[-1,0],"most":[0,0]}}}}}}"#,
            #"{"control":{"_0":{"startForeign":{"_0":{"name":"x","uuid":"00000000-0000-0000-0000-000000000001","memory":-1}}}}}"#,
            #"{"perform":{"_0":{"unpause":{"domain":-1}}}}"#,
            #"{"perform":{"_0":{"create":{"_0":{"name":"x","uuid":"no","type":"pv","memory":1,"virtualCPUs":1,"interfaces":[],"diskPaths":[],"#
                + #""newImageSize":0,"ownership":{"pool":"00000000-0000-0000-0000-000000000001","machine":1,"epoch":1}}}}}}"#,
        ])
    func boundsValues(call: String) async throws {
        try await withServedHost { (host, client) async throws in
            let raw = try RawConnection(host.folder.socket)

            raw.write(#"{"id":1,"call":\#(call)}"# + "\n")

            #expect(raw.isClosed())
            #expect(try await client.listDomains().isEmpty)
        }
    }

    @Test("a line without end is cut off at the bound")
    func boundsLines() async throws {
        try await withServedHost { (host, client) async throws in
            let raw = try RawConnection(host.folder.socket)

            raw.write(String(repeating: " ", count: SimulatedHostLimits.lineBytes + 1))

            #expect(raw.isClosed())
            #expect(try await client.listDomains().isEmpty)
        }
    }

    @Test("requests are answered by their ids, also when several come in one piece")
    func answersByID() async throws {
        try await withServedHost { (host, _) async throws in
            let raw = try RawConnection(host.folder.socket)

            raw.write(#"{"id":5,"call":{"list":{}}}"# + "\n" + #"{"id":9,"call":{"list":{}}}"# + "\n")

            #expect(
                raw.read(lines: 2) == #"{"id":5,"reply":{"domains":{"_0":[]}}}"# + "\n" + #"{"id":9,"reply":{"domains":{"_0":[]}}}"# + "\n")
        }
    }

    @Test("a journal that cannot be written ends the host with the reason")
    func endsWithoutJournal() async throws {
        try await withFolder { (folder) async throws in
            #expect(symlink("/dev/full", folder.journal) == 0)

            let error = await ServedHost.start(folder).outcome()

            // A link in place of the journal is refused before anything is written through it.
            #expect(error == .system(operation: "open", path: folder.journal, code: ELOOP))
        }
    }
}
