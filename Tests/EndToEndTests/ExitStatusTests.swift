import Foundation
import PoolCommands
import Testing

/// 0 done, 1 refused, 2 wrong usage, 3 no master reachable, 4 outcome unknown: by the program's own process.
@Suite("What the client's exit status tells", .serialized, .timeLimit(.minutes(5)))
struct ExitStatusTests {
    private let scene: ProgramScene

    init() throws { scene = try ProgramScene() }

    /// Says that nobody knows, and does not call it failed or refused.
    private func saysUnknown(_ outcome: ProgramScene.Outcome) -> Bool {
        outcome.saysCauseAndCure && outcome.errors.contains("Nobody knows whether the request was carried out")
            && outcome.errors.contains("Look at what it was to change") && outcome.output.isEmpty
            && !outcome.errors.lowercased().contains("fail") && !outcome.errors.contains("No Server Pool Master can be reached")
    }

    @Test("4: a port takes the write, again and again, and closes the connection; a reading of it leaves nothing in doubt")
    func answersAreLost() async throws {
        let port = try await AnswerlessPort.open()
        let file = "\(scene.folder)/pool.json"
        try port.writePoolFile(to: file)

        let write = try scene.run("pool", "set", "--voter-limit", "3", "--pool", file)
        let methods = port.taken
        let reading = try scene.run("vm", "show", "web01", "--pool", file)
        try await port.close()

        #expect(write.status == 4, "\(write.status) \(write.errors)")
        #expect(saysUnknown(write), "\(write.errors)")
        #expect(methods.count > 1 && methods.allSatisfy { $0 == "PATCH" }, "\(methods)")
        #expect(reading.status == 3, "\(reading.status) \(reading.errors)")
    }

    @Test("4: a stop that was taken, and of which nobody tells any more")
    func losesSightOfTask() async throws {
        let port = try await AnswerlessPort.open(butFor: "POST /v1/vms/web01/stop", accepted: #"{"task":\#(Self.task)}"#)
        let file = "\(scene.folder)/pool.json"
        try port.writePoolFile(to: file)

        let write = try scene.run("vm", "stop", "web01", "--pool", file)
        try await port.close()

        #expect(write.status == 4, "\(write.status) \(write.errors)")
        #expect(saysUnknown(write) && write.errors.contains("task 7 was begun"), "\(write.errors)")
    }

    private static let task =
        #"{"id":7,"kind":"stop","target":"web01","principal":"operator admin","status":"running","startedAt":"2011-06-30T08:05:09.120Z"}"#

    @Test("3: nobody listens; a write that never left is not in doubt")
    func nobodyListens() async throws {
        let port = try await AnswerlessPort.open()
        let file = "\(scene.folder)/pool.json"
        try port.writePoolFile(to: file)
        try await port.close()

        for line in [["pool", "master"], ["pool", "set", "--voter-limit", "3"]] {
            let outcome = try scene.run(line + ["--pool", file])

            #expect(outcome.status == 3, "\(line): \(outcome.status) \(outcome.errors)")
            #expect(outcome.saysCauseAndCure && outcome.errors.contains("No Server Pool Master can be reached"), "\(outcome.errors)")
        }
    }

    @Test(
        "2: a command line that says too little, too much or what nobody knows, and nothing is asked of any pool",
        arguments: [
            ["vm", "start"], ["vm", "show"], ["vm", "strat", "web01"], ["pool", "set"], ["vm", "ls", "-o", "xml"], ["vm", "set", "web01"],
        ])
    func wrongUsage(line: [String]) throws {
        let outcome = try scene.run(line + ["--pool", "\(scene.folder)/none.json"])

        #expect(outcome.status == 2, "\(outcome.status) \(outcome.errors)")
        #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
    }

    @Test("a pool of two without its majority: 4 for a write that it took, 3 for one that it did not take and for who reads")
    func losesMajority() throws {
        let pool = try KilledPool(servers: 2)
        let file = "\(pool.folder)/pool.json"
        func ovm(_ line: String...) throws -> ProgramScene.Outcome { try scene.run(line + ["--pool", file]) }
        try scene.eventually("the pool to be whole") { try ovm("vm", "tag", "set", "web01", "before", "yes").status == 0 }
        let master = try ovm("pool", "master", "--no-headers").output.split(separator: " ").first.map(String.init)
        let other = try #require(pool.file.servers.map(\.name).first { $0 != master })

        let refused = try ovm("vm", "show", "none")
        // The other one stands still with its connection open: for half a second the master believes that it leads, and takes what it cannot
        // commit. Nothing is read before a token is made, which would be refused. Where it was noticed first, it is done again.
        var toMaster = pool.file
        toMaster.servers.removeAll { $0.name == other }
        let masterFile = "\(pool.folder)/master.json"
        try toMaster.write(to: masterFile)
        var writes: [ProgramScene.Outcome] = []
        for round in 1...5 where !writes.contains(where: { $0.status == 4 }) {
            if round > 1 {
                pool.resume(other)
                try scene.eventually("the pool to go on") { try ovm("vm", "tag", "set", "web01", "round", "\(round)").status == 0 }
            }
            pool.suspend(other)
            let launched = try (0..<2).map { _ in try scene.launch(["pool", "token", "create", "--pool", masterFile]) }
            writes += try launched.map { try $0.outcome() }
        }
        let later = try ovm("pool", "master")
        let lateWrite = try ovm("vm", "tag", "set", "web01", "late", "yes")
        pool.resume(other)

        #expect(refused.status == 1, "\(refused.errors)")
        #expect(writes.allSatisfy { [0, 3, 4].contains($0.status) }, "\(writes)")
        let unknown = writes.filter { $0.status == 4 }
        #expect(!unknown.isEmpty && unknown.allSatisfy(saysUnknown), "\(writes)")
        #expect(later.status == 3 && later.errors.contains("No Server Pool Master can be reached"), "\(later.status) \(later.errors)")
        #expect(lateWrite.status == 3, "\(lateWrite.status) \(lateWrite.errors)")
        try scene.eventually("the pool to be whole again") { try ovm("vm", "tag", "set", "web01", "after", "yes").status == 0 }
    }
}
