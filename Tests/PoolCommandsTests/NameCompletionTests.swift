import Foundation
import NIOPosix
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

@Suite("Names for a shell's completion")
struct NameCompletionTests {
    @Test("the pool is asked for what can stand there")
    func completes() async throws {
        try await withPool { request in
            switch request.path {
            case "/v1/servers": .answer(status: 200, body: #"{"servers":[]}"#)
            case "/v1/vms/web01/tags":
                .answer(status: 200, body: #"{"machine":"web01","tags":[{"key":"owner","value":"a"},{"key":"e\u001b","value":"b"}]}"#)
            case "/v1/tasks": .answer(status: 200, body: #"{"tasks":[\#(Self.task(7, "done")),\#(Self.task(8, "running"))]}"#)
            default: .answer(status: 404, body: "{}")
            }
        } claim: { path in
            #expect(await Self.names(.server, ["ovm", "server", "show", "--pool", path, ""]) == [])
            #expect(await Self.names(.tag, ["ovm", "vm", "tag", "get", "--pool=\(path)", "web01", "-o", "json", ""]) == ["owner"])
            #expect(await Self.names(.task, ["ovm", "task", "show", "--pool", path, ""]) == ["7", "8"])
            #expect(await Self.names(.openTask, ["ovm", "task", "cancel", "--pool", path, ""]) == ["8"])
            #expect(await Self.names(.machine, ["ovm", "vm", "show", "--pool", path, ""]) == [])
        }
    }

    @Test("a list is completed after its last comma, without what it has")
    func completesLists() async throws {
        try await withPool { _ in
            .answer(status: 200, body: #"{"machine":"web01","tags":[{"key":"a","value":""},{"key":"b","value":""}]}"#)
        } claim: { path in
            let words = ["ovm", "vm", "--pool", path, "web01", "a,"]
            let completion = Self.completion(words)

            #expect(await completion.list(of: .tag, typed: "a,") == ["a,b"])
            #expect(await completion.list(of: .tag, typed: "") == ["a", "b"])
        }
    }

    @Test("a pool that does not answer is waited for a second, and nothing is offered", .timeLimit(.minutes(1)))
    func isQuiet() async throws {
        try await withPool { _ in
            .silence
        } claim: { path in
            let begin = ContinuousClock.now

            #expect(await Self.names(.machine, ["ovm", "vm", "show", "--pool", path, ""]) == [])
            #expect(await Self.names(.machine, ["ovm", "vm", "show", "--pool", path + "x", ""]) == [])
            #expect(ContinuousClock.now - begin < .seconds(10))
        }
    }

    @Test("the word before the cursor is found among options and their values")
    func readsWords() {
        let words = CommandWords(["ovm", "vm", "tag", "get", "web01", "--reason", "x", "-o", "json", "ow"], cursor: 9)

        #expect(words.operandBeforeCursor == "web01")
        #expect(words.value(of: "--reason") == "x")
        #expect(words.value(of: "--pool") == nil)
        #expect(CommandWords([], cursor: 5).operandBeforeCursor == nil)
    }

    private static func task(_ id: Int, _ status: String) -> String {
        #"{"id":\#(id),"kind":"start","target":"a","principal":"b","status":"\#(status)","startedAt":"2011-06-30T08:05:09.120Z"}"#
    }

    private static func completion(_ words: [String]) -> NameCompletion {
        NameCompletion(
            words: words, cursor: words.count - 1, environment: [:], eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    }

    private static func names(_ noun: NameCompletion.Noun, _ words: [String]) async -> [String] {
        await completion(words).names(of: noun)
    }

    private func withPool(
        _ script: @escaping @Sendable (HeardRequest) -> StandInReply, claim: (String) async throws -> Void
    ) async throws {
        let pool = try StandInPool()
        let server = try await QueryPortStandIn(pool) { request, _ in script(request) }
        let path = FileManager.default.temporaryDirectory.appending(path: "ovm-\(UUID().uuidString).json").path
        defer { unlink(path) }
        let file = PoolFile(
            pool: pool.identifier, authority: String(decoding: pool.authority.certificate.pem, as: UTF8.self), token: "secret",
            servers: [PoolFile.Server(name: "alpha", query: server.address.description)])
        try file.write(to: path)
        try await claim(path)
        try await server.stop()
    }
}
