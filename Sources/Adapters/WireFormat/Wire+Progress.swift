import AgentCore
import PoolModel
import SwiftProtobuf

extension WireTaskProgress {
    /// The longest word that a phase may be called by.
    private static let phaseBytes = 64
    /// The greatest age that is believed: far beyond that at which nobody looks at it any more.
    private static let mostMilliseconds: UInt64 = 3_600_000

    init(_ progress: TaskProgress) {
        self.init()
        task = progress.task.number
        phase = progress.phase.rawValue
        if let permille = progress.permille { self.permille = UInt32(permille) }
        ageMilliseconds = UInt64(max(0, min(Int64(Self.mostMilliseconds), progress.age.wholeNanoseconds / 1_000_000)))
    }

    /// - Throws: for more than `most`, and for any that is out of its bounds.
    static func models(_ wires: [WireTaskProgress], most: Int) throws(WireError) -> [TaskProgress] {
        guard wires.count <= most else { throw .outOfRange("progress.tasks") }
        return try wires.converted { (wire) throws(WireError) in try wire.model() }
    }

    private func model() throws(WireError) -> TaskProgress {
        guard permille <= 1_000 else { throw .outOfRange("progress.permille") }
        guard phase.utf8.count <= Self.phaseBytes else { throw .outOfRange("progress.phase") }
        guard ageMilliseconds <= Self.mostMilliseconds else { throw .outOfRange("progress.age") }
        return TaskProgress(
            task: TaskID(task), phase: TaskPhase(rawValue: phase) ?? .other, permille: hasPermille ? Int(permille) : nil,
            age: .milliseconds(Int64(ageMilliseconds)))
    }
}
