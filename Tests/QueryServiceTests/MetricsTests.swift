import AgentPorts
import PoolModel
import PrometheusMetrics
import Testing

@testable import QueryService

@Suite("Metrics", .timeLimit(.minutes(2))) struct MetricsTests {
    @Test("a known caller gets text that a strict reader reads, with HELP and TYPE for each metric; nobody else gets it")
    func scrape() async throws {
        let scene = try await Scene()

        let answer = try await scene.send("GET", "/metrics")
        let metrics = try StrictReader.read(answer.text)

        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(metrics["ovm_server_reachable"]?.isEmpty == false)
        #expect(metrics["ovm_machines"]?.count == MachineStatus.allCases.count)
        #expect(try await scene.send("GET", "/metrics", as: nil).status == 401)
    }

    @Test("requests are counted by operation and class of status, never by what a client wrote")
    func counts() async throws {
        let store = MetricStore(QueryService.countedMetrics)
        let scene = try await Scene(monitoring: QueryMonitoring(factory: store, sources: [store]))

        _ = try await scene.send("GET", "/v1/vms")
        _ = try await scene.send("GET", "/v1/vms/nothing-of-this-name")
        _ = try await scene.send("GET", "/no/such/path")
        let text = try await scene.send("GET", "/metrics").text
        let metrics = try StrictReader.read(text)

        let requests = try #require(metrics["ovm_api_requests_total"])
        #expect(requests[#"{operation="listMachines",status="2xx"}"#] == 1)
        #expect(requests[#"{operation="showMachine",status="4xx"}"#] == 1)
        #expect(requests[#"{operation="none",status="4xx"}"#] == 1)
        #expect(metrics["ovm_api_requests_in_flight"]?[""] == 1)
        #expect(metrics["ovm_api_request_seconds_count"]?[#"{operation="listMachines"}"#] == 1)
        #expect(!text.contains("nothing-of-this-name"))
    }
}

/// Reads the text format and believes nothing that is not as it must be.
private enum StrictReader {
    struct Fault: Error { let line: String }

    /// The values by metric and by labels as written.
    static func read(_ text: String) throws -> [String: [String: Double]] {
        var values: [String: [String: Double]] = [:]
        var declared: [String: String] = [:]
        var helped: Set<String> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") {
                guard words.count > 3, helped.insert(String(words[2])).inserted else { throw Fault(line: String(line)) }
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, helped.contains(String(words[2])), declared[String(words[2])] == nil else {
                    throw Fault(line: String(line))
                }
                declared[String(words[2])] = String(words[3])
            } else {
                let name = line.prefix { $0 == "_" || $0.isLetter || $0.isNumber }
                guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                    throw Fault(line: String(line))
                }
                let labels = String(line[name.endIndex..<space])
                guard labels.isEmpty || (labels.hasPrefix("{") && labels.hasSuffix("}")) else { throw Fault(line: String(line)) }
                let suffix = ["_bucket", "_sum", "_count"].first { suffix in
                    name.hasSuffix(suffix) && declared[String(name.dropLast(suffix.count))] == "histogram"
                }
                let family = String(name.dropLast(suffix?.count ?? 0))
                guard declared[family] != nil, values[String(name), default: [:]].updateValue(value, forKey: labels) == nil else {
                    throw Fault(line: String(line))
                }
            }
        }
        return values
    }
}
