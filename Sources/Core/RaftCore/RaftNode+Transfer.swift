import PoolModel

/// A leadership that is being handed over.
struct LeadershipTransfer: Sendable {
    let target: ServerID
    /// When the leader resumes if nothing came of it.
    let deadline: MonotonicInstant
    /// Whether the leader steps down at the deadline instead, as its disk stalls.
    var stepsDown: Bool
}

extension RaftNode {
    /// Hands leadership over (dissertation §3.10): the target catches up while proposals are refused, then stands at once.
    /// After one election timeout without a result this leader resumes (hazard L8).
    mutating func transferLeadership(to wanted: ServerID?) {
        guard role == .leader else { return }
        guard let target = wanted ?? bestSuccessor, target != id, configuration.voters.contains(target) else {
            return effects.append(.notice("Leadership stays with server \(id): there is no other voter to hand it to."))
        }
        if let current = leading.transfer, wanted == nil || current.target == target { return }
        beginTransfer(to: target, stepsDown: leading.transfer?.stepsDown ?? false)
    }

    private mutating func beginTransfer(to target: ServerID, stepsDown: Bool) {
        leading.transfer = LeadershipTransfer(
            target: target, deadline: now + settings.electionTimeoutMost, stepsDown: stepsDown)
        sendTimeoutNowIfCaughtUp(target)
        if let position = leading.position(of: target) { replicate(to: position) }
    }

    /// The active voter that lacks the least; of equals the first by identity.
    var bestSuccessor: ServerID? {
        var best: PeerProgress?
        for peer in leading.peers where configuration.voters.contains(peer.server) && isRecentlyActive(peer) {
            if let known = best, known.matchIndex >= peer.matchIndex { continue }
            best = peer
        }
        return best?.server
    }

    /// Sent again with each answer of the target until something comes of it; a second one finds it in a later term.
    mutating func sendTimeoutNowIfCaughtUp(_ server: ServerID) {
        guard role == .leader, let transfer = leading.transfer, transfer.target == server,
            let position = leading.position(of: transfer.target)
        else { return }
        if leading.peers[position].matchIndex == log.lastIndex { emit(.timeoutNow, to: transfer.target) }
    }

    mutating func endTransfer(_ transfer: LeadershipTransfer) {
        leading.transfer = nil
        if transfer.stepsDown { return stepDown(because: "its disk stalls") }
        effects.append(.notice("Server \(transfer.target) did not take over leadership: server \(id) goes on."))
    }

    mutating func receiveTimeoutNow(from sender: ServerID) {
        guard role == .follower, isElectable, leaderOfTerm == nil || leaderOfTerm == sender else { return }
        campaign(isTransfer: true)
    }

    /// A leader whose disk stalls keeps its followers quiet and commits nothing of its own (hazard L4): it hands over, and
    /// steps down when that fails. A lone voter stays, as nobody could do better.
    mutating func storageStalled() {
        guard role == .leader, let write = storage.oldestSequence, leading.noticedStall != write else { return }
        leading.noticedStall = write
        guard configuration.allVoters != [id] else {
            return effects.append(.notice("The disk of server \(id), the only voter, stalls."))
        }
        guard let target = leading.transfer?.target ?? bestSuccessor else { return stepDown(because: "its disk stalls") }
        beginTransfer(to: target, stepsDown: true)
    }
}
