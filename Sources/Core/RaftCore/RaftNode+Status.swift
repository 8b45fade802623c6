package import PoolModel

extension RaftNode {
    package var status: RaftStatus { RaftStatus(role: role, term: term, leader: leader) }
    package var lastIndex: LogIndex { log.lastIndex }
    /// The first entry that is held in memory; those before it were dropped behind a snapshot.
    package var firstIndex: LogIndex { log.firstIndex }
    /// The last entry that is on this server's disk and stands in the log.
    package var durableIndex: LogIndex { storage.durableIndex }
    /// The newest snapshot's index; 0 without one.
    package var snapshotIndex: LogIndex { snapshot?.index ?? .zero }
    /// The configuration in force: the newest in the log, committed or not (dissertation §4.1).
    package var configuration: RaftConfiguration { configurations.latest.configuration }
    /// The configuration in force as of the commit index.
    package var committedConfiguration: RaftConfiguration { configurations.item(asOf: commitIndex).configuration }

    /// Whether this node leads and has applied its own term's first entry; the pool's Server Pool Master.
    package var isReadyMaster: Bool { role == .leader && appliedIndex >= leading.firstIndex }

    /// The bytes of the entries after the snapshot: what a compaction could free.
    package var logBytes: Int { log.bytes - trailingBytes }
    /// The number of entries after the snapshot.
    package var logCount: Int { Int(lastIndex.number - max(snapshotIndex, log.baseIndex).number) }
    /// The bytes of the leader's entries that are not committed; 0 on others.
    package var uncommittedBytes: Int { role == .leader ? leading.uncommittedBytes : 0 }

    /// The entry at `index`, nil when it is not held.
    package func entry(at index: LogIndex) -> RaftEntry<Payload>? { log.entry(at: index) }
    /// The term of the entry at `index`, nil when it is neither held nor the last one dropped.
    package func term(at index: LogIndex) -> Term? { log.term(at: index) }

    /// What the leader knows of another member; nil when this node does not lead or does not know it.
    package func progress(of server: ServerID) -> RaftProgress? {
        guard let position = leading.position(of: server) else { return nil }
        let peer = leading.peers[position]
        return RaftProgress(
            matchIndex: peer.matchIndex, nextIndex: peer.nextIndex, state: peer.state, isRecentlyActive: isRecentlyActive(peer),
            lastContact: peer.lastContact)
    }

    /// Whether a member follows so closely that it could vote without making the pool wait.
    package func isCaughtUp(_ learner: ServerID) -> Bool {
        guard let position = leading.position(of: learner) else { return false }
        let peer = leading.peers[position]
        let isNear = peer.matchIndex.number + UInt64(RaftBounds.caughtUpLag) >= commitIndex.number
        return peer.state == .replicate && isRecentlyActive(peer) && isNear && commitIndex >= leading.firstIndex
    }

    /// The number of the newest round of heartbeats; the next one has one more. Rounds are counted anew in each term.
    package var currentRound: UInt64 { leading.round }
    /// The newest round that a majority echoed: each of them saw no later term when it did.
    package var lastConfirmedRound: UInt64 { leading.confirmedRound }
    /// When the newest confirmed round began; nil when none is confirmed in this term or this node does not lead.
    package var confirmedRoundStart: MonotonicInstant? { role == .leader ? leading.confirmedRoundStart : nil }
    /// When a majority was last known to be there: a leader's newest confirmed round, a follower's last word of its leader; nil for
    /// none.
    package var lastMajorityContact: MonotonicInstant? {
        role == .leader ? leading.confirmedRoundStart : leader == nil ? nil : lastLeaderContact
    }
}

/// What happened to a node since it began.
package struct RaftCounts: Hashable, Sendable {
    /// Elections that it stood for; pre-votes are none.
    package internal(set) var electionsBegun: UInt64 = 0
    package internal(set) var electionsWon: UInt64 = 0
    /// How often it learnt who leads a term.
    package internal(set) var leaderChanges: UInt64 = 0
    package internal(set) var proposalsRefused: UInt64 = 0
    /// Snapshots of its own that took the place of log entries.
    package internal(set) var compactions: UInt64 = 0

    package init() {}
}

/// Limits that no pool reaches: they keep a peer's numbers from overflowing ours, and its requests from piling up.
enum RaftBounds {
    /// Terms and indices above this are refused: adding one to what is accepted never overflows, and storage holds it signed.
    static let greatestNumber: UInt64 = 1 << 62
    /// The most bytes that one entry may claim.
    static let entryBytes = 1 << 30
    /// How many entries behind the commit index a learner counts as caught up.
    static let caughtUpLag = 100
    /// Parts of a snapshot under way to one follower.
    static let snapshotPartsInFlight = 4
    /// Rounds that a follower is given to write a snapshot before its end is sent again.
    static let roundsToInstall: UInt64 = 10
    /// Reads of one follower that the leader keeps waiting; an honest follower has one.
    static let readsPerPeer = 8
    /// Entries kept behind a snapshot have at most this many messages' worth of bytes.
    static let trailingMessages = 16
}
