import AgentCore
package import AgentPorts
import ConsoleStreams
package import Logging
package import PoolModel

/// Shows the consoles of this server's domains, to its own clients and to other members, and fetches those of others from them.
///
/// A duty beside the agent's loop: the core knows nothing of consoles.
package actor ConsoleDesk: ConsoleGateway, ConsoleCallReceiver {
    private let server: ServerID
    private let hypervisor: any HypervisorPort
    private let consoles: any ConsolePort
    private let network: any ConsoleGateway
    private let log: Logger
    /// The text consoles that somebody looks at, by domain.
    private var hubs: [UInt32: ConsoleHub] = [:]
    private var hasEnded = false
    private let jobs: AsyncStream<Job>
    private let work: AsyncStream<Job>.Continuation

    private typealias Job = @Sendable () async -> Void

    /// - Parameters:
    ///   - server: this agent's own.
    ///   - hypervisor: says which domain belongs to which placement.
    ///   - network: reaches the other members.
    package init(
        server: ServerID, hypervisor: any HypervisorPort, consoles: any ConsolePort, network: any ConsoleGateway, log: Logger
    ) {
        self.server = server
        self.hypervisor = hypervisor
        self.consoles = consoles
        self.network = network
        self.log = log
        // Bounded by the consoles that the network lets in, and one more for each domain that is looked at.
        (jobs, work) = AsyncStream.makeStream(of: Job.self)
    }

    /// Carries consoles until the task is cancelled; what is open ends then.
    package nonisolated func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask(operation: job) }
            group.cancelAll()
        }
        await finish()
    }

    /// Whoever still waits for a console to open would wait for ever: nobody opens it any more.
    private func finish() async {
        hasEnded = true
        for hub in hubs.values { await hub.abandon() }
        hubs = [:]
    }

    package nonisolated func open(_ request: ConsoleRequest, on server: ServerID) async throws(ConsoleFailure) -> any ConsoleStream {
        if server == self.server { try await openHere(request) } else { try await network.open(request, on: server) }
    }

    package nonisolated func received(_ call: any ConsoleCall) {
        work.yield { await self.answer(call) }
    }

    private nonisolated func answer(_ call: any ConsoleCall) async {
        do throws(ConsoleFailure) {
            let stream = try await openHere(call.request)
            let request = call.request
            log.info("server \(call.caller) shows the \(request.kind) console of \(request.name) to \(request.principal)")
            await ConsoleRelay.run(call.accept(), stream)
        } catch {
            call.refuse(error)
        }
    }

    // MARK: This server's domains

    private func openHere(_ request: ConsoleRequest) async throws(ConsoleFailure) -> any ConsoleStream {
        switch request.kind {
        case .log: return FinishedConsole(try await consoles.consoleLog(ofDomainNamed: request.name.text))
        case .display: return try await consoles.console(of: try await domain(of: request), .display)
        case .text: return try await openText(of: try await domain(of: request))
        }
    }

    /// The domain of the very placement that was meant.
    private func domain(of request: ConsoleRequest) async throws(ConsoleFailure) -> UInt32 {
        let reports: [DomainReport]
        do {
            reports = try await hypervisor.listDomains()
        } catch {
            throw .lost(cause: error.message)
        }
        let found = reports.first { $0.ownership?.machine == request.machine && $0.ownership?.epoch == request.epoch }
        guard let found else {
            throw .notRunning(cause: "The server that virtual machine \(request.name) is placed on has no domain of it.")
        }
        return found.domain
    }

    /// All who look at one text console share it, as its pseudo-terminal gives each byte to one reader only.
    private func openText(of domain: UInt32) async throws(ConsoleFailure) -> any ConsoleStream {
        if let hub = hubs[domain], let viewer = try await hub.join() { return viewer }
        guard !hasEnded else { throw .lost(cause: "This agent is stopping.") }
        let hub = ConsoleHub()
        hubs[domain] = hub
        work.yield { [consoles] in
            await hub.run { () throws(ConsoleFailure) in try await consoles.console(of: domain, .text) }
            await self.forget(hub, of: domain)
        }
        guard let viewer = try await hub.join() else { throw .notRunning(cause: "The console ended while it was opened.") }
        return viewer
    }

    private func forget(_ hub: ConsoleHub, of domain: UInt32) {
        if hubs[domain] === hub { hubs[domain] = nil }
    }
}
