import AgentPorts
import Foundation
import PoolModel
import RaftCore
import SQLiteStorage
import Testing

@Suite("Damage in the write-ahead log is told from a torn tail (hazard B16)")
struct WriteAheadLogDamageTests {
    private static let header = 32
    private static let frame = 24 + 4_096

    /// The files of an agent that was killed after ten acknowledged writes, none of them checkpointed.
    private func killed() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let storage = try folder.create()
        defer { storage.close() }
        let outcomes = storage.perform((1...10).map { RaftWrite(sequence: $0, entries: [entry($0, term: 0)]) })
        try #require(outcomes.acknowledged.count == 10)
        return try folder.copyAsIfKilled()
    }

    private func log(of folder: TemporaryFolder) -> URL { URL(fileURLWithPath: folder.database + "-wal") }

    @Test("an agent that was killed finds all it acknowledged")
    func recovers() throws {
        #expect(try killed().reopened().entries == (1...10).map { entry($0, term: 0) })
    }

    @Test(
        "a flipped bit that later transactions follow is refused, in any frame and any place of it",
        arguments: [0, 5, 20, 24, 2_000, 4_100])
    func refusesFlippedBit(offset: Int) throws {
        let folder = try killed()
        let sound = try Data(contentsOf: log(of: folder))
        let frames = (sound.count - Self.header) / Self.frame
        try #require(frames > 6)

        for number in 1...frames - 5 {
            var damaged = sound
            damaged[Self.header + (number - 1) * Self.frame + offset] ^= 4
            try damaged.write(to: log(of: folder))
            let copy = try folder.copyAsIfKilled()
            #expect(throws: StorageError.damaged(path: copy.database + "-wal", row: "frame[\(number)]")) { try copy.reopened() }
        }
    }

    @Test("a flipped bit in the log's header is refused", arguments: [0, 8, 16, 24])
    func refusesFlippedHeader(offset: Int) throws {
        let folder = try killed()
        var damaged = try Data(contentsOf: log(of: folder))
        damaged[offset] ^= 1
        try damaged.write(to: log(of: folder))

        #expect(throws: StorageError.damaged(path: folder.database + "-wal", row: "header")) { try folder.reopened() }
    }

    @Test("a torn last transaction, which nobody was told of, is left out", arguments: [1, 24, 2_000, 4_119])
    func leavesOutTornTail(missing: Int) throws {
        let folder = try killed()
        let sound = try Data(contentsOf: log(of: folder))
        try sound.prefix(sound.count - missing).write(to: log(of: folder))

        #expect(try folder.reopened().entries == (1...9).map { entry($0, term: 0) })
    }
}
