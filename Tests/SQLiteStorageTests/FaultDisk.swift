import CSQLite
import Foundation
import Synchronization

/// A disk that loses what was not synced, and fails when told to. It counts every write, truncation and sync as one step.
///
/// The files themselves are real; the disk keeps beside them what has certainly arrived, and what is still under way.
final class FaultDisk: Sendable {
    /// What goes wrong, and when; steps and syncs are counted from 1.
    struct Plan: Hashable {
        /// At this step the machine stops: nothing gets through any more.
        var stopsAtStep: Int?
        /// This sync and no other is answered with an error.
        var failsAtSync: Int?
        /// From this step on there is no space for another byte.
        var isFullFromStep: Int?
    }

    enum Change: Hashable {
        case write(offset: Int, bytes: [UInt8])
        case truncate(size: Int)
    }

    private struct File {
        /// What the last sync brought to the platter.
        var durable: [UInt8]
        /// What came after it, in order.
        var pending: [Change] = []
    }

    private struct State {
        var plan = Plan()
        var steps = 0
        var syncs = 0
        var isStopped = false
        var failedAtStep: Int?
        var files: [String: File] = [:]
    }

    private let state = Mutex(State())
    let folder: String

    /// Takes charge of the files in `folder`, with what they hold now as durable.
    init(_ folder: TemporaryFolder) {
        self.folder = folder.path
        FaultInjectingVFS.attach(self)
    }

    deinit { FaultInjectingVFS.detach(folder) }

    var steps: Int { state.withLock { $0.steps } }
    var syncs: Int { state.withLock { $0.syncs } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// What was still tried after the sync that failed.
    var stepsSinceFailedSync: Int? { state.withLock { state in state.failedAtStep.map { state.steps - $0 } } }

    func follow(_ plan: Plan) { state.withLock { $0.plan = plan } }

    /// The process ended, and the machine lives: what is under way stays under way, and counting begins anew.
    func restartProcess() {
        state.withLock {
            // Of a machine that stopped no process lived to see its writes refused, nor to say so.
            if $0.isStopped { unlink(folder + "/pool.sqlite.refused") }
            $0.plan = Plan()
            $0.isStopped = false
            $0.steps = 0
            $0.syncs = 0
        }
    }

    func opened(_ path: String) {
        state.withLock {
            guard $0.files[path] == nil else { return }
            $0.files[path] = File(durable: [UInt8](FileManager.default.contents(atPath: path) ?? Data()))
        }
    }

    /// - Returns: SQLite's code; what fails is not done to the real file.
    func change(_ path: String, _ change: Change) -> Int32 {
        state.withLock {
            if $0.isStopped { return SQLiteCode.writeFailed }
            $0.steps += 1
            if let full = $0.plan.isFullFromStep, $0.steps >= full, case .write = change { return SQLITE_FULL }
            // What is under way when the power goes may arrive in part.
            $0.files[path]?.pending.append(change)
            if $0.steps == $0.plan.stopsAtStep { $0.isStopped = true }
            return $0.isStopped ? SQLiteCode.writeFailed : SQLITE_OK
        }
    }

    func sync(_ path: String) -> Int32 {
        let now = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        return state.withLock {
            if $0.isStopped { return SQLiteCode.syncFailed }
            $0.steps += 1
            $0.syncs += 1
            if $0.steps == $0.plan.stopsAtStep { $0.isStopped = true }
            if $0.syncs == $0.plan.failsAtSync { $0.failedAtStep = $0.steps }
            if $0.isStopped || $0.syncs == $0.plan.failsAtSync { return SQLiteCode.syncFailed }
            $0.files[path] = File(durable: now)
            return SQLITE_OK
        }
    }

    /// The power goes, and comes back: of each change since the last sync every sector arrived or did not, as chance has it.
    func cutPower(_ random: inout SeededRandom) throws {
        let files = state.withLock { $0.files }
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            var content = file.durable
            // Sometimes all arrives, sometimes nothing does, mostly a part.
            let chance = [0, 50, 50, 90, 100][Int.random(in: 0..<5, using: &random)]
            for change in file.pending { apply(change, to: &content, chance: chance, &random) }
            try Data(content).write(to: URL(fileURLWithPath: path))
        }
        state.withLock { $0.files = [:] }
        restartProcess()
    }

    private func apply(_ change: Change, to content: inout [UInt8], chance: Int, _ random: inout SeededRandom) {
        let sector = 512
        switch change {
        case .truncate(let size):
            guard Int.random(in: 0..<100, using: &random) < chance else { return }
            content = Array(content.prefix(size))
        case .write(let offset, let bytes):
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + sector - (offset + start) % sector)
                if Int.random(in: 0..<100, using: &random) < chance {
                    let missing = offset + end - content.count
                    if missing > 0 { content += [UInt8](repeating: 0, count: missing) }
                    content.replaceSubrange(offset + start..<offset + end, with: bytes[start..<end])
                }
                start = end
            }
        }
    }
}

/// Extended result codes, which sqlite3.h defines by macros that Swift does not import.
enum SQLiteCode {
    /// SQLITE_IOERR_WRITE
    static let writeFailed = SQLITE_IOERR | 3 << 8
    /// SQLITE_IOERR_FSYNC
    static let syncFailed = SQLITE_IOERR | 4 << 8
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
