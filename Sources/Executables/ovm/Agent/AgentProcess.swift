import PoolCommands
import AgentCore
import AgentPorts
import AgentRuntime
import Foundation
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import PeerNetwork
import PoolModel
import PrometheusMetrics
import QueryModel
import QueryService
import RaftCore
import SQLiteStorage
import ServerEnvironment
import SimulatedHost
import UnixSignals
import WireFormat
import XenHypervisor

/// Fills the ports of one agent and runs it with its network and its query port. It decides nothing.
struct AgentProcess {
    let directory: DataDirectory
    private let log = Logger(label: "ovm.agent")
    private let store = MetricStore(
        SQLitePoolStorage.countedMetrics + PeerNetwork.countedMetrics + MeasuredHypervisor.countedMetrics + QueryService.countedMetrics)

    init(directory: DataDirectory) { self.directory = directory }

    /// Runs until the agent has stopped.
    ///
    /// - Throws: what keeps it from starting, or `AgentHalt`.
    func run() async throws {
        try directory.requirePrivacy()
        let configuration = try AgentConfiguration(directory)
        let lock = try directory.lock()
        defer { withExtendedLifetime(lock) {} }
        let storage = try SQLitePoolStorage(path: directory.databaseFile, coding: WireEntryCoding(), factory: store)
        // One loop decides, one carries the other agents; clients are served by the others.
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        do {
            try await run(configuration, storage, try storage.load(), loops)
        } catch {
            try await end(storage, loops)
            throw error
        }
        try await end(storage, loops)
    }

    /// The storage first: the writes that still wait for the disk tell the loops that they are done.
    private func end(_ storage: SQLitePoolStorage, _ loops: MultiThreadedEventLoopGroup) async throws {
        storage.close()
        try await loops.shutdownGracefully()
    }

    private func run(
        _ configuration: AgentConfiguration, _ storage: SQLitePoolStorage, _ stored: RaftStoredState<PoolEntry>,
        _ loops: MultiThreadedEventLoopGroup
    ) async throws {
        let certificates = try readCertificates(configuration)
        let renewal = CertificateRenewal(of: certificates, clock: SystemClock(), log: Logger(label: "ovm.certificates"))
        // Before the ports open: an agent that was down when its certificate ended shows the next one from the start.
        let renewalPause = await renewal.check()
        let machines = try await startHypervisor(configuration, loops)
        let hypervisor = MeasuredHypervisor(machines, factory: store)
        let network = try makeNetwork(configuration, certificates, loops.next())
        let loop = try await makeLoop(configuration, storage, stored, hypervisor, network, loops.next())
        let peer = try NetworkAddress.required(configuration.peerAddress)
        let consoles = ConsoleDesk(
            server: ServerID(configuration.server), hypervisor: hypervisor, consoles: machines, network: network,
            log: Logger(label: "ovm.consoles"))
        do {
            _ = try await network.listen(receiver: loop, consoles: consoles)
        } catch {
            throw AgentHalt.notListening(on: peer, setting: "peerAddress", error)
        }
        let query = try NetworkAddress.required(configuration.queryAddress)
        let server = QueryServer(
            configuration: QueryServerConfiguration(
                host: query.host, port: query.port, tls: certificates.query, authority: certificates.authority), gateway: loop,
            archive: PoolReplay(past: storage, decoder: WireSnapshotCoding()),
            clock: SystemClock(), logger: Logger(label: "ovm.query"),
            monitoring: QueryMonitoring(
                factory: store, sources: [ProcessFigures(), loop, storage, network, renewal, store],
                usage: { () async throws(HypervisorError) in try await hypervisor.usage() }),
            review: .ofAllHypervisors, consoles: consoles)
        log.info("agent of server \(configuration.name) (\(configuration.server)) of pool \(configuration.poolName) started")
        do {
            try await serve(loop, server, at: query, beside: [{ await renewal.run(after: renewalPause) }, { await consoles.run() }])
        } catch {
            // The peers are to hear the goodbye of an agent that gives up, too.
            await network.close()
            throw error
        }
        await network.close()
        log.info("agent stopped; virtual machines run on")
    }

    private func serve(
        _ loop: AgentLoop, _ server: QueryServer, at query: NetworkAddress, beside duties: [@Sendable () async -> Void]
    ) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await _ in signals { loop.stop() }
            }
            group.addTask {
                // An agent that nobody can ask must not go on as if it served: it hands over, releases its session, and says why.
                defer { loop.stop() }
                do {
                    try await server.run()
                } catch {
                    throw AgentHalt.notListening(on: query, setting: "queryAddress", error)
                }
                if !Task.isCancelled { throw AgentHalt.queryPortEnded(query) }
            }
            for duty in duties { group.addTask(operation: duty) }
            // The group ends with the agent: cancelling the others once it has stopped, or handing on why it could not.
            defer { group.cancelAll() }
            try await loop.run()
        }
    }

    private func readCertificates(_ configuration: AgentConfiguration) throws -> RenewableCredential {
        let authority = try CertificateAuthority(
            pool: configuration.pool, certificate: Certificate(file: directory.authorityCertificate),
            key: PrivateKey(file: directory.authorityKey))
        return try RenewableCredential(
            authority: authority, certificateFile: directory.serverCertificate, keyFile: directory.serverKey)
    }

    private func startHypervisor(
        _ configuration: AgentConfiguration, _ loops: MultiThreadedEventLoopGroup
    ) async throws -> any HypervisorPort & ConsolePort {
        switch configuration.hypervisor {
        case .simulated:
            log.info("the hypervisor is simulated, as agent.json says: no virtual machine really runs")
            return try await SimulatedHypervisor.connect(socketPath: directory.simulatedSocket)
        case .xen: return try XenHypervisor(storageRoots: configuration.storageRoots ?? StorageRootReading.standard)
        }
    }

    private func makeNetwork(
        _ configuration: AgentConfiguration, _ certificates: RenewableCredential, _ eventLoop: any EventLoop
    ) throws -> PeerNetwork {
        let address = try NetworkAddress.required(configuration.peerAddress)
        return PeerNetwork(
            configuration: PeerNetworkConfiguration(
                pool: try UniqueIdentifier.required(configuration.pool), server: ServerID(configuration.server), host: address.host,
                port: address.port, tls: certificates.peer), eventLoop: eventLoop, log: Logger(label: "ovm.peers"), factory: store)
    }

    private func makeLoop(
        _ configuration: AgentConfiguration, _ storage: SQLitePoolStorage, _ stored: RaftStoredState<PoolEntry>,
        _ hypervisor: any HypervisorPort, _ network: PeerNetwork, _ eventLoop: any EventLoop
    ) async throws -> AgentLoop {
        let identity = AgentIdentity(
            pool: try UniqueIdentifier.required(configuration.pool), server: ServerID(configuration.server),
            storage: try UniqueIdentifier.required(configuration.storage), hardware: try await hypervisor.hardwareIdentifier(),
            boot: try await hypervisor.bootIdentifier(), run: .random(), version: ProgramVersion.text)
        let clock = SystemClock()
        let core = try AgentCore(
            identity: identity, settings: configuration.agentSettings, stored: stored, decoder: WireSnapshotCoding(),
            initialPeers: configuration.peerDescriptions, facts: try await hypervisor.facts(), seed: identity.run.low, now: clock.now())
        let ports = AgentPortSet(
            storage: storage, hypervisor: hypervisor, peers: network, transfers: network, clock: clock,
            snapshots: WireSnapshotCoding())
        return AgentLoop(core: core, ports: ports, eventLoop: eventLoop, log: log)
    }
}
