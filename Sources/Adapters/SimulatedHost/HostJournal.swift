import AgentCore
import FoundationEssentials
import Glibc
import PoolModel

/// One line of `journal.jsonl`; a domain without `machine` is foreign.
package struct HostJournalLine: Codable, Hashable, Sendable {
    /// `booted`, `created`, `started`, `paused`, `ended`, `dumped`, `image-written`, `image-consumed`, `image-removed`, `sent`,
    /// `received` or `stopped`. A domain runs from `started` to the next `paused`, `ended` or `stopped`.
    package let kind: String
    /// When it happened: CLOCK_MONOTONIC of this machine, in nanoseconds.
    package let at: Int64
    /// When the line was written, before anyone was told: never earlier than `at`.
    package let written: Int64
    /// The host's boot identifier.
    package let boot: String
    package var domain: UInt32?
    package var name: String?
    package var uuid: String?
    package var pool: String?
    package var machine: UInt64?
    package var epoch: UInt64?
    /// Of `ended`: `powerOff`, `reboot` or `crash`.
    package var end: String?
    /// Of `dumped` and images: the file.
    package var path: String?

    init(_ event: SimulatedHostEvent, written: MonotonicInstant) {
        kind = event.kind.word
        at = event.instant.nanoseconds
        self.written = written.nanoseconds
        boot = event.boot.description
        domain = event.domain?.number
        name = event.domain?.name
        uuid = event.domain?.uuid.description
        pool = event.domain?.ownership?.pool.description
        machine = event.domain?.ownership?.machine.number
        epoch = event.domain?.ownership?.epoch.number
        if case .ended(let end) = event.kind { self.end = end.rawValue }
        path = event.kind.path
    }
}

extension HostJournalLine {
    /// Reads a journal. A last line without its end is left out: its process was killed while it wrote.
    ///
    /// - Throws: where the file cannot be read, or a whole line is not one of a journal.
    package static func read(path: String) throws -> [HostJournalLine] {
        let lines = try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.dropLast().map { try JSONDecoder().decode(HostJournalLine.self, from: $0) }
    }
}

extension SimulatedHostEventKind {
    /// The journal's word.
    var word: String {
        switch self {
        case .booted: "booted"
        case .created: "created"
        case .started: "started"
        case .paused: "paused"
        case .ended: "ended"
        case .dumped: "dumped"
        case .imageWritten: "image-written"
        case .imageConsumed: "image-consumed"
        case .imageRemoved: "image-removed"
        case .sent: "sent"
        case .received: "received"
        case .stopped: "stopped"
        }
    }
}

/// Appends to `journal.jsonl`: each line with one write(2), so that what was written outlives the process however it ends.
struct HostJournal: Sendable {
    private let descriptor: OwnedDescriptor
    private let path: String

    /// Opens the journal at its end; one that has grown long is first put aside as `journal.jsonl.1`.
    init(_ folder: SimulatedHostFolder) throws(SimulatedHostError) {
        path = folder.journal
        var status = stat()
        if lstat(path, &status) == 0, Int(status.st_size) > SimulatedHostLimits.journalBytes {
            guard rename(path, path + ".1") == 0 else { throw .system(operation: "rename", path: path, code: errno) }
        }
        descriptor = OwnedDescriptor(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
        guard descriptor.number >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    }

    func append(_ event: SimulatedHostEvent) throws(SimulatedHostError) {
        let bytes = HostLine.encode(HostJournalLine(event, written: HostClock.now()))
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
        // A line that was cut short is as bad as one that is missing: the journal is what overlaps are judged by.
        guard count == bytes.count else { throw .system(operation: "append to", path: path, code: count < 0 ? errno : ENOSPC) }
    }
}
