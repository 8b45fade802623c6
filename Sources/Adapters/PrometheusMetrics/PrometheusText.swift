package import AgentPorts

/// Writes metrics in the text format of Prometheus, version 0.0.4.
package enum PrometheusText {
    /// The media type of the text.
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text of all tables, in their order.
    ///
    /// - Precondition: names are valid, and no metric stands in two tables.
    package static func write(_ tables: [MetricTable]) -> String {
        var text = ""
        var names: Set<String> = []
        for table in tables {
            let family = table.family
            precondition(isName(family.name) && names.insert(family.name).inserted, "the metric \(family.name) is misnamed or stands twice")
            text += "# HELP \(family.name) \(escaped(family.help, quotes: false)).\n# TYPE \(family.name) \(word(family.kind))\n"
            for row in table.rows { write(row, of: family, into: &text) }
        }
        return text
    }

    private static func write(_ row: MetricTable.Row, of family: MetricFamily, into text: inout String) {
        switch (row.value, family.kind) {
        case (.number(let value), _): text += "\(family.name)\(braces(row.labels)) \(number(value))\n"
        case (.histogram(let counts, let sum), .histogram(let bounds)):
            var total: UInt64 = 0
            for (position, count) in counts.enumerated() {
                total += count
                let bound = position < bounds.count ? number(bounds[position]) : "+Inf"
                text += "\(family.name)_bucket\(braces(row.labels + [MetricLabel("le", bound)])) \(total)\n"
            }
            text += "\(family.name)_sum\(braces(row.labels)) \(number(sum))\n"
            text += "\(family.name)_count\(braces(row.labels)) \(total)\n"
        case (.histogram, .counter), (.histogram, .gauge): preconditionFailure("\(family.name) is no histogram")
        }
    }

    private static func word(_ kind: MetricFamily.Kind) -> String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private static func braces(_ labels: [MetricLabel]) -> String {
        guard !labels.isEmpty else { return "" }
        for label in labels { precondition(isName(label.name), "the label \(label.name) is misnamed") }
        return "{" + labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    /// Whole numbers without a fraction; others as Swift writes them, which Go reads.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// By scalars: a carriage return and a line feed are one character of Swift, and would pass a look at characters.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
