import AgentCore
import PoolModel
import Testing
import WireFormat

@Suite("How far tasks are, on the wire")
struct ProgressFrameTests {
    /// A report of one task with this phase, and what else is to stand in it. Field 45 of a frame; of it, 1 is the session and 2 a task.
    private func frame(phase: String, _ more: [UInt8] = []) -> [UInt8] {
        let word = Array(phase.utf8)
        let task = [0x08, 0x01, 0x12, UInt8(word.count)] + word + more
        let report = [0x08, 0x01, 0x12, UInt8(task.count)] + task
        return [0xEA, 0x02, UInt8(report.count)] + report
    }

    @Test("reports, questions and answers survive their encoding")
    func roundTrips() throws {
        for message in [
            PeerMessage.progress(session: SessionNumber(3), WireSamples.progress), .progressWanted, .progressTold(WireSamples.progress),
            .progressTold([]),
        ] {
            #expect(try PeerFrameCoding.decode(try PeerFrameCoding.encode(.message(message))) == .message(message))
        }
    }

    @Test("a report of more tasks than one server may name is refused, as is an answer of more than the pool may have")
    func boundsCounts() throws {
        func encoded(_ count: Int, isTold: Bool) throws -> [UInt8] {
            let tasks = Array(repeating: TaskProgress(task: TaskID(1), phase: .creating), count: count)
            return try PeerFrameCoding.encode(.message(isTold ? .progressTold(tasks) : .progress(session: SessionNumber(1), tasks)))
        }

        #expect(throws: Never.self) { try PeerFrameCoding.decode(encoded(TaskProgress.mostOfServer, isTold: false)) }
        #expect(throws: WireError.self) { try PeerFrameCoding.decode(encoded(TaskProgress.mostOfServer + 1, isTold: false)) }
        #expect(throws: Never.self) { try PeerFrameCoding.decode(encoded(TaskProgress.mostOfPool, isTold: true)) }
        #expect(throws: WireError.self) { try PeerFrameCoding.decode(encoded(TaskProgress.mostOfPool + 1, isTold: true)) }
    }

    @Test("a share above the whole, a word too long and an age beyond belief are refused; an unknown word is work of some kind")
    func boundsValues() throws {
        // 1,001 per mille, and an age of 2 to the 63rd milliseconds.
        let tooMuch: [UInt8] = [0x18, 0xE9, 0x07]
        let tooOld: [UInt8] = [0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]
        for frame in [
            frame(phase: "starting", tooMuch), frame(phase: "starting", tooOld), frame(phase: String(repeating: "x", count: 65)),
        ] {
            #expect(throws: WireError.self) { try PeerFrameCoding.decode(frame) }
        }

        let unknown = try PeerFrameCoding.decode(frame(phase: "teleporting", [0x18, 0xE8, 0x07]))

        #expect(unknown == .message(.progress(session: SessionNumber(1), [TaskProgress(task: TaskID(1), phase: .other, permille: 1_000)])))
    }
}
