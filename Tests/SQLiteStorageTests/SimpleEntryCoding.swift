import AgentCore
import AgentPorts
import PoolModel
import RaftCore

/// Encodes just what these tests store: no-operations, configurations, and `raiseFormat` commands with a filler as their reason.
struct SimpleEntryCoding: EntryCoding {
    func encode(_ entry: RaftEntry<PoolEntry>) -> [UInt8] {
        var bytes = word(entry.index.number) + word(entry.term.number) + word(UInt64(entry.size))
        switch entry.content {
        case .noOperation: bytes.append(0)
        case .configuration(let configuration): bytes += [1] + encode(configuration)
        case .command(let command):
            guard case .raiseFormat(let version) = command.command else { preconditionFailure("not a command of these tests") }
            bytes += [2] + word(UInt64(version)) + Array(command.reason.utf8)
        }
        return bytes
    }

    func decode(_ bytes: [UInt8]) throws(EntryCodingError) -> RaftEntry<PoolEntry> {
        guard bytes.count >= 25, let content = content(bytes[24], Array(bytes[25...])) else { throw .damaged }
        return RaftEntry(
            index: LogIndex(number(bytes, 0)), term: Term(number(bytes, 8)), content: content, size: Int(number(bytes, 16)))
    }

    func encode(_ configuration: RaftConfiguration) -> [UInt8] {
        [configuration.voters, configuration.outgoingVoters, configuration.learners].flatMap { servers in
            [UInt8(servers.count)] + servers.flatMap { word($0.number) }
        }
    }

    func decodeConfiguration(_ bytes: [UInt8]) -> RaftConfiguration? {
        var lists: [[ServerID]] = []
        var offset = 0
        while lists.count < 3 {
            guard offset < bytes.count, bytes.count >= offset + 1 + 8 * Int(bytes[offset]) else { return nil }
            lists.append((0..<Int(bytes[offset])).map { ServerID(number(bytes, offset + 1 + 8 * $0)) })
            offset += 1 + 8 * Int(bytes[offset])
        }
        return RaftConfiguration(voters: lists[0], outgoingVoters: lists[1], learners: lists[2])
    }

    private func content(_ kind: UInt8, _ rest: [UInt8]) -> RaftEntryContent<PoolEntry>? {
        switch kind {
        case 0: .noOperation
        case 1: decodeConfiguration(rest).map { .configuration($0) }
        case 2 where rest.count >= 8:
            .command(.filler(Int(number(rest, 0)), reason: String(decoding: rest[8...], as: UTF8.self)))
        default: nil
        }
    }

    private func word(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } }

    private func number(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension PoolEntry {
    static func filler(_ version: Int, reason: String) -> PoolEntry {
        PoolEntry(
            command: .raiseFormat(version: version), principal: .master(ServerID(1)), proposedAt: .zero, reason: reason)
    }
}

/// A command's entry of about `bytes` bytes.
func entry(_ index: UInt64, term: UInt64, bytes: Int = 200) -> RaftEntry<PoolEntry> {
    let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
    return RaftEntry(
        index: LogIndex(index), term: Term(term), content: .command(.filler(Int(index), reason: String(repeating: letter, count: bytes))),
        size: bytes)
}
