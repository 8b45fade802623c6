import Foundation
import ServerEnvironment
import Synchronization
import Testing

@Suite("Bootstrap and join refuse with cause and cure, and change nothing")
struct BootstrapTests {
    /// What lies in a folder: paths, sizes and times.
    static func snapshot(_ folder: String) throws -> [String] {
        let names = FileManager.default.enumerator(atPath: folder)?.allObjects.compactMap { $0 as? String } ?? []
        return try names.filter { !$0.hasPrefix("out-") }.sorted().map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return "\(name) \(attributes[.size] ?? 0) \(attributes[.modificationDate] ?? 0)"
        }
    }

    private static let given = Mutex<Set<Int>>([])

    /// Two addresses that nobody listens on and no other test of this process was given, below the ports of outgoing connections.
    static func ports() throws -> [String] {
        try given.withLock { given in
            let fresh = try FreePorts.choose(given.count + 2).filter { !given.contains($0) }.prefix(2)
            given.formUnion(fresh)
            return fresh.map { "127.0.0.1:\($0)" }
        }
    }

    static func bootstrap(_ scene: ProgramScene, _ directory: String, address: String? = nil, query: String? = nil)
        throws -> ProgramScene.Outcome
    {
        try scene.run(bootstrapArguments(scene, directory, address: address, query: query))
    }

    static func bootstrapArguments(_ scene: ProgramScene, _ directory: String, address: String? = nil, query: String? = nil)
        throws -> [String]
    {
        let ports = try ports()
        return [
            "pool", "bootstrap", "--name", "test", "--server-name", "alpha", "--address", address ?? ports[0], "--query",
            query ?? ports[1], "--data", "\(scene.folder)/\(directory)", "--hypervisor", "simulated", "--no-start",
        ]
    }

    @Test("a bootstrap founds a pool in a private directory, and its keys are private")
    func founds() throws {
        let scene = try ProgramScene()

        let outcome = try Self.bootstrap(scene, "a")

        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("agent run --data"))
        for name in ["agent.json", "pool.json", "pool.sqlite", "certificates/authority.key", "certificates/server.key"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(scene.folder)/a/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test(
        "where there is no Xen, a bootstrap that asks for it, or for nothing, is refused with cause and cure, and changes nothing",
        .disabled(if: FileManager.default.fileExists(atPath: "/dev/xen/privcmd"), "this machine runs Xen"), arguments: [true, false])
    func refusesWithoutXen(isAskedFor: Bool) throws {
        let scene = try ProgramScene()
        let usual = try Self.bootstrapArguments(scene, "a")
        let arguments = usual.split(separator: "simulated").flatMap { $0 }.filter { $0 != "--hypervisor" }

        let outcome = try scene.run(arguments + (isAskedFor ? ["--hypervisor", "xen"] : []))

        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(
            outcome.errors == """
                ovm: There is no Xen here: /dev/xen/privcmd and /proc/xen/privcmd do not exist. Boot this server with Xen and run ovm in \
                Domain-0, as root, or give --hypervisor simulated for a server that only pretends to run machines.

                """)
        #expect(!FileManager.default.fileExists(atPath: "\(scene.folder)/a"))
    }

    @Test("a second bootstrap over existing data is refused")
    func refusesSecondBootstrap() throws {
        let scene = try ProgramScene()
        #expect(try Self.bootstrap(scene, "a").status == 0)
        let before = try Self.snapshot("\(scene.folder)/a")

        let outcome = try Self.bootstrap(scene, "a")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("belongs to a pool already"))
        #expect(try Self.snapshot("\(scene.folder)/a") == before)
    }

    @Test("a taken port is refused, be the address a number or a name", arguments: ["127.0.0.1", "localhost"])
    func refusesTakenPort(_ host: String) throws {
        let scene = try ProgramScene()
        let taken = try TakenPort()

        let outcome = try Self.bootstrap(scene, "a", address: "\(host):\(taken.port)")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("the port is taken"))
        #expect(try Self.snapshot(scene.folder).isEmpty)
    }

    @Test("of two bootstraps at once one founds the pool, and the other leaves it alone")
    func foundsOnce() throws {
        let scene = try ProgramScene()
        for round in 1...5 {
            let both = try (0..<2).map { _ in try scene.launch(Self.bootstrapArguments(scene, "\(round)")) }

            let outcomes = try both.map { try $0.outcome() }

            let said = outcomes.map(\.errors)
            #expect(outcomes.map(\.status).sorted() == [0, 1], "\(said)")
            for refused in outcomes where refused.status != 0 { #expect(refused.isOneSentenceOfEach, "\(refused.errors)") }
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(scene.folder)/\(round)")
            #expect(Set(names).isSuperset(of: ["agent.json", "pool.json", "pool.sqlite", "certificates", "lock"]))
        }
    }

    @Test("a data directory that others may read is refused, and stays as it is")
    func refusesOpenDirectory() throws {
        let scene = try ProgramScene()
        let directory = "\(scene.folder)/a"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        chmod(directory, 0o755)

        let outcome = try Self.bootstrap(scene, "a")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("chmod go="))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        #expect(try FileManager.default.attributesOfItem(atPath: directory)[.posixPermissions] as? Int == 0o755)
    }

    @Test("a tampered token is refused before anything is sent or written")
    func refusesTamperedToken() throws {
        let scene = try ProgramScene()
        let ports = try Self.ports()

        let outcome = try scene.run(
            "pool", "join", "ovm1.AAECAwQFBgcICQ", "--server-name", "bravo", "--address", ports[0], "--query", ports[1], "--data",
            "\(scene.folder)/b", "--hypervisor", "simulated", "--no-start")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("damaged"))
        #expect(try Self.snapshot(scene.folder).isEmpty)
    }
}
