import NIOCore
import Testing

@testable import QueryService

@Suite("Hostile HTTP", .timeLimit(.minutes(5))) struct HostileConnectionTests {
    @Test("requests with bytes altered at random are answered as HTTP or closed, and the port serves on")
    func alteredRequests() async throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(state: seed)
        let requests = [
            "GET /v1/vms?limit=3 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer admin-secret\r\nConnection: close\r\n\r\n",
            "PUT /v1/vms/web01/tags/a/b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer admin-secret\r\nContent-Length: 3\r\n"
                + "Content-Type: application/json\r\nConnection: close\r\n\r\n\"x\"",
            "POST /v1/join HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ]
        var answered = 0
        let rounds = 200

        try await Port.with { port in
            for round in 0..<rounds {
                let bytes = random.altered(Array(requests[round % requests.count].utf8))
                // What waits for more is ended here: only the end of a request, or the patience of the port, would answer it.
                let answer = await port.exchange([bytes, Array("\r\n\r\n\r\n\r\n".utf8)], patience: .milliseconds(500))
                if !answer.isEmpty { answered += 1 }
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 "), "seed \(seed), round \(round)")
                #expect(!answer.hasPrefix("HTTP/1.1 5"), "seed \(seed), round \(round)")
            }
            let health = try await port.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(health.hasPrefix("HTTP/1.1 200"), "seed \(seed)")
        }

        #expect(answered > rounds / 2, "seed \(seed)")
        print("query port: \(rounds) connections with altered requests, \(answered) answered, seed \(seed)")
    }
}

extension SeededRandom {
    /// The bytes with a few of them changed, lost or doubled.
    fileprivate mutating func altered(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...3, using: &self) where !bytes.isEmpty {
            let position = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes.remove(at: position)
            case 1: bytes.insert(contentsOf: bytes[position...].prefix(8), at: position)
            default: bytes[position] = UInt8.random(in: 0...255, using: &self)
            }
        }
        return bytes
    }
}

extension Port {
    /// As `exchange`, for at most so long.
    fileprivate func exchange(_ parts: [[UInt8]], patience: Duration) async -> String {
        await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await self.exchange(parts) }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            do {
                return try await group.next().flatMap { $0 } ?? ""
            } catch {
                // The port closed the connection under the request: that is an answer too.
                return ""
            }
        }
    }
}
