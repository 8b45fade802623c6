/// A metric as monitoring knows it: its name, what it is and what it tells.
package struct MetricFamily: Hashable, Sendable {
    /// How a metric's values are to be read.
    package enum Kind: Hashable, Sendable {
        /// Only grows while the agent runs.
        case counter
        case gauge
        /// Counts observations by their size; `bounds` are the upper bounds of its buckets, ascending, the infinite one left out.
        case histogram(bounds: [Double])
    }

    /// Of `a-z`, digits and `_`; base units at its end (`_seconds`, `_bytes`), `_total` at that of a counter.
    package let name: String
    package let kind: Kind
    /// One sentence without a full stop.
    package let help: String

    package init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    /// Bounds in seconds for what may take from a disk's quickest sync to a client's whole patience.
    package static let secondBounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    /// Bounds for how many of something there were.
    package static let countBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]
}

/// What tells the rows of one metric apart. Its values come from closed sets of our own, never from a client's text.
package struct MetricLabel: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A metric's present values.
package struct MetricTable: Hashable, Sendable {
    package let family: MetricFamily
    package var rows: [Row]

    /// One value and its labels.
    package struct Row: Hashable, Sendable {
        package let labels: [MetricLabel]
        package let value: Value

        package init(_ labels: [MetricLabel], _ value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    package enum Value: Hashable, Sendable {
        case number(Double)
        /// `counts` has one more element than the family has bounds: each the observations of that bucket alone.
        case histogram(counts: [UInt64], sum: Double)
    }

    package init(_ family: MetricFamily, _ rows: [Row] = []) {
        self.family = family
        self.rows = rows
    }

    /// A metric of one value.
    package init(_ family: MetricFamily, _ value: some BinaryInteger) { self.init(family, [Row([], .number(Double(value)))]) }

    /// A metric of one value; none where that is unknown.
    package init(_ family: MetricFamily, _ value: Double?) { self.init(family, value.map { [Row([], .number($0))] } ?? []) }

    package mutating func add(_ value: some BinaryInteger, _ labels: MetricLabel...) {
        rows.append(Row(labels, .number(Double(value))))
    }
}

/// Something that can be asked for its present figures.
package protocol MetricsSource: Sendable {
    /// Quick: whoever watches asks every few seconds.
    func metrics() async -> [MetricTable]
}

extension Duration {
    /// In seconds, as metrics are.
    package var metricSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
