/// What is done to a device of a virtual machine; the raw values are part of the wire format.
package enum DeviceChangeKind: String, Hashable, Sendable, CaseIterable {
    case attachDisk = "attach-disk"
    case detachDisk = "detach-disk"
    /// Puts another medium into a CD drive.
    case insertMedium = "insert-medium"
    /// Leaves a CD drive empty.
    case ejectMedium = "eject-medium"
    case attachInterface = "attach-interface"
    case detachInterface = "detach-interface"

    /// Whether the machine needs something of its server that it did not need before.
    package var needsRoom: Bool {
        switch self {
        case .attachDisk, .insertMedium, .attachInterface: true
        case .detachDisk, .ejectMedium, .detachInterface: false
        }
    }

    /// Whether it is about the medium of a drive that stays.
    package var isAboutMedium: Bool { self == .insertMedium || self == .ejectMedium }
}

/// A change of one device, as a hypervisor carries it out on a domain.
package struct DeviceOperation: Hashable, Sendable {
    package let kind: DeviceChangeKind
    /// The disk's virtual device (`xvdb`), or the interface's MAC address.
    package let device: String
    /// The element of the configuration's `disk` or `vif` in canonical form: as it is after the change, or before it where it goes.
    package let element: String
    /// Whether a disk or interface is taken from a guest that does not release it.
    package let isForced: Bool

    package init(_ kind: DeviceChangeKind, device: String, element: String, isForced: Bool = false) {
        self.kind = kind
        self.device = device
        self.element = element
        self.isForced = isForced
    }

    /// What is changed, to begin a sentence.
    package var subject: String {
        switch kind {
        case .attachDisk, .detachDisk: "Disk \(device)"
        case .insertMedium, .ejectMedium: "Drive \(device)"
        case .attachInterface, .detachInterface: "Interface \(device)"
        }
    }

    /// What has come of it once it is done, as a sentence.
    package var result: String {
        switch kind {
        case .attachDisk, .attachInterface: "\(subject) is attached."
        case .detachDisk, .detachInterface: "\(subject) is detached\(isForced ? ", by force" : "")."
        case .insertMedium: "\(subject) has another medium."
        case .ejectMedium: "\(subject) is empty."
        }
    }
}

/// A change of one device of a virtual machine, made of the configuration text that its digest `basis` names.
package struct DeviceChange: Hashable, Sendable {
    package let operation: DeviceOperation
    /// The digest of the text that the change was made of: two changes of the same text cannot both be applied.
    package let basis: UInt64
    /// The text as it is after the change, at most 64 KiB.
    package let configuration: String
    /// What the machine needs of its server's bridges after the change.
    package let interfaces: [InterfaceRequirement]
    /// Host paths of all disks after the change, without empty CD drives.
    package let diskPaths: [String]

    package init(
        _ operation: DeviceOperation, basis: UInt64, configuration: String, interfaces: [InterfaceRequirement], diskPaths: [String]
    ) {
        self.operation = operation
        self.basis = basis
        self.configuration = configuration
        self.interfaces = interfaces
        self.diskPaths = diskPaths
    }

    /// The needs of the machine once the change is done: memory, virtual CPUs and whatever else may have changed meanwhile stay.
    package func applied(to requirements: MachineRequirements) -> MachineRequirements {
        var changed = requirements
        changed.interfaces = interfaces
        changed.diskPaths = diskPaths
        return changed
    }
}
