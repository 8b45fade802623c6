/// Identifies one Oracle VM Server within its pool; given by the state machine at join, counted from 1, never used again.
///
/// It is also the identity that Raft knows: a server that lost its disk joins anew under another number, so it can
/// never acknowledge or vote in the name of what it has forgotten.
package struct ServerID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    /// - Precondition: `number` is one or more.
    package init(_ number: UInt64) {
        precondition(number > 0, "a server identifier was 0")
        self.number = number
    }

    package static func < (left: ServerID, right: ServerID) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// A Raft term (Raft §5.1); 0 before the first election.
package struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static let zero = Term(0)
    package var next: Term { Term(number + 1) }
    package static func < (left: Term, right: Term) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// A position in the pool's log (Raft §5.3); the first entry has 1, 0 stands before it.
package struct LogIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static let zero = LogIndex(0)
    package var next: LogIndex { LogIndex(number + 1) }
    /// The index before this one; 0 stays 0.
    package var previous: LogIndex { LogIndex(number == 0 ? 0 : number - 1) }
    package func advanced(by count: Int) -> LogIndex { LogIndex(number + UInt64(count)) }
    package static func < (left: LogIndex, right: LogIndex) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// One run of one server's agent, numbered per server in the log (fencing: sessions); 0 before the first HELLO.
package struct SessionNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static let none = SessionNumber(0)
    package var next: SessionNumber { SessionNumber(number + 1) }
    package static func < (left: SessionNumber, right: SessionNumber) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// Identifies one virtual machine within its pool; given by the state machine, counted from 1, never used again.
package struct VirtualMachineID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: VirtualMachineID, right: VirtualMachineID) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// Counts the placements of one virtual machine; each new placement has the last one's plus 1.
package struct PlacementEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static let none = PlacementEpoch(0)
    package var next: PlacementEpoch { PlacementEpoch(number + 1) }
    package static func < (left: PlacementEpoch, right: PlacementEpoch) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// Identifies a task; the log index of the command that began it.
package struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: TaskID, right: TaskID) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}

/// Identifies a join token; the log index of the command that made it.
package struct TokenID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: TokenID, right: TokenID) -> Bool { left.number < right.number }
    package var description: String { "\(number)" }
}
