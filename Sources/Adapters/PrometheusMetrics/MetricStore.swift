package import AgentPorts
package import CoreMetrics
import Synchronization

/// Keeps what is counted under a closed set of metrics, for as long as the process runs.
package final class MetricStore: MetricsFactory, MetricsSource {
    /// Rows of one metric.
    package static let rowLimit = 512

    private let families: [String: MetricFamily]
    private let cells: Mutex<[String: [[MetricLabel]: MetricCell]]>

    /// - Parameter families: all metrics that anybody may count under.
    /// - Precondition: no name stands twice.
    package init(_ families: [MetricFamily]) {
        self.families = Dictionary(families.map { ($0.name, $0) }) { first, _ in
            preconditionFailure("the metric \(first.name) was declared twice")
        }
        cells = Mutex([:])
    }

    /// All declared metrics, by name, with their rows in order.
    package func metrics() async -> [MetricTable] {
        let present = cells.withLock { $0 }
        return families.values.sorted { $0.name < $1.name }.map { family in
            let rows = (present[family.name] ?? [:]).sorted { left, right in
                left.key.map(\.value).lexicographicallyPrecedes(right.key.map(\.value))
            }
            return MetricTable(family, rows.map { MetricTable.Row($0.key, $0.value.value) })
        }
    }

    /// The row of these labels, made when it is first asked for.
    private func cell(_ label: String, _ dimensions: [(String, String)], allows: (MetricFamily.Kind) -> Bool) -> MetricCell {
        guard let family = families[label], allows(family.kind) else {
            preconditionFailure("the metric \(label) was not declared, or is of another kind")
        }
        let labels = dimensions.map { MetricLabel($0.0, $0.1) }
        return cells.withLock { cells in
            if let known = cells[label]?[labels] { return known }
            let made = MetricCell(family.kind)
            guard cells[label, default: [:]].count < Self.rowLimit else { return made }
            cells[label, default: [:]][labels] = made
            return made
        }
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(label, dimensions) { $0 == .counter }
    }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        cell(label, dimensions) { $0 == .counter }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(label, dimensions) { $0 == .gauge }
    }

    /// - Parameter aggregate: a recorder that does not aggregate is a gauge.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        cell(label, dimensions) { kind in
            switch kind {
            case .histogram: aggregate
            case .gauge: !aggregate
            case .counter: false
            }
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(label, dimensions) { kind in
            switch kind {
            case .histogram: true
            case .counter, .gauge: false
            }
        }
    }

    // Rows stay: what was counted must not begin anew.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}
