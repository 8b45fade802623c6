package import PoolModel
package import RaftCore

/// Who is the Server Pool Master as this agent believes. Only here is Raft's leader translated into it.
package struct MastershipStatus: Hashable, Sendable {
    /// Whether this agent leads and has applied its own term's first entry.
    package let isMaster: Bool
    /// Who leads as far as is known, whether or not it is ready to serve yet.
    package let master: ServerID?
    package let term: Term

    package init(isMaster: Bool, master: ServerID?, term: Term) {
        self.isMaster = isMaster
        self.master = master
        self.term = term
    }

    package init(_ status: RaftStatus, isReady: Bool) {
        self.init(isMaster: status.role == .leader && isReady, master: status.leader, term: status.term)
    }
}
