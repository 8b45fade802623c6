import Foundation
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

    /// Two ports that nobody listens on at this moment.
    static func ports() throws -> [String] {
        try (0..<2).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) + getsockname(descriptor, $0, &length)
                }
            }
            try #require(code == 0)
            return "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        }
    }

    static func bootstrap(_ scene: ProgramScene, _ directory: String, address: String? = nil, query: String? = nil)
        throws -> ProgramScene.Outcome
    {
        let ports = try ports()
        return try scene.run(
            "pool", "bootstrap", "--name", "test", "--server-name", "alpha", "--address", address ?? ports[0], "--query",
            query ?? ports[1], "--data", "\(scene.folder)/\(directory)", "--hypervisor", "simulated", "--no-start")
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

    @Test("a taken port is refused")
    func refusesTakenPort() throws {
        let scene = try ProgramScene()
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) + listen(listener, 1) + getsockname(listener, $0, &length)
            }
        }
        try #require(code == 0)

        let outcome = try Self.bootstrap(scene, "a", address: "127.0.0.1:\(UInt16(bigEndian: address.sin_port))")

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("the port is taken"))
        #expect(try Self.snapshot(scene.folder).isEmpty)
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
