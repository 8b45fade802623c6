import AgentPorts
import Foundation
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

@Suite("Who may open the database")
struct PrivacyTests {
    private func refusal(_ work: () throws -> SQLitePoolStorage) -> StorageError? {
        do {
            try work().close()
            return nil
        } catch {
            return error as? StorageError
        }
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
    }

    @Test("every file is made for its owner alone, whatever the umask, and no draft is left")
    func makesPrivateFiles() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }
        _ = storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 0)])])

        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()

        #expect(names == ["pool.sqlite", "pool.sqlite-wal"])
        for name in names { #expect(try mode(folder.path + "/" + name) == 0o600) }
    }

    @Test("what others may use is refused with the cure", arguments: ["", "/pool.sqlite", "/pool.sqlite-wal"], [0o640, 0o604, 0o610])
    func refusesOpenFiles(name: String, mode: Int) throws {
        let folder = try TemporaryFolder()
        try folder.create().close()
        let path = folder.path + name
        let widened = name.isEmpty ? mode | 0o700 : mode
        try FileManager.default.setAttributes([.posixPermissions: widened], ofItemAtPath: path)

        let cure = name.isEmpty ? "chmod 700" : "chmod 600"
        let reason = "\(path) has mode \(String(widened, radix: 8)), so others than its owner may use it (run \(cure) \(path))"
        #expect(refusal { try folder.open() } == .cannotOpen(path: folder.database, reason: reason))
    }

    @Test("a database that is not there is not made by opening it")
    func refusesMissing() throws {
        let folder = try TemporaryFolder()

        let reason = "\(folder.database): No such file or directory"
        #expect(refusal { try folder.open() } == .cannotOpen(path: folder.database, reason: reason))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test("creating never replaces a database, nor what is left of one", arguments: ["pool.sqlite", "pool.sqlite-wal"])
    func refusesToReplace(name: String) throws {
        let folder = try TemporaryFolder()
        try Data("remains".utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))

        let reason = "it belongs to a pool already and is never overwritten"
        #expect(refusal { try folder.create() } == .cannotOpen(path: folder.database, reason: reason))
        #expect(FileManager.default.contents(atPath: folder.path + "/" + name) == Data("remains".utf8))
    }

    @Test("a creation that a crash cut short is begun anew")
    func replacesDraft() throws {
        let folder = try TemporaryFolder()
        for name in ["pool.sqlite.new", "pool.sqlite.new-wal", "pool.sqlite.new-journal"] {
            try Data("half".utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }

        try folder.create().close()

        #expect(try folder.reopened() == StoredContent())
    }

    @Test("a second connection of the same process is refused")
    func refusesSecondConnection() throws {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }

        #expect(refusal { try folder.open() } == .inUse(path: folder.database))
        #expect(storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 0)])]).acknowledged == [1])
        #expect(refusal { try folder.open() } == .inUse(path: folder.database))
    }

    @Test("another process is refused, before the first read and after loading and writing")
    func refusesSecondProcess() async throws {
        let folder = try TemporaryFolder()
        let path = folder.database
        let storage = try folder.create()
        defer { storage.close() }
        _ = try storage.load()
        _ = storage.perform([RaftWrite(sequence: 1, entries: [entry(1, term: 0)])])

        await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
            do {
                try SQLitePoolStorage(path: path, coding: SimpleEntryCoding()).close()
            } catch {
                exit(error as? StorageError == .inUse(path: path) ? 42 : 43)
            }
        }
    }

    @Test("once closed, it may be opened again")
    func opensAgain() throws {
        let folder = try TemporaryFolder()
        try folder.create().close()

        #expect(refusal { try folder.open() } == nil)
    }
}
