import AgentCore
import Foundation
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("Core dumps of a simulated host") struct DumpTests {
    @Test("an ended domain is dumped once; who asks again is told of the same file")
    func dumpsOnce() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(7)
        _ = scene.model.control(.endGuest(domain: domain, .crash), now: scene.now)
        _ = scene.elapse(0)

        let first = scene.begin(.dumpCore(domain: domain))
        let second = scene.begin(.dumpCore(domain: domain))
        let told = scene.elapse(500)

        let path = "/dump/machine-7-7-1.core"
        #expect(first != second && told.results == [.dumped(path: path), .dumped(path: path)])
        #expect(told.events.count == 1 && told.events.allSatisfy { $0.contains("dumped(path: \"\(path)\") 1") })
    }

    @Test("a domain that runs, and one that is taken down before its dump is done, are not dumped")
    func refuses() throws {
        var scene = Scene()
        let running = try scene.runningDomain(7)
        let refused = scene.perform(.dumpCore(domain: running))
        _ = scene.model.control(.endGuest(domain: running, .crash), now: scene.now)

        let dump = scene.begin(.dumpCore(domain: running))
        _ = scene.begin(.destroy(domain: running))
        let told = scene.elapse(1_000)

        #expect(refused == .failed(cause: "The guest of domain 1 has not ended, or its domain is being taken down."))
        #expect(told.contains(.completed(dump, .failed(cause: "Domain 1 does not exist."))))
        #expect(!told.events.contains { $0.contains("dumped") })
    }

    @Test("a served host tells the file, which is there for its owner alone, and its journal tells it")
    func servesDump() async throws {
        try await withServedHost { (host, client) async throws in
            let specification = try Scene.specification(7, epoch: 4)
            #expect(await client.perform(.createPaused(specification)) == .done)
            #expect(await client.perform(.unpause(domain: 1)) == .done)
            #expect(try await client.control(.endGuest(domain: 1, .crash)) == nil)

            guard case .dumped(let path) = await client.perform(.dumpCore(domain: 1)) else { throw Missing() }

            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600 && path.hasSuffix("/dump/machine-7-7-4.core"))
            let line = try #require(try host.journal().last)
            #expect(line.kind == "dumped" && line.path == path && line.epoch == 4)
        }
    }
}
