import Foundation
import PoolCommands
import QueryModel
import Testing

@Suite("A host that dies silently")
struct DeadHostTests {
    @Test("two agents elect a master while the third's host swallows every SYN, and have it back once it answers (hazard L5)")
    func electsBesideDeadHost() throws {
        let pool = try KilledPool(servers: 3)
        try pool.scene.eventually("a first master") { try Self.master(of: pool) != nil }
        let master = try #require(try Self.master(of: pool))
        let address = try #require(pool.file.servers.first { $0.name == master }?.peer)
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })

        pool.kill(master)
        var dead: SilentPort? = try SilentPort(port)
        let death = ContinuousClock.now
        try pool.scene.eventually("another master") { try Self.master(of: pool).map { $0 != master } ?? false }
        let written = try pool.scene.run("pool", "token", "create", "--pool", "\(pool.folder)/pool.json")
        let took = ContinuousClock.now - death
        dead = nil
        try pool.start(master)
        try pool.scene.eventually("\(master) to be back") { try Self.servers(of: pool).first { $0.name == master }?.status == "active" }

        print("two of three had a master and a write \(took) after the third's host fell silent")
        #expect(written.status == 0, "\(written.errors)")
        // Far from the minutes that a kernel goes on connecting for, on however loaded a machine.
        #expect(took < .seconds(15))
        withExtendedLifetime(dead) {}
    }

    private static func servers(of pool: KilledPool) throws -> [ServerDocument] {
        let listed = try pool.scene.run("server", "ls", "-o", "json", "--pool", "\(pool.folder)/pool.json")
        guard listed.status == 0 else { return [] }
        return try QueryJSON.decode(ServerListDocument.self, from: Data(listed.output.utf8)).servers
    }

    private static func master(of pool: KilledPool) throws -> String? { try servers(of: pool).first { $0.isMaster }?.name }
}

/// A port of 127.0.0.1 on which no SYN is answered, as that of a host without power.
private final class SilentPort {
    private var descriptors: [Int32] = []

    init(_ port: UInt16) throws {
        let listener = Self.socket()
        descriptors.append(listener)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        try #require(Self.at(port) { bind(listener, $0, $1) } == 0)
        // A queue of none holds one connection all the same; once it does, the kernel drops what comes.
        try #require(listen(listener, 0) == 0)
        for _ in 0..<3 {
            let filler = Self.socket()
            descriptors.append(filler)
            _ = Self.at(port) { connect(filler, $0, $1) }
        }
    }

    deinit { descriptors.forEach { close($0) } }

    private static func socket() -> Int32 {
        Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func at(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
