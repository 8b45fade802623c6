package import PoolModel

/// Who a domain belongs to: written beside the domain when it is created, by the agent alone. A domain without it is foreign.
package struct DomainOwnership: Hashable, Sendable {
    package let pool: PoolID
    package let machine: VirtualMachineID
    package let epoch: PlacementEpoch

    package init(pool: PoolID, machine: VirtualMachineID, epoch: PlacementEpoch) {
        self.pool = pool
        self.machine = machine
        self.epoch = epoch
    }
}

/// What a domain is doing (`xl list`).
package enum DomainState: Hashable, Sendable {
    case running
    case paused
    /// The guest has ended; the domain still holds its memory until it is destroyed.
    case ended(DomainEnd)
    /// Being destroyed. Counts as alive.
    case dying
}

/// How a guest ended (`SHUTDOWN_*` in Xen's sched.h).
package enum DomainEnd: String, Hashable, Sendable {
    case powerOff
    case reboot
    case crash
}

/// One domain as the hypervisor reports it; Domain-0 is not among them.
package struct DomainReport: Hashable, Sendable {
    /// Xen's number of the domain on this boot.
    package let domain: UInt32
    package let name: String
    package let uuid: UniqueIdentifier
    package let state: DomainState
    package let memory: Mebibytes
    package let virtualCPUs: Int
    /// Nil for a domain that no pool created.
    package let ownership: DomainOwnership?

    package init(
        domain: UInt32, name: String, uuid: UniqueIdentifier, state: DomainState, memory: Mebibytes, virtualCPUs: Int = 1,
        ownership: DomainOwnership?
    ) {
        self.domain = domain
        self.name = name
        self.uuid = uuid
        self.state = state
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.ownership = ownership
    }
}

/// What it takes to build a domain.
package struct DomainSpecification: Hashable, Sendable {
    package let ownership: DomainOwnership
    package let name: VirtualMachineName
    package let uuid: UniqueIdentifier
    /// The vm.cfg text as the pool keeps it. `requirements` win over its memory and virtual CPUs.
    package let configuration: String
    package let requirements: MachineRequirements

    package init(
        ownership: DomainOwnership, name: VirtualMachineName, uuid: UniqueIdentifier, configuration: String,
        requirements: MachineRequirements
    ) {
        self.ownership = ownership
        self.name = name
        self.uuid = uuid
        self.configuration = configuration
        self.requirements = requirements
    }
}

/// Something to be done with the hypervisor.
package enum DomainOperation: Hashable, Sendable {
    /// Builds the domain and leaves it paused, so that the lease can be looked at before it runs.
    case createPaused(DomainSpecification)
    case unpause(domain: UInt32)
    case pause(domain: UInt32)
    /// Asks the guest to power off.
    case shutdown(domain: UInt32)
    /// Asks the guest to reboot: it ends, and its domain is left for the agent to take down.
    case reboot(domain: UInt32)
    /// Gives a domain another amount of memory and number of virtual CPUs, within its maximum.
    case resize(domain: UInt32, memory: Mebibytes, virtualCPUs: Int)
    case destroy(domain: UInt32)
    /// Writes the memory of a domain whose guest has ended to a file on the server. Asked again about the same domain, it answers with the
    /// file that is there already.
    case dumpCore(domain: UInt32)
}

/// Marks an operation; comes back in its result.
package struct DomainOperationID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// How an operation ended. The truth about domains is always read anew from a listing.
package enum DomainOperationResult: Hashable, Sendable {
    case done
    /// The memory is in this file of the server.
    case dumped(path: String)
    /// It failed, or nobody knows: `cause` is a sentence.
    case failed(cause: String)
}
