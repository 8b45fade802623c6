package import AgentCore
package import AgentPorts
package import CoreMetrics
package import PoolModel

/// A hypervisor whose every call is counted and timed; it changes nothing else.
package struct MeasuredHypervisor: HypervisorPort {
    private let base: any HypervisorPort
    private let factory: any MetricsFactory
    private let inFlight: Meter
    private let listing: Timer
    private let listingFailures: Counter

    /// - Parameter factory: knows ``countedMetrics``.
    package init(_ base: any HypervisorPort, factory: any MetricsFactory) {
        self.base = base
        self.factory = factory
        inFlight = Meter(label: Self.running.name, factory: factory)
        listing = Timer(label: Self.listings.name, factory: factory)
        listingFailures = Counter(label: Self.failures.name, factory: factory)
    }

    package func listDomains() async throws(HypervisorError) -> [DomainReport] {
        let start = ContinuousClock.now
        defer { listing.record(since: start) }
        do throws(HypervisorError) {
            return try await base.listDomains()
        } catch {
            listingFailures.increment()
            throw error
        }
    }

    package func perform(_ operation: DomainOperation) async -> DomainOperationResult {
        await measure(operation.metricWord) { await base.perform(operation) }
    }

    package func send(
        _ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream
    ) async -> DomainOperationResult {
        await measure(DomainOperation.sendDomain(domain: domain, transfer).metricWord) { await base.send(domain, transfer, to: stream) }
    }

    package func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        await measure(DomainOperation.receiveDomain(specification, transfer).metricWord) {
            await base.receive(specification, transfer, from: stream)
        }
    }

    private func measure(_ word: String, _ body: () async -> DomainOperationResult) async -> DomainOperationResult {
        inFlight.increment()
        defer { inFlight.decrement() }
        let start = ContinuousClock.now
        let result = await body()
        let kind = ("operation", word)
        Timer(label: Self.durations.name, dimensions: [kind], factory: factory).record(since: start)
        Counter(label: Self.operations.name, dimensions: [kind, ("result", result.metricWord)], factory: factory).increment()
        return result
    }

    package func facts() async throws(HypervisorError) -> ServerFacts { try await base.facts() }
    package func usage() async throws(HypervisorError) -> [DomainUsage] { try await base.usage() }
    package func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier { try await base.bootIdentifier() }
    package func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? { try await base.hardwareIdentifier() }
    package func changes() -> AsyncStream<Void> { base.changes() }

    // MARK: Names

    /// What is counted here.
    package static let countedMetrics = [operations, durations, running, listings, failures]

    private static let operations = MetricFamily(
        "ovm_hypervisor_operations_total", .counter, "Operations of the hypervisor that ended, by kind and result")
    private static let durations = MetricFamily(
        "ovm_hypervisor_operation_seconds", .histogram(bounds: MetricFamily.secondBounds), "How long an operation of the hypervisor took")
    private static let running = MetricFamily(
        "ovm_hypervisor_operations_in_flight", .gauge, "Operations of the hypervisor that have not ended")
    private static let listings = MetricFamily(
        "ovm_hypervisor_listing_seconds", .histogram(bounds: MetricFamily.secondBounds), "How long listing all domains took")
    private static let failures = MetricFamily(
        "ovm_hypervisor_listing_failures_total", .counter, "Listings of domains that the hypervisor did not answer")
}

extension Timer {
    fileprivate func record(since start: ContinuousClock.Instant) { recordNanoseconds((ContinuousClock.now - start).wholeNanoseconds) }
}

extension DomainOperation {
    fileprivate var metricWord: String {
        switch self {
        case .createPaused: "create-paused"
        case .unpause: "unpause"
        case .pause: "pause"
        case .shutdown: "shutdown"
        case .reboot: "reboot"
        case .resize: "resize"
        case .changeDevice: "change-device"
        case .destroy: "destroy"
        case .dumpCore: "dump-core"
        case .suspend: "suspend"
        case .unsuspend: "unsuspend"
        case .removeImage: "remove-image"
        case .sendDomain: "send"
        case .receiveDomain: "receive"
        }
    }
}

extension DomainOperationResult {
    fileprivate var metricWord: String {
        switch self {
        case .done, .dumped: "done"
        case .failed: "failed"
        }
    }
}
