package import AgentPorts
import AgentCore
import PrometheusMetrics

extension QueryService {
    /// What the query port counts under; to be declared where its factory keeps it.
    package static var countedMetrics: [MetricFamily] { QueryMetrics.counted }

    /// Everything that can be watched here. The pool's state is this server's own, asked of nobody: whoever watches must see a server
    /// most of all when the pool does not answer it.
    func showMetrics() async -> QueryReply {
        var tables: [MetricTable] = []
        for source in monitoring.sources { tables += await source.metrics() }
        tables += [
            MetricTable(QueryMetrics.connections, await gates.connections),
            MetricTable(QueryMetrics.refusedConnections, await gates.refusedConnections),
            MetricTable(QueryMetrics.eventStreams, await streams.watched),
        ]
        switch await gateway.read(.stale, { state, _ in PoolMetrics.tables(of: state) }) {
        case .value(let pool, _): tables += pool
        case .refused: break
        }
        return .text(PrometheusText.write(tables), mediaType: PrometheusText.mediaType)
    }
}
