import AgentCore
import AgentPorts
import NIOConcurrencyHelpers
import PoolModel
import PoolStateMachine
import PrometheusMetrics
import Testing

@testable import AgentRuntime

@Suite("What an agent's loop and its hypervisor tell of themselves", .timeLimit(.minutes(2)))
struct MetricsTests {
    private let scene: LoopScene

    init() throws { scene = try LoopScene() }

    /// The value of a metric under labels with these values; of a histogram the number of its observations.
    private func value(_ source: some MetricsSource, _ name: String, _ labels: String...) async -> Double? {
        for table in await source.metrics() where table.family.name == name {
            guard let row = table.rows.first(where: { $0.labels.map(\.value).sorted() == labels.sorted() }) else { return nil }
            switch row.value {
            case .number(let number): return number
            case .histogram(let counts, _): return Double(counts.reduce(0, +))
            }
        }
        return nil
    }

    @Test("a master says so, its election counts once, and what is written moves the indexes")
    func follows() async throws {
        let loop = scene.loop
        let before = await value(loop, "ovm_raft_is_master")
        let running = Task { [scene] in try await scene.loop.run() }
        try await LoopScene.eventually("the agent to serve") { await scene.read() == "" }
        let names = ["commit", "applied", "last", "durable"].map { "ovm_raft_\($0)_index" }
        var former: [String: Double] = [:]
        for name in names { former[name] = await value(loop, name) }

        _ = try await scene.write()

        #expect(before == 0)
        #expect(await value(loop, "ovm_raft_is_master") == 1)
        #expect(await value(loop, "ovm_raft_has_master") == 1)
        #expect(await value(loop, "ovm_raft_elections_begun_total") == 1)
        #expect(await value(loop, "ovm_raft_elections_won_total") == 1)
        #expect(await value(loop, "ovm_raft_leader_changes_total") == 1)
        #expect(await value(loop, "ovm_raft_proposals_refused_total") == 0)
        #expect(await value(loop, "ovm_raft_term") == 2)
        for name in names { #expect((await value(loop, name) ?? 0) > (former[name] ?? .infinity), "\(name)") }
        #expect(await value(loop, "ovm_raft_log_bytes") ?? 0 > 0)
        #expect(await value(loop, "ovm_raft_majority_contact_age_seconds") != nil)
        loop.stop()
        try await running.value
    }

    @Test("an agent that is told to stop says so, to who asks for metrics and to who asks whether it is ready, until it has ended")
    func tellsStop() async throws {
        let loop = scene.loop
        let running = Task { [scene] in try await scene.loop.run() }
        try await LoopScene.eventually("the agent to serve") { await scene.read() == "" }
        let before = (await value(loop, "ovm_agent_stopping"), await isStopping())
        // Its last word, RELEASED, is not stored yet.
        scene.storage.hold()

        loop.stop()

        try await LoopScene.eventually("the stop to be told") { await isStopping() == true }
        #expect(before == (0, false))
        #expect(await value(loop, "ovm_agent_stopping") == 1)
        scene.storage.letGo()
        try await running.value
    }

    private func isStopping() async -> Bool? {
        guard case .value(_, let context) = await scene.loop.read(.stale, { _, _ in true }) else { return nil }
        return context.isStopping
    }

    @Test("each operation of the hypervisor counts by its kind and result, and while it lasts as under way")
    func measuresOperations() async throws {
        let store = MetricStore(MeasuredHypervisor.countedMetrics)
        let script = ScriptedHypervisor()
        let hypervisor = MeasuredHypervisor(script, factory: store)
        let total = "ovm_hypervisor_operations_total"

        _ = await hypervisor.perform(.destroy(domain: 1))
        script.fails = true
        _ = await hypervisor.perform(.destroy(domain: 1))
        _ = await hypervisor.perform(.pause(domain: 1))
        script.holds = true
        let held = Task { await hypervisor.perform(.unpause(domain: 1)) }
        try await LoopScene.eventually("the operation to be under way") { await value(store, "ovm_hypervisor_operations_in_flight") == 1 }
        script.holds = false
        _ = await held.value

        #expect(await value(store, total, "destroy", "done") == 1)
        #expect(await value(store, total, "destroy", "failed") == 1)
        #expect(await value(store, total, "pause", "failed") == 1)
        #expect(await value(store, total, "unpause", "failed") == 1)
        #expect(await value(store, "ovm_hypervisor_operation_seconds", "destroy") == 2)
        #expect(await value(store, "ovm_hypervisor_operations_in_flight") == 0)
    }

    @Test("listings are timed, and those that are not answered are counted")
    func measuresListings() async throws {
        let store = MetricStore(MeasuredHypervisor.countedMetrics)
        let script = ScriptedHypervisor()
        let hypervisor = MeasuredHypervisor(script, factory: store)

        _ = try await hypervisor.listDomains()
        script.fails = true
        await #expect(throws: HypervisorError.self) { try await hypervisor.listDomains() }

        #expect(await value(store, "ovm_hypervisor_listing_seconds") == 2)
        #expect(await value(store, "ovm_hypervisor_listing_failures_total") == 1)
    }
}

/// A hypervisor that does, fails or holds what it is asked for, as a test says.
private final class ScriptedHypervisor: HypervisorPort {
    /// Not Synchronization's Mutex, which the thread sanitizer takes for no lock when it is contended.
    private let state = NIOLockedValueBox((fails: false, holds: false))

    var fails: Bool {
        get { state.withLockedValue { $0.fails } }
        set { state.withLockedValue { $0.fails = newValue } }
    }
    var holds: Bool {
        get { state.withLockedValue { $0.holds } }
        set { state.withLockedValue { $0.holds = newValue } }
    }

    func listDomains() async throws(HypervisorError) -> [DomainReport] {
        if fails { throw .unreachable(reason: "it is away") }
        return []
    }

    func send(_ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream) async -> DomainOperationResult {
        .failed(cause: "It moves nothing.")
    }
    func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        .failed(cause: "It moves nothing.")
    }
    func perform(_ operation: DomainOperation) async -> DomainOperationResult {
        while holds { await Task.yield() }
        return fails ? .failed(cause: "It failed.") : .done
    }

    func facts() async throws(HypervisorError) -> ServerFacts { FakeHypervisor.serverFacts }
    func usage() async throws(HypervisorError) -> [DomainUsage] { [] }
    func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier { LoopScene.pool }
    func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? { nil }
    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}
