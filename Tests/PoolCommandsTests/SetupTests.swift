import AgentPorts
import Foundation
import PoolModel
import QueryModel
import RaftCore
import ServerEnvironment
import Synchronization
import Testing

@testable import PoolCommands

/// Founds storage as a file, after whatever the test wants to happen meanwhile.
private struct InterruptedFounding: StorageFounding {
    let meanwhile: @Sendable () -> Void

    func create(path: String, initial: RaftStoredState<PoolEntry>) throws(StorageError) {
        meanwhile()
        guard FileManager.default.createFile(atPath: path, contents: Data("stored".utf8)) else {
            throw .cannotOpen(path: path, reason: "the test's folder is gone")
        }
    }
}

@Suite("Two setups in one directory")
final class SetupTests {
    private let folder: String

    init() throws {
        folder = "/tmp/ovm-setup-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit {
        // What cannot be removed lies in /tmp and is seen there.
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("could not remove \(folder)") }
    }

    private func setup(storageRoots: [String]? = nil) throws -> ServerSetup {
        let ports = try FreePorts.choose(2)
        return try ServerSetup(
            directory: DataDirectory("\(folder)/data"), name: "alpha", peerAddress: "127.0.0.1:\(ports[0])",
            queryAddress: "127.0.0.1:\(ports[1])", hypervisor: .simulated, storageRoots: storageRoots)
    }

    private func files() -> [String] {
        (FileManager.default.enumerator(atPath: "\(folder)/data")?.allObjects.compactMap { $0 as? String } ?? []).sorted()
    }

    @Test("a bootstrap that comes while another founds is refused, and takes nothing of it away")
    func secondComesMeanwhile() throws {
        let setup = try setup()
        let second = try PoolBootstrap(setup: setup, poolName: "p", storage: InterruptedFounding {})
        let refusal = Mutex<SetupError?>(nil)
        let first = try PoolBootstrap(
            setup: setup, poolName: "p",
            storage: InterruptedFounding {
                do throws(SetupError) { _ = try second.run() } catch { refusal.withLock { $0 = error } }
            })

        _ = try first.run()

        #expect(refusal.withLock { $0 } == .environment(.inUse(path: "\(folder)/data")))
        #expect(Set(files()).isSuperset(of: ["agent.json", "pool.json", "pool.sqlite", "certificates/authority.key", "lock"]))
    }

    @Test("the storage roots that were given are in agent.json; one that can be none is refused")
    func keepsStorageRoots() throws {
        let setup = try setup(storageRoots: ["/OVS", "/srv/xen"])

        _ = try PoolBootstrap(setup: setup, poolName: "p", storage: InterruptedFounding {}).run()

        #expect(try AgentConfiguration(setup.directory).storageRoots == ["/OVS", "/srv/xen"])
        let refusal = #expect(throws: SetupError.self) { try self.setup(storageRoots: ["srv"]) }
        #expect(refusal?.message == "srv cannot be a storage root. Give --storage-root an absolute path without a slash at its end.")
    }

    @Test("a setup that looked before another had founded looks again, and changes nothing")
    func secondHasLookedBefore() throws {
        let late = try setup()
        try late.check()
        _ = try PoolBootstrap(setup: setup(), poolName: "p", storage: InterruptedFounding {}).run()
        let before = files()

        #expect(throws: SetupError.environment(.alreadyFounded(path: "\(folder)/data"))) { _ = try late.takeDirectory() }

        #expect(files() == before)
    }
}
