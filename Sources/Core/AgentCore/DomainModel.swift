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
    /// The agent had its guest suspended: its memory is written to an image, or has been, and it goes on only if it is told to.
    case suspended
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
    /// What it goes on from; nil for a guest that boots.
    package let image: DomainImage?

    /// Whether an image of this machine can be used no more: a later placement than that which wrote it is being built, from none or another.
    package func outdates(_ epoch: PlacementEpoch) -> Bool { epoch < ownership.epoch && epoch != image?.epoch }

    package init(
        ownership: DomainOwnership, name: VirtualMachineName, uuid: UniqueIdentifier, configuration: String,
        requirements: MachineRequirements, image: DomainImage? = nil
    ) {
        self.ownership = ownership
        self.name = name
        self.uuid = uuid
        self.configuration = configuration
        self.requirements = requirements
        self.image = image
    }
}

/// The file of a domain's memory.
package struct DomainImage: Hashable, Sendable {
    /// The shared storage root that it lies below; nil: in the server's own folder for images.
    package let root: String?
    package let pool: PoolID
    /// Whose memory it is: `web01-7`, of the machine with number 7.
    package let stem: String
    /// The placement that it was written by.
    package let epoch: PlacementEpoch

    package init(root: String?, pool: PoolID, stem: String, epoch: PlacementEpoch) {
        self.root = root
        self.pool = pool
        self.stem = stem
        self.epoch = epoch
    }

    package init(_ image: SuspendedImage, of machine: VirtualMachineID, named name: VirtualMachineName, pool: PoolID) {
        self.init(root: image.root, pool: pool, stem: Self.stem(of: machine, named: name), epoch: image.epoch)
    }

    /// What the names of all images of a machine begin with.
    package static func stem(of machine: VirtualMachineID, named name: VirtualMachineName) -> String { "\(name)-\(machine)" }

    /// The file's name without its ending: `web01-7-3`.
    package var name: String { "\(stem)-\(epoch)" }

    /// The folder that it lies in, below its storage root or else in the server's own folder; two pools may share a storage.
    package func folder(own: String) -> String { "\(root.map { $0 == "/" ? "/suspended" : "\($0)/suspended" } ?? own)/\(pool)" }
    package func path(own: String) -> String { "\(folder(own: own))/\(name).image" }

    /// The placement that the file of this name was written by, if it is an image of the machine of this stem.
    package static func epoch(ofFile name: Substring, stem: String) -> PlacementEpoch? {
        guard name.hasPrefix(stem + "-"), name.hasSuffix(".image"), name.utf8.count > stem.utf8.count + 7 else { return nil }
        return UInt64(name.dropFirst(stem.count + 1).dropLast(6)).map { PlacementEpoch($0) }
    }
}

/// Something to be done with the hypervisor.
package enum DomainOperation: Hashable, Sendable {
    /// Builds the domain and leaves it paused, so that the lease can be looked at before it runs. From an image its memory is read, and the
    /// image stays.
    case createPaused(DomainSpecification)
    /// Lets it run. The image that it was built from is removed first, durably: whatever becomes of this operation, and of the word that it
    /// was done, no second domain goes on from there.
    case unpause(domain: UInt32)
    case pause(domain: UInt32)
    /// Asks the guest to power off.
    case shutdown(domain: UInt32)
    /// Asks the guest to reboot: it ends, and its domain is left for the agent to take down.
    case reboot(domain: UInt32)
    /// Gives a domain another amount of memory and number of virtual CPUs, within its maximum.
    case resize(domain: UInt32, memory: Mebibytes, virtualCPUs: Int)
    /// Attaches or detaches a disk or an interface, or changes a drive's medium. What is there already as it is to be, or is to go and is
    /// not there, is done.
    case changeDevice(domain: UInt32, DeviceOperation)
    case destroy(domain: UInt32)
    /// Writes the memory of a domain whose guest has ended to a file on the server. Asked again about the same domain, it answers with the
    /// file that is there already.
    case dumpCore(domain: UInt32)
    /// Suspends the guest and writes its memory to the image, whole and durable; the domain stays, suspended. Where that fails the guest is
    /// let go on. Asked again about a suspended domain whose image is whole, it has nothing to do.
    case suspend(domain: UInt32, to: DomainImage)
    /// Removes the image of a suspended domain, if there is one, then lets its guest go on.
    case unsuspend(domain: UInt32)
    /// Removes an image, if there is one.
    case removeImage(DomainImage)
    /// Sends the memory of a domain to the server that receives it, and at the end suspends its guest. Done: all is sent, and the domain
    /// stays, suspended. Failed or cancelled: the domain runs on, or stands suspended. This end never lets a suspended guest go on by itself:
    /// the other may have all of it.
    case sendDomain(domain: UInt32, DomainTransfer)
    /// Builds a domain of what the other server sends, and leaves it paused. Failed or cancelled: nothing of it is left, or what a listing
    /// shows.
    case receiveDomain(DomainSpecification, DomainTransfer)
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
