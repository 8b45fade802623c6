import NIOPosix
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

@Suite("What is watched")
struct LiveTests {
    private let size = TerminalSize(columns: 10, rows: 4)

    @Test("a text is drawn anew in its place, and not at all where nothing changed")
    func redraws() {
        var live = LiveText()

        #expect(live.frame("a\nb\n", on: size) == "a\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        #expect(live.frame("a\nb\n", on: size) == "")
        #expect(live.frame("c\n", on: size) == "\r\u{1B}[2Ac\u{1B}[K\n\u{1B}[J")
    }

    @Test("what does not fit is cut, as a line that wraps could not be found again")
    func cuts() {
        var live = LiveText()

        let frame = live.frame("0123456789x\n\u{1B}[32m漢字漢字漢字\u{1B}[0m\nc\nd\ne\n", on: size)

        #expect(frame == "0123456789\u{1B}[K\n\u{1B}[32m漢字漢字漢\u{1B}[0m\u{1B}[K\n.. 3 more\u{1B}[K\n\u{1B}[J")
    }

    @Test("a terminal of another size is cleared, as nobody knows where its lines have gone")
    func clears() {
        var live = LiveText()
        _ = live.frame("a\n", on: size)

        #expect(live.frame("a\n", on: .usual) == "\u{1B}[H\u{1B}[2Ja\u{1B}[K\n\u{1B}[J")
    }

    @Test("each event of the pool is followed by another look", .timeLimit(.minutes(1)))
    func looksOnEvents() async throws {
        let event = #"{"index":7,"ordinal":0,"time":"2011-06-30T08:05:09.120Z","kind":"x","target":"y","principal":"z","message":"m"}"#
        try await withClient { request, _ in
            if request.path == "/v1/events" { return .stream(["id: 7\ndata: \(event)\n\n"], closes: false) }
            return .answer(status: 200, body: #"{"servers":[]}"#)
        } claim: { client in
            let looks = Locked(0)

            // Without the event the second look would come after ten seconds; the third never comes.
            let error = await #expect(throws: Enough.self) {
                try await PoolWatch(client, every: nil).run {
                    _ = try await client.servers()
                    if looks.withLockedValue({
                        $0 += 1; return $0
                    }) == 2 {
                        throw Enough()
                    }
                } trouble: { _ in
                }
            }

            #expect(error != nil)
        }
    }

    @Test("a pool without a master ends a watch only at the first look", .timeLimit(.minutes(1)))
    func outlivesFailover() async throws {
        let looks = Locked(0)
        let troubles = Locked<[ClientError]>([])
        let outage = ClientError.unreachable(cause: "nobody answers.")
        try await withClient { _, _ in
            .hangUp
        } claim: { client in
            await #expect(throws: Enough.self) {
                try await PoolWatch(client, every: .milliseconds(1)).run {
                    let count = looks.withLockedValue { count in
                        count += 1
                        return count
                    }
                    if count == 2 { throw outage }
                    if count == 3 { throw Enough() }
                } trouble: { error in
                    troubles.withLockedValue { $0.append(error) }
                }
            }
            await #expect(throws: outage) {
                try await PoolWatch(client, every: .milliseconds(1)).run {
                    throw outage
                } trouble: { _ in
                }
            }
        }

        #expect(troubles.withLockedValue { $0 } == [outage])
    }

    private struct Enough: Error {}

    private func withClient(_ script: @escaping QueryPortStandIn.Script, claim: (PoolClient) async throws -> Void) async throws {
        let pool = try StandInPool()
        let server = try await QueryPortStandIn(pool, script: script)
        let query = QueryClient(
            poolID: pool.identifier, tls: try pool.clientContext(), servers: [server.address], bearer: "secret",
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        try await claim(PoolClient(query))
        await query.shutdown()
        try await server.stop()
    }
}
