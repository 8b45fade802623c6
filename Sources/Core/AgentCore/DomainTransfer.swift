package import PoolModel

/// The way of a domain's memory from one server to another: one attempt to migrate one machine, as both ends see it.
package struct DomainTransfer: Hashable, Sendable {
    package let machine: VirtualMachineID
    package let name: VirtualMachineName
    /// The epoch that the domain has at the other end if it is handed over. With the machine it names the attempt, for ever.
    package let epoch: PlacementEpoch
    /// The server at the other end.
    package let peer: ServerID
    /// Whether the guest runs on while its memory is sent; else it stands still from the beginning.
    package let isLive: Bool
    /// At most so many MiB a second; nil: as fast as it goes.
    package let bandwidth: Int?
    /// About as much is sent at least.
    package let memory: Mebibytes

    package init(
        machine: VirtualMachineID, name: VirtualMachineName, epoch: PlacementEpoch, peer: ServerID, isLive: Bool, bandwidth: Int?,
        memory: Mebibytes
    ) {
        self.machine = machine
        self.name = name
        self.epoch = epoch
        self.peer = peer
        self.isLive = isLive
        self.bandwidth = bandwidth
        self.memory = memory
    }
}
