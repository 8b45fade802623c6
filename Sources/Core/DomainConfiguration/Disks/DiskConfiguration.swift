/// One element of `disk` (xl-disk-configuration(5)).
package struct DiskConfiguration: Hashable, Sendable {
    /// The format of the image.
    package enum Format: String, Hashable, Sendable, CaseIterable {
        case raw, qcow, qcow2, vhd, qed
    }

    /// What the domain may do with the disk.
    package enum Access: String, Hashable, Sendable, CaseIterable {
        case read = "ro"
        case write = "rw"
        /// `w!`: several domains write, with a cluster file system or Oracle ASM above; the pool must not refuse the second.
        case sharedWrite = "w!"
        /// `r!`: read here while another domain may write.
        case sharedRead = "r!"

        /// Whether other domains may have the disk open at the same time.
        package var isShared: Bool { self == .sharedWrite || self == .sharedRead }
    }

    /// The program that serves the disk.
    package enum BackendType: String, Hashable, Sendable, CaseIterable {
        case phy, qdisk, standalone, tap
    }

    /// The path or name as given, without deprecated prefixes; empty for an empty CD drive.
    package var target = ""
    package var format = Format.raw
    /// The device in the domain, such as `xvda`.
    package var virtualDevice = ""
    package var access = Access.write
    package var isCDROM = false
    /// The domain that serves the disk; nil for Domain-0.
    package var backendDomain: String?
    /// nil lets xl choose.
    package var backendType: BackendType?
    /// The program that makes a device of `target`, which then is no path.
    package var script: String?
    /// Whether freed blocks are given back; nil for xl's default.
    package var discards: Bool?
    package var isDirectIOSafe = false
    /// `xen` or `virtio`; nil for xl's default.
    package var specification: String?
    /// Whether the backend is trusted with the domain's memory; nil for xl's default.
    package var isTrusted: Bool?
    /// Parameters without a field, in the order given.
    package var others: [DeviceParameter] = []

    /// A raw, writable disk without target or device.
    package init() {}

    /// The path on the server, nil for an empty drive and where a script gives `target` its meaning.
    /// xl looks for a target without a leading slash in `/dev`.
    package var hostPath: String? {
        guard !target.isEmpty, script == nil else { return nil }
        return target.hasPrefix("/") ? target : "/dev/\(target)"
    }
}

/// A parameter of a disk or interface that has no field of its own.
package struct DeviceParameter: Hashable, Sendable {
    package let key: String
    /// nil for a flag.
    package let value: String?

    package init(key: String, value: String?) {
        self.key = key
        self.value = value
    }

    var text: String { value.map { "\(key)=\($0)" } ?? key }
}
