import AgentPorts
import ArgumentParser
import Foundation
import PoolCommands
import PoolModel
import RaftCore
import SQLiteStorage
import ServerEnvironment
import SimulatedHost
import WireFormat
import XenHypervisor

/// What bootstrap and join are asked alike.
struct ServerOptions: ParsableArguments {
    @Option(help: "This server's name in the pool (default: its host name).")
    var serverName: String?

    @Option(help: "HOST:PORT at which the other agents reach this one (default: its host name, port 8899).")
    var address: String?

    @Option(help: "HOST:PORT of the query port (default: its host name, port 4443).")
    var query: String?

    @Option(help: "The data directory.", completion: .directory)
    var data = DataDirectory.standardPath

    @Option(help: "The hypervisor to drive: xen or simulated (default: xen, which must answer).")
    var hypervisor: HypervisorKind?

    @Option(
        name: .customLong("storage-root"),
        help: ArgumentHelp(
            "A folder below which the images of virtual machines lie; again for another (default: /OVS, /dev and /srv).",
            valueName: "folder"),
        completion: .directory)
    var storageRoots: [String] = []

    @Flag(help: "Do not start the systemd unit; print the command that runs the agent.")
    var noStart = false

    /// The setup that these options ask for, once it is said which hypervisor is driven and why.
    func setup() throws -> ServerSetup {
        let host = ProcessSettings.hostName
        let choice = try HypervisorChoice(asked: hypervisor)
        print(choice.reason)
        return try ServerSetup(
            directory: DataDirectory(data), name: serverName ?? host, peerAddress: address ?? "\(host):\(ServerSetup.standardPeerPort)",
            queryAddress: query ?? "\(host):\(ServerSetup.standardQueryPort)", hypervisor: choice.kind,
            storageRoots: storageRoots.isEmpty ? nil : storageRoots,
            // A simulated host may not run yet: the agent's first HELLO names its hardware.
            hardware: choice.kind == .xen ? HardwareIdentifier.read() : nil, processor: try processor(choice.kind))
    }

    /// What the CPUs of this server are, or are to be.
    private func processor(_ hypervisor: HypervisorKind) throws -> ProcessorFacts? {
        switch hypervisor {
        case .xen: XenProcessorReading.read()
        case .simulated: try SimulatedHostSettings(path: SimulatedHostFolder(DataDirectory(data).path).settings).capacity.processor
        }
    }
}

extension HypervisorKind: ExpressibleByArgument {}

/// `ovm pool bootstrap`
struct PoolBootstrapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootstrap",
        abstract: "Founds a pool with this server as its first.",
        discussion: """
            Makes the pool's certificate authority, this server's certificate, the database and the first operator's credential, and
            starts the agent. A refusal changes nothing.

              ovm pool bootstrap --name hospital --address ovs1.example.org:8899 --query ovs1.example.org:4443
            """)

    @Option(help: "The pool's name.")
    var name: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        do {
            let setup = try server.setup()
            let pool = try PoolBootstrap(setup: setup, poolName: name, storage: SQLiteFounding()).run()
            print("Pool \(name) (\(pool)) was founded on server \(setup.name) in \(setup.directory.path).")
            try AgentStarter(directory: setup.directory).start(unlessAsked: server.noStart)
            print("To add a server: ovm pool token create --pool \(setup.directory.poolFile)")
        } catch {
            throw Refusal.exit(with: error)
        }
    }
}

/// Founds storage in SQLite.
struct SQLiteFounding: StorageFounding {
    func create(path: String, initial: RaftStoredState<PoolEntry>) throws(StorageError) {
        try SQLitePoolStorage.create(path: path, coding: WireEntryCoding(), initial: initial).close()
    }
}

/// Starts the agent with systemd where there is one, and says how otherwise.
struct AgentStarter {
    let directory: DataDirectory

    func start(unlessAsked isAsked: Bool) throws {
        let unit = AgentUnit()
        guard !isAsked, unit.isInstalled, directory.path == DataDirectory.standardPath else {
            print("To run the agent: ovm agent run --data \(directory.path)")
            return
        }
        try unit.start()
        print("The agent runs (\(AgentUnit.name)).")
    }
}
