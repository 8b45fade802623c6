import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import RaftCore
import Testing
import WireFormat

@Suite("What a newer agent wrote is never read as something else")
struct NewerBytesTests {
    /// Field 1,000 with the number 1: what no agent of today writes.
    private static let newField: [UInt8] = [0xC0, 0x3E, 0x01]

    private static func message(_ field: UInt8, _ content: [UInt8]) -> [UInt8] {
        precondition(content.count < 128, "a length of one byte")
        return [field << 3 | 2, UInt8(content.count)] + content
    }

    /// An entry (index 1, term 1) whose command is these bytes.
    private static func entry(command: [UInt8]) -> [UInt8] { [0x08, 1, 0x10, 1] + message(6, message(1, command)) }

    /// A frame of one append in term 7 with these entries.
    private static func append(_ entry: [UInt8]) -> [UInt8] { message(2, [0x08, 7] + message(6, message(3, entry))) }

    private static let unknownKind = entry(command: newField)

    private static func nestedField() throws -> [UInt8] {
        // reset_machine_status = 1, with a field beside it; the principal is the master.
        [0x08, 1, 0x10, 1] + message(6, message(1, [0x98, 0x01, 1]) + message(2, [0x20, 1]) + newField)
    }

    private func isNewer(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try WireEntryCoding().decode(bytes)
            return false
        } catch {
            guard case .newer(let cause) = error else { return false }
            return cause.contains("this agent does not know")
        }
    }

    @Test("a stored entry with an unknown kind or field is a newer agent's, a torn one is damaged")
    func tellsNewerEntries() throws {
        let known = [UInt8]([0x08, 1, 0x10, 1, 0x20, 1])

        #expect(try WireEntryCoding().decode(known).content == .noOperation)
        #expect(isNewer(known + Self.newField))
        #expect(isNewer(Self.unknownKind))
        #expect(isNewer(try Self.nestedField()))
        #expect(throws: EntryCodingError.damaged) { try WireEntryCoding().decode([0x08]) }
    }

    @Test("an append with such entries arrives as what it is, with the term of its sender")
    func tellsNewerAppends() throws {
        for entry in [Self.unknownKind, try Self.nestedField()] {
            guard case .message(.newerEntries(Term(7), let cause)) = try PeerFrameCoding.decode(Self.append(entry)) else {
                return #expect(Bool(false))
            }
            #expect(cause.contains("this agent does not know"))
        }
    }

    @Test("an unknown field in any other frame is refused, and so is an unknown command that is forwarded")
    func refusesOtherFrames() throws {
        let frames = [
            Self.message(5, [0x08, 1] + Self.newField), Self.message(2, [0x08, 7] + Self.message(9, Self.newField)),
            Self.message(3, Self.message(1, Self.newField)),
        ]

        for frame in frames {
            do {
                _ = try PeerFrameCoding.decode(frame)
                #expect(Bool(false), "\(frame)")
            } catch {
                #expect(error.isNewer)
            }
        }
    }

    @Test("a snapshot with an unknown field or version names the cure, and keeps the data directory")
    func refusesNewerSnapshot() throws {
        let coding = WireSnapshotCoding()
        let bytes = coding.encode(try WireRoundTripTests.busyState())

        do {
            _ = try coding.decode(bytes + Self.newField)
            #expect(Bool(false))
        } catch {
            #expect(error.message.contains("was written by a newer agent"))
            #expect(!error.message.contains("join"))
        }
    }
}
