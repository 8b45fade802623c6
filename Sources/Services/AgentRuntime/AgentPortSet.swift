package import AgentPorts

/// Everything that an agent acts through; only the executable knows which adapter fills which port.
package struct AgentPortSet: Sendable {
    package let storage: any StoragePort
    package let hypervisor: any HypervisorPort
    package let peers: any PeerPort
    package let transfers: any TransferPort
    package let clock: any ClockPort
    package let snapshots: any SnapshotEncoding

    package init(
        storage: any StoragePort, hypervisor: any HypervisorPort, peers: any PeerPort, transfers: any TransferPort, clock: any ClockPort,
        snapshots: any SnapshotEncoding
    ) {
        self.storage = storage
        self.hypervisor = hypervisor
        self.peers = peers
        self.transfers = transfers
        self.clock = clock
        self.snapshots = snapshots
    }
}

/// The agent has to end and stay down until an operator acts.
package struct AgentHalt: Error, Hashable, Sendable {
    /// One sentence of cause, one of cure.
    package let message: String

    package init(message: String) { self.message = message }
}
