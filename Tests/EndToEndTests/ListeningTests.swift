import Foundation
import Testing

/// Somebody else's listener on a port of 127.0.0.1, until it is let go.
final class TakenPort {
    let port: Int
    private let descriptor: Int32

    /// - Parameter port: 0 lets the system choose one.
    init(_ port: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + listen(descriptor, 1) + getsockname(descriptor, $0, &length)
            }
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        try #require(code == 0)
    }

    deinit { close(descriptor) }
}

@Suite("An agent that cannot listen ends, and says why")
struct ListeningTests {
    /// Which of its two ports somebody else holds.
    enum Port: CaseIterable { case peer, query }

    @Test("an agent whose port is taken ends with cause and cure, and serves once the port is free", arguments: Port.allCases)
    func endsWithoutPort(_ port: Port) throws {
        let scene = try ProgramScene()
        let directory = "\(scene.folder)/a"
        let addresses = try BootstrapTests.ports()
        try #require(try BootstrapTests.bootstrap(scene, "a", address: addresses[0], query: addresses[1]).status == 0)
        _ = try scene.start("simulated-host", "--data", directory)
        try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }
        let address = addresses[port == .peer ? 0 : 1]
        let number = try #require(address.split(separator: ":").last.flatMap { Int($0) })
        let setting = port == .peer ? "peerAddress" : "queryAddress"

        var taken: TakenPort? = try TakenPort(number)
        let outcome = try scene.run("agent", "run", "--data", directory, "--log-level", "critical")
        #expect(taken != nil)
        taken = nil

        #expect(outcome.isOneSentenceOfEach, "\(outcome.errors)")
        #expect(outcome.errors.contains("\(address) cannot be listened on: the port is taken"), "\(outcome.errors)")
        #expect(outcome.errors.contains("change \(setting) in agent.json"), "\(outcome.errors)")
        try scene.begin(agentIn: directory)
        try scene.eventually("the pool to answer") { try scene.run("pool", "status", "--pool", "\(directory)/pool.json").status == 0 }
    }
}
