import Foundation
import Testing

@testable import ServerEnvironment

@Suite("agent.json")
struct AgentConfigurationTests {
    private static let usual = AgentConfiguration(
        pool: "00000000-0000-4000-8000-000000000001", poolName: "pool", server: 1, name: "a", peerAddress: "127.0.0.1:8899",
        queryAddress: "127.0.0.1:4443", roles: ["vm", "utility"], hypervisor: .simulated, storage: "00000000-0000-4000-8000-000000000002",
        initialPeers: [.init(server: 2, name: "b", address: "[::1]:8899")],
        timing: .init(heartbeatMilliseconds: 50, electionMilliseconds: 250), storageRoots: ["/OVS", "/srv/xen"])

    private func written(_ change: (inout [String: Any]) -> Void) throws -> String? {
        try withDirectory { (directory) throws in
            try Self.usual.write(to: directory)
            let object = try JSONSerialization.jsonObject(with: Data(directory.read(directory.configurationFile, limit: 10_000)))
            guard var keys = object as? [String: Any] else { throw Missing() }
            change(&keys)
            try directory.write(Array(try JSONSerialization.data(withJSONObject: keys)), to: directory.configurationFile)
            return refusal { () throws(EnvironmentError) in _ = try AgentConfiguration(directory) }?
                .message.replacingOccurrences(of: directory.configurationFile, with: "agent.json")
        }
    }

    @Test("what is written is read again, for its owner alone")
    func roundTrips() throws {
        try withDirectory { (directory) throws in
            try Self.usual.write(to: directory)

            #expect(try AgentConfiguration(directory) == Self.usual)
            #expect(mode(of: directory.configurationFile) == 0o600)
            #expect(directory.isFounded)
        }
    }

    @Test("a key that is not known is passed over, and timing may be absent")
    func toleratesUnknown() throws {
        let error = try written { keys in
            keys["colour"] = "red"
            keys["timing"] = nil
        }

        #expect(error == nil)
    }

    @Test("a directory without the file belongs to no pool")
    func refusesAbsent() throws {
        try withDirectory { (directory) throws in
            let error = refusal { () throws(EnvironmentError) in _ = try AgentConfiguration(directory) }

            #expect(error?.message == "\(directory.path) belongs to no pool. Run `ovm pool bootstrap` or `ovm pool join` first.")
        }
    }

    @Test("each value out of bounds is refused by its name, with the cure")
    func refusesValues() throws {
        let peer: [String: Any] = ["server": 2, "name": "b", "address": "b:1"]
        let cases: [(key: String, value: Any?, reason: String)] = [
            ("pool", "pool", "pool is no UUID"),
            ("storage", "", "storage is no UUID"),
            ("server", 0, "server is 0"),
            ("server", -1, "it is no JSON, or a number in it is out of range"),
            ("server", "one", "server has the wrong type"),
            ("name", "a b", "name is not 1 to 63 letters, digits, dots, hyphens and underscores"),
            ("poolName", "", "poolName is empty or too long"),
            ("peerAddress", "localhost", "peerAddress is not HOST:PORT"),
            ("queryAddress", String(repeating: ":", count: 261), "queryAddress is not HOST:PORT"),
            ("queryAddress", "127.0.0.1:8899", "peerAddress and queryAddress are the same"),
            ("roles", ["master"], "roles is not a choice of vm and utility"),
            ("hypervisor", "kvm", "hypervisor has a value that is not known"),
            ("initialPeers", [peer, peer], "initialPeers names a server twice"),
            ("initialPeers", [peer.merging(["server": 0]) { $1 }], "initialPeers has a server with the number 0"),
            ("initialPeers", [peer.merging(["name": ""]) { $1 }], "initialPeers has a server whose name cannot be one"),
            ("initialPeers", [peer.merging(["address": "b"]) { $1 }], "initialPeers has an address that is not HOST:PORT"),
            ("timing", ["heartbeatMilliseconds": 4, "electionMilliseconds": 250], "timing.heartbeatMilliseconds is not 5 to 10000"),
            (
                "timing", ["heartbeatMilliseconds": 50, "electionMilliseconds": 99],
                "timing.electionMilliseconds is not 100 to 60000 (at least two heartbeats)"
            ),
            ("storageRoots", ["/OVS", "/OVS"], "storageRoots names a folder twice"),
            ("storageRoots", ["OVS"], "storageRoots has a folder that is no absolute path without a slash at its end"),
            ("storageRoots", ["/OVS/"], "storageRoots has a folder that is no absolute path without a slash at its end"),
            ("storageRoots", ["/OVS/../etc"], "storageRoots has a folder that is no absolute path without a slash at its end"),
            ("storageRoots", (0...256).map { "/\($0)" }, "storageRoots has more than 256 folders"),
            ("name", nil, "the key name is missing"),
        ]

        for (key, value, reason) in cases {
            let error = try written { $0[key] = value }

            #expect(error == "agent.json cannot be used: \(reason). Correct it, or restore it from a copy.", "\(key)")
        }
    }

    @Test("what the next start would refuse is not written")
    func refusesToWrite() throws {
        try withDirectory { (directory) throws in
            var bad = Self.usual
            bad.server = 0

            let error = refusal { () throws(EnvironmentError) in try bad.write(to: directory) }

            #expect(error == .badConfiguration(path: directory.configurationFile, reason: "server is 0"))
            #expect(!directory.isFounded)
        }
    }

    @Test("what is no JSON, and what is longer than the bound, is refused")
    func refusesBytes() throws {
        try withDirectory { (directory) throws in
            try directory.write(Array("{".utf8), to: directory.configurationFile)
            let broken = refusal { () throws(EnvironmentError) in _ = try AgentConfiguration(directory) }
            try directory.write(Array(repeating: 32, count: AgentConfiguration.longestFile + 1), to: directory.configurationFile)
            let long = refusal { () throws(EnvironmentError) in _ = try AgentConfiguration(directory) }

            #expect(
                broken == .badConfiguration(path: directory.configurationFile, reason: "it is no JSON, or a number in it is out of range"))
            #expect(long == .refused(operation: "read", path: directory.configurationFile, reason: "it has more than 1048576 bytes"))
        }
    }
}
