import AgentCore
package import AgentPorts
import OpenSSLTransport
import PoolModel
import PoolStateMachine
import RaftCore

/// The agent's part in consensus, read at the moment of asking: the core counts in plain integers and knows nothing of metrics.
extension AgentLoop: MetricsSource {
    package func metrics() async -> [MetricTable] {
        let (raft, counts) = (core.raft, core.raft.counts)
        return [
            MetricTable(Names.isMaster, core.mastershipStatus.isMaster ? 1 : 0),
            MetricTable(Names.hasMaster, core.mastershipStatus.master == nil ? 0 : 1),
            MetricTable(Names.isStopping, core.isStopping ? 1 : 0), MetricTable(Names.term, raft.term.number),
            MetricTable(Names.commitIndex, raft.commitIndex.number), MetricTable(Names.appliedIndex, raft.appliedIndex.number),
            MetricTable(Names.lastIndex, raft.lastIndex.number), MetricTable(Names.durableIndex, raft.durableIndex.number),
            MetricTable(Names.snapshotIndex, raft.snapshotIndex.number), MetricTable(Names.logBytes, raft.logBytes),
            MetricTable(Names.electionsBegun, counts.electionsBegun), MetricTable(Names.electionsWon, counts.electionsWon),
            MetricTable(Names.leaderChanges, counts.leaderChanges), MetricTable(Names.proposalsRefused, counts.proposalsRefused),
            MetricTable(Names.compactions, counts.compactions), MetricTable(Names.majorityContact, majorityContactAge), followerLag,
        ]
    }

    private var majorityContactAge: Double? {
        core.raft.lastMajorityContact.map { max(0, (ports.clock.now().monotonic - $0).metricSeconds) }
    }

    /// Empty where this agent does not lead.
    private var followerLag: MetricTable {
        var table = MetricTable(Names.followerLag)
        for server in core.state.activeServers {
            guard let progress = core.raft.progress(of: server.id) else { continue }
            table.add(
                core.raft.lastIndex.number - min(core.raft.lastIndex.number, progress.matchIndex.number),
                MetricLabel("server", server.name.text))
        }
        return table
    }
}

private enum Names {
    static let isMaster = MetricFamily("ovm_raft_is_master", .gauge, "1 where this server is the Server Pool Master, else 0")
    static let hasMaster = MetricFamily("ovm_raft_has_master", .gauge, "1 where this server knows a Server Pool Master, else 0")
    static let isStopping = MetricFamily("ovm_agent_stopping", .gauge, "1 where the agent is ending in good order, else 0")
    static let term = MetricFamily("ovm_raft_term", .gauge, "The term that this server is in")
    static let commitIndex = MetricFamily("ovm_raft_commit_index", .gauge, "The last log entry that is known to be committed")
    static let appliedIndex = MetricFamily("ovm_raft_applied_index", .gauge, "The last log entry that is applied here")
    static let lastIndex = MetricFamily("ovm_raft_last_index", .gauge, "The last log entry that is held here")
    static let durableIndex = MetricFamily("ovm_raft_durable_index", .gauge, "The last log entry that is on this server's disk")
    static let snapshotIndex = MetricFamily("ovm_raft_snapshot_index", .gauge, "The log entry up to which the newest snapshot stands")
    static let logBytes = MetricFamily("ovm_raft_log_bytes", .gauge, "Bytes of the entries after the newest snapshot")
    static let electionsBegun = MetricFamily(
        "ovm_raft_elections_begun_total", .counter, "Elections that this server stood for, pre-votes left out")
    static let electionsWon = MetricFamily("ovm_raft_elections_won_total", .counter, "Elections that this server won")
    static let leaderChanges = MetricFamily(
        "ovm_raft_leader_changes_total", .counter, "Times that this server learnt who leads another term")
    static let proposalsRefused = MetricFamily(
        "ovm_raft_proposals_refused_total", .counter, "Proposals that this server refused, as it did not lead or had too much waiting")
    static let compactions = MetricFamily(
        "ovm_raft_compactions_total", .counter, "Snapshots of its own that took the place of log entries here")
    static let majorityContact = MetricFamily(
        "ovm_raft_majority_contact_age_seconds", .gauge,
        "Time since the master heard a majority, or a follower its master; absent where neither ever was")
    static let followerLag = MetricFamily(
        "ovm_raft_follower_lag_entries", .gauge, "Log entries that another server is not known to hold yet; only on the master")
}

extension CertificateRenewal: MetricsSource {
    package func metrics() async -> [MetricTable] {
        var table = MetricTable(
            MetricFamily(
                "ovm_certificate_not_after_timestamp_seconds", .gauge, "When a certificate ends, in seconds since 1970"))
        table.add(credential.certificate.notAfter.secondsSinceEpoch, MetricLabel("certificate", "server"))
        table.add(credential.authority.certificate.notAfter.secondsSinceEpoch, MetricLabel("certificate", "authority"))
        return [table]
    }
}
