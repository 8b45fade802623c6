import AgentPorts
import CoreMetrics
import PrometheusMetrics
import Testing

@Suite("The text of metrics") struct PrometheusTextTests {
    private static let requests = MetricFamily("ovm_requests_total", .counter, "Requests that were answered")
    private static let running = MetricFamily("ovm_running", .gauge, "What runs")
    private static let times = MetricFamily("ovm_time_seconds", .histogram(bounds: [0.1, 1]), "How long it took")

    @Test("a counter, a gauge and a histogram are written with HELP and TYPE, each once")
    func writes() async {
        let store = MetricStore([Self.requests, Self.running, Self.times])

        Counter(label: "ovm_requests_total", dimensions: [("status", "2xx")], factory: store).increment(by: 2)
        Counter(label: "ovm_requests_total", dimensions: [("status", "2xx")], factory: store).increment()
        Meter(label: "ovm_running", factory: store).set(3)
        let timer = Timer(label: "ovm_time_seconds", factory: store)
        for milliseconds in [50, 100, 500, 5_000] as [Int64] { timer.recordNanoseconds(milliseconds * 1_000_000) }

        #expect(
            PrometheusText.write(await store.metrics()) == """
                # HELP ovm_requests_total Requests that were answered.
                # TYPE ovm_requests_total counter
                ovm_requests_total{status="2xx"} 3
                # HELP ovm_running What runs.
                # TYPE ovm_running gauge
                ovm_running 3
                # HELP ovm_time_seconds How long it took.
                # TYPE ovm_time_seconds histogram
                ovm_time_seconds_bucket{le="0.1"} 2
                ovm_time_seconds_bucket{le="1"} 3
                ovm_time_seconds_bucket{le="+Inf"} 4
                ovm_time_seconds_sum 5.65
                ovm_time_seconds_count 4

                """)
    }

    @Test("no label can break out of its quotes, whatever stands in it")
    func escapes() {
        let hostile = "a\"} 1\nevil 2\r\n\\"
        let text = PrometheusText.write([MetricTable(Self.running, [MetricTable.Row([MetricLabel("name", hostile)], .number(1))])])

        #expect(text.hasSuffix("ovm_running{name=\"a\\\"} 1\\nevil 2\r\\n\\\\\"} 1\n"))
        #expect(text.unicodeScalars.count { $0 == "\n" } == 3)
    }

    @Test("a metric has so many rows and no more, so that no mistake with labels fills the memory")
    func bounds() async {
        let store = MetricStore([Self.requests])

        for number in 0..<(MetricStore.rowLimit + 10) {
            Counter(label: "ovm_requests_total", dimensions: [("n", "\(number)")], factory: store).increment()
        }

        #expect(await store.metrics().first?.rows.count == MetricStore.rowLimit)
    }

    @Test("a metric that nobody declared ends the process: it is our own mistake")
    func undeclared() async {
        await #expect(processExitsWith: .failure) {
            Counter(label: "ovm_unknown_total", factory: MetricStore([])).increment()
        }
    }
}
