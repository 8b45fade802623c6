import PoolModel

extension RaftNode {
    /// Begins a change of members (dissertation §4.3). New voters go through a joint configuration; learners alone do not,
    /// as they are in no majority.
    mutating func changeConfiguration(_ wanted: RaftConfiguration, token: RaftToken) {
        if let refusal = refusalOfChange(to: wanted) {
            return effects.append(.proposalRefused(token: token, refusal))
        }
        let present = configuration
        let next =
            wanted.voters == present.voters
            ? wanted
            : RaftConfiguration(voters: wanted.voters, outgoingVoters: present.voters, learners: wanted.learners)
        appendConfiguration(next)
        effects.append(.proposalAppended(token: token, index: log.lastIndex, term: term))
        replicateToAll()
    }

    private func refusalOfChange(to wanted: RaftConfiguration) -> RaftRefusal? {
        guard role == .leader else { return .notLeader(leader: leader) }
        if leading.transfer != nil { return .transferringLeadership }
        // Before a commit in its own term a leader cannot know that no other configuration is still under way (hazard B1).
        let isChanging = configuration.isJoint || configurations.latest.index > commitIndex
        if isChanging || commitIndex < leading.firstIndex { return .configurationChangeInProgress }
        return wanted.voters.isEmpty || wanted == configuration ? .invalidConfiguration : nil
    }

    private mutating func appendConfiguration(_ next: RaftConfiguration) {
        append(.configuration(next), size: 0)
        for member in next.members where member != id && leading.position(of: member) == nil {
            let position = leading.peers.firstIndex { $0.server > member } ?? leading.peers.endIndex
            leading.peers.insert(PeerProgress(server: member, nextIndex: log.lastIndex, now: now), at: position)
        }
        if let target = leading.transfer?.target, !next.voters.contains(target) { leading.transfer = nil }
    }

    /// Once a joint configuration is committed, whoever leads then leaves it (hazard B3); once the new one is, those who are
    /// not in it are let go, the leader itself among them.
    mutating func continueConfigurationChange() {
        guard role == .leader, configurations.latest.index <= commitIndex else { return }
        let present = configuration
        if present.isJoint {
            appendConfiguration(RaftConfiguration(voters: present.voters, learners: present.learners))
            return replicateToAll()
        }
        // They were served until here, so that they could learn of their removal.
        let members = present.members
        leading.peers.removeAll { !members.contains($0.server) }
        if !present.voters.contains(id) { resignAfterRemoval() }
    }

    /// A leader that is no voter any more steps down, and asks the best follower to stand at once (dissertation §4.2.2).
    private mutating func resignAfterRemoval() {
        if let target = bestSuccessor, let position = leading.position(of: target),
            leading.peers[position].matchIndex == log.lastIndex
        {
            emit(.timeoutNow, to: target)
        }
        stepDown(because: "it is no voter any more")
    }
}
