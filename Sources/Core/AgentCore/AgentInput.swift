package import PoolModel
package import PoolStateMachine
package import RaftCore

/// Marks a request of a client of this agent.
package struct ClientRequestID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// How fresh the answer to a read must be.
package enum ReadConsistency: Hashable, Sendable {
    /// Reflects every write that was acknowledged before the read began (ReadIndex).
    case linearizable
    /// Whatever this server has applied; the answer says how old it may be.
    case stale
}

/// Both clocks of a server, read together.
package struct AgentTime: Hashable, Sendable {
    package let monotonic: MonotonicInstant
    /// The wall clock; only ever becomes pool time.
    package let wall: PoolTime

    package init(monotonic: MonotonicInstant, wall: PoolTime) {
        self.monotonic = monotonic
        self.wall = wall
    }
}

/// What happens to an agent.
package enum AgentInput: Sendable {
    /// A deadline may have passed.
    case timePassed
    case received(PeerMessage, from: ServerID)
    /// A connection to the peer is authenticated.
    case peerConnected(ServerID)
    /// A connection to the peer broke, or something meant for it was dropped.
    case peerUnreachable(ServerID)
    /// The peer's connection to us closed without a GOODBYE, and it carried the peer's latest message.
    case peerConnectionClosed(ServerID)
    /// The write with this sequence, and all before it, is on stable storage.
    case writeCompleted(sequence: UInt64)
    /// The state at this index was encoded for a snapshot.
    case snapshotEncoded(index: LogIndex, data: [UInt8])
    /// A client's command. Answered by `.answerWrite`, once.
    case submit(
        ClientRequestID, PoolCommand, principal: Principal, reason: String, idempotency: IdempotencyKey?, expected: LogIndex? = nil)
    /// A client's read. Answered by `.answerRead`, once.
    case read(ClientRequestID, ReadConsistency)
    /// A client asks how far tasks are. Answered by `.answerProgress`, once.
    case readProgress(ClientRequestID)
    /// The client has gone: its request needs no answer.
    case abandoned(ClientRequestID)
    /// The answer to `.listDomains(number)`; nil when the hypervisor did not answer.
    case domainsListed([DomainReport]?, number: UInt64)
    /// Something changed at the hypervisor: list again.
    case domainsChanged
    case operationEnded(DomainOperationID, DomainOperationResult)
    /// How many MiB an operation has sent or received so far; said about once a second. After its end it is of no use.
    case operationProgressed(DomainOperationID, mebibytes: Int)
    /// The server's facts, read anew.
    case factsRead(ServerFacts)
    /// Hand over leadership to `target` (or the best follower).
    case transferMastership(target: ServerID?)
    /// End in good order: hand leadership over, release the session, leave the domains running.
    case stop
}

/// How a write ended for its client.
package enum WriteAnswer: Hashable, Sendable {
    /// Committed and applied here at `index`.
    case outcome(CommandOutcome, index: LogIndex)
    /// Nothing was proposed: no master was found within the bound, or too much waits. Safe to try again.
    case notTaken(cause: String)
    /// It was handed on and may or may not be applied.
    case unknown(cause: String)
}

/// How a read may be answered.
package enum ReadAnswer: Hashable, Sendable {
    /// Answer from the state as it is now; `age` is how old a stale answer may be at most, nil when that is unknown.
    case ready(age: Duration?)
    case refused(cause: String)
}

/// Another agent to hold connections with.
package struct PeerDescription: Hashable, Sendable {
    package let server: ServerID
    package let name: ServerName
    /// `HOST:PORT`.
    package let address: String

    package init(server: ServerID, name: ServerName, address: String) {
        self.server = server
        self.name = name
        self.address = address
    }
}

/// How important a notice is.
package enum NoticeLevel: Hashable, Sendable {
    case information
    case warning
    case error
}

/// What an agent wants done, in order.
package enum AgentEffect: Sendable {
    /// Bring to stable storage, then give `.writeCompleted(sequence)`.
    case write(RaftWrite<PoolEntry>)
    case send(PeerMessage, to: ServerID)
    /// Encode this state; answer with `.snapshotEncoded`.
    case encodeSnapshot(PoolState, index: LogIndex)
    case answerWrite(ClientRequestID, WriteAnswer)
    case answerRead(ClientRequestID, ReadAnswer)
    /// How far tasks are, by number, as the master was told; nothing where it could not be asked.
    case answerProgress(ClientRequestID, [TaskProgress])
    /// List the domains, foreign ones too; answer with `.domainsListed`.
    case listDomains(number: UInt64)
    /// Perform and answer with `.operationEnded`. Operations run side by side; none may delay the loop.
    case perform(DomainOperationID, DomainOperation)
    /// End an operation early, where that can be; it still ends by `.operationEnded`.
    case cancel(DomainOperationID)
    /// The agents to be connected with, sorted, without this one. They are to be admitted, and so is every server of this pool whose
    /// number is `admittingFrom` or greater: this state has not given it yet, so that it may have joined since.
    case peersChanged([PeerDescription], admittingFrom: ServerID)
    /// Entries up to here are applied: watchers may look.
    case applied(LogIndex)
    /// Master, term or role changed.
    case mastershipChanged(MastershipStatus)
    /// Say goodbye to all peers: what closes now is no sign of death.
    case goodbye
    /// One sentence for the log.
    case notice(NoticeLevel, String)
    /// The agent must end now, and stay down until an operator acts: cause and cure.
    case halt(String)
    /// A stop is complete: the process may end.
    case stopped
}
