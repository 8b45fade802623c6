import AgentPorts
import CoreMetrics
import Synchronization

/// One row of a metric, whatever its kind.
final class MetricCell: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    private let bounds: [Double]?
    private let present: Mutex<MetricTable.Value>

    init(_ kind: MetricFamily.Kind) {
        switch kind {
        case .counter, .gauge:
            bounds = nil
            present = Mutex(.number(0))
        case .histogram(let bounds):
            self.bounds = bounds
            present = Mutex(.histogram(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
        }
    }

    var value: MetricTable.Value { present.withLock { $0 } }

    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func set(_ value: Int64) { present.withLock { $0 = .number(Double(value)) } }
    func set(_ value: Double) { present.withLock { $0 = .number(value) } }
    func reset() { present.withLock { $0 = .number(0) } }
    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }
    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }

    private func add(_ amount: Double) {
        present.withLock { present in
            guard case .number(let value) = present else { return }
            present = .number(value + amount)
        }
    }

    private func observe(_ value: Double) {
        present.withLock { present in
            guard let bounds, case .histogram(var counts, let sum) = present else {
                present = .number(value)
                return
            }
            // A bucket holds what is no greater than its bound.
            counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
            present = .histogram(counts: counts, sum: sum + value)
        }
    }
}
