import Foundation
import OpenSSLTransport
import QueryModel
import Testing

@testable import PoolCommands

@Suite("A pool file")
struct PoolFileTests {
    private static let pool = "0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10"
    private let folder = FileManager.default.temporaryDirectory.appending(path: "pool-file-\(UUID().uuidString)")
    private var path: String { folder.appending(path: "pool.json").path }
    private let good = PoolFile(
        pool: pool, authority: "PEM", token: "secret",
        servers: [PoolFile.Server(name: "alpha", query: "127.0.0.1:4443", pid: 7), PoolFile.Server(name: "beta", query: "[::1]:4443")])

    @Test("what was written is read again, and nobody else may read it")
    func roundTrip() throws {
        try inFolder {
            try good.write(to: path)

            let read = try PoolFile(path: path)

            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(read == good)
            #expect(read.addresses.map(\.description) == ["127.0.0.1:4443", "[::1]:4443"])
            #expect(mode == 0o600)
        }
    }

    @Test("a file that others may read is refused", arguments: [0o640, 0o604, 0o644])
    func refusesReadableByOthers(mode: Int) throws {
        try inFolder {
            try good.write(to: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)

            let error = #expect(throws: PoolFileError.self) { try PoolFile(path: path) }

            guard case .unsafe(path, _) = error else { return #expect(Bool(false), "the error was \(String(describing: error))") }
        }
    }

    @Test(
        "a file that a client could not work with is refused",
        arguments: [
            "", "[]", "{}", #"{"pool":"x","authority":"","token":"t","servers":[{"name":"a","query":"h:1"}]}"#,
            #"{"pool":"\#(pool)","authority":"","token":"","servers":[{"name":"a","query":"h:1"}]}"#,
            #"{"pool":"\#(pool)","authority":"","token":"a\nb","servers":[{"name":"a","query":"h:1"}]}"#,
            #"{"pool":"\#(pool)","authority":"","token":"t","servers":[]}"#,
            #"{"pool":"\#(pool)","authority":"","token":"t","servers":[{"name":"a","query":"h"}]}"#,
        ])
    func refusesMalformed(text: String) throws {
        try inFolder {
            try SecretFile.write(Array(text.utf8), to: path)

            let error = #expect(throws: PoolFileError.self) { try PoolFile(path: path) }

            guard case .malformed(path, _) = error else { return #expect(Bool(false), "the error was \(String(describing: error))") }
        }
    }

    @Test("a file beyond the bound is refused unread")
    func refusesHuge() throws {
        try inFolder {
            try SecretFile.write([UInt8](repeating: 32, count: PoolFile.byteLimit + 1), to: path)

            let error = #expect(throws: PoolFileError.self) { try PoolFile(path: path) }

            #expect(error?.message.contains("longer than") == true)
        }
    }

    @Test("a key that means nothing here is passed over")
    func ignoresUnknownKeys() throws {
        try inFolder {
            let text = #"{"future":1,"pool":"\#(Self.pool)","authority":"a","token":"t","servers":[{"name":"a","query":"h:1","x":2}]}"#
            try SecretFile.write(Array(text.utf8), to: path)

            let read = try PoolFile(path: path)

            #expect(read.servers == [PoolFile.Server(name: "a", query: "h:1")])
        }
    }

    @Test("the option comes before the environment, that before the home, that before the data directory")
    func looksInOrder() throws {
        try inFolder {
            let home = folder.appending(path: "home")
            try FileManager.default.createDirectory(at: home.appending(path: ".config/ovm"), withIntermediateDirectories: true)
            let inHome = home.appending(path: ".config/ovm/pool.json").path
            try good.write(to: inHome)
            try good.write(to: path)
            let data = folder.path

            #expect(try PoolFile.locate(option: "/x", environment: ["OVM_POOL": "/y"], dataDirectory: data) == "/x")
            #expect(try PoolFile.locate(option: nil, environment: ["OVM_POOL": "/y", "HOME": home.path], dataDirectory: data) == "/y")
            #expect(try PoolFile.locate(option: nil, environment: ["HOME": home.path], dataDirectory: data) == inHome)
            #expect(try PoolFile.locate(option: nil, environment: ["HOME": "/nowhere"], dataDirectory: data) == path)
            #expect(throws: PoolFileError.notFound(places: ["/nowhere/.config/ovm/pool.json", "/none/pool.json"])) {
                try PoolFile.locate(option: nil, environment: ["HOME": "/nowhere"], dataDirectory: "/none")
            }
        }
    }

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try body()
    }
}
