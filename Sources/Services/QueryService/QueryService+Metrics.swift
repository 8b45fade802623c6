package import AgentPorts
import AgentCore
import PrometheusMetrics

extension QueryService {
    /// What the query port counts under; to be declared where its factory keeps it.
    package static var countedMetrics: [MetricFamily] { QueryMetrics.counted }

    /// Everything that can be watched here. The pool's state is this server's own, asked of nobody: whoever watches must see a server
    /// most of all when the pool does not answer it.
    func showMetrics() async -> QueryReply {
        // Whatever else there is to tell need not wait for the hypervisor, and is told without it.
        async let usage = currentUsage()
        var tables: [MetricTable] = []
        for source in monitoring.sources { tables += await source.metrics() }
        tables += [
            MetricTable(QueryMetrics.connections, await gates.connections),
            MetricTable(QueryMetrics.refusedConnections, await gates.refusedConnections),
            MetricTable(QueryMetrics.eventStreams, await streams.watched),
        ]
        let used = await usage
        switch await gateway.read(.stale, { state, _ in state }) {
        case .value(let state, _):
            tables += PoolMetrics.tables(of: state)
            if monitoring.usage != nil { tables += UsageMetrics.tables(of: used, state) }
        case .refused: break
        }
        return .text(PrometheusText.write(tables), mediaType: PrometheusText.mediaType)
    }

    /// What domains use of this server; nil where nobody tells.
    private func currentUsage() async -> [DomainUsage]? {
        do throws(HypervisorError) { return try await monitoring.usage?() } catch { return nil }
    }
}
