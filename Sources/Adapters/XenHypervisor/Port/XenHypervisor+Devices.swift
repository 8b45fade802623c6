import AgentCore
import CXenLight
import PoolModel

// Disks, interfaces and media of domains that run.
extension XenHypervisor {
    /// Changes a device; what is so already, perhaps by a former run of the agent, is left as it is.
    func changeDevice(
        _ domain: UInt32, _ operation: DeviceOperation, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        switch operation.kind {
        case .attachDisk: try attach(try disk(operation, what), domain, what, context)
        case .insertMedium, .ejectMedium:
            let disk = LibxlDisk(try disk(operation, what), library: library)
            if operation.kind == .insertMedium { try requireServed(disk, domain, what, context) }
            try context.require(library.libxl.libxl_cdrom_insert(context.handle, domain, disk.pointer, nil), what)
        case .detachDisk: try detachDisk(operation, domain, what, context)
        case .attachInterface: try attach(try interface(operation, what), domain, what, context)
        case .detachInterface: try detachInterface(try interface(operation, what), operation.isForced, domain, what, context)
        }
    }

    private func disk(_ operation: DeviceOperation, _ what: String) throws(XenFailure) -> DiskPlan {
        do throws(XenRefusal) { return try DiskPlan(element: operation.element) } catch {
            throw XenFailure(what, reason: Self.joined(error))
        }
    }

    private func interface(_ operation: DeviceOperation, _ what: String) throws(XenFailure) -> InterfacePlan {
        do throws(XenRefusal) { return try InterfacePlan(element: operation.element) } catch {
            throw XenFailure(what, reason: Self.joined(error))
        }
    }

    // MARK: Disks

    private func attach(_ plan: DiskPlan, _ domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) {
        let disks = DiskList(of: domain, context, library)
        if let present = disks.position(of: plan.device) {
            guard disks.isOf(plan.path, present), disks.isWritable(present) == plan.isWritable else {
                throw XenFailure(what, reason: "the domain has another disk \(plan.device)")
            }
            return
        }
        let disk = LibxlDisk(plan, library: library)
        try context.require(library.libxl.libxl_device_disk_add(context.handle, domain, disk.pointer, nil), what)
    }

    private func detachDisk(
        _ operation: DeviceOperation, _ domain: UInt32, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        let disks = DiskList(of: domain, context, library)
        guard let position = disks.position(of: operation.device), let list = disks.list else { return }
        // Not `libxl_device_disk_remove`, which takes the disk from a guest that still writes to it once ten seconds have passed.
        let code =
            operation.isForced
            ? library.libxl.libxl_device_disk_destroy(context.handle, domain, list + position, nil)
            : library.libxl.libxl_device_disk_safe_remove(context.handle, domain, list + position, nil)
        try context.require(code, what)
    }

    /// Refuses a drive that the device model has not made a backend for, as its state in xenstore, still the first one, shows.
    ///
    /// QEMU 7.2, Debian 12's, makes none for a drive that is empty when its domain starts, and dies (a null pointer) once a medium comes in;
    /// its guest would stand still for good. A drive that has been emptied since is served.
    private func requireServed(_ disk: LibxlDisk, _ domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) {
        var info = libxl_diskinfo()
        library.libxl.libxl_diskinfo_init(&info)
        defer { library.libxl.libxl_diskinfo_dispose(&info) }
        try context.require(library.libxl.libxl_device_disk_getinfo(context.handle, domain, disk.pointer, &info), what)
        guard let backend = info.backend.map({ String(cString: $0) }) else { return }
        guard try XenStore(library).number("\(backend)/state") == Self.initialising else { return }
        throw XenFailure(
            what,
            reason: "the drive was empty when the machine started, and its device model would die of a medium. Stop it, insert, start it")
    }

    /// XenbusStateInitialising (xen/io/xenbus.h).
    private static let initialising = 1

    // MARK: Interfaces

    private func attach(_ plan: InterfacePlan, _ domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) {
        guard InterfaceList(of: domain, context, library).position(of: plan.mac) == nil else { return }
        let interface = LibxlInterface(plan, library: library)
        try context.require(library.libxl.libxl_device_nic_add(context.handle, domain, interface.pointer, nil), what)
    }

    private func detachInterface(
        _ plan: InterfacePlan, _ isForced: Bool, _ domain: UInt32, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        let interfaces = InterfaceList(of: domain, context, library)
        guard let position = interfaces.position(of: plan.mac), let list = interfaces.list else { return }
        let code =
            isForced
            ? library.libxl.libxl_device_nic_destroy(context.handle, domain, list + position, nil)
            : library.libxl.libxl_device_nic_remove(context.handle, domain, list + position, nil)
        try context.require(code, what)
    }
}

/// The disks of a domain as xenstore has them, in memory that libxl frees.
private final class DiskList {
    private let library: XenLibrary
    let list: UnsafeMutablePointer<libxl_device_disk>?
    private let count: Int32

    init(of domain: UInt32, _ context: XenContext, _ library: XenLibrary) {
        self.library = library
        var count: Int32 = 0
        list = library.libxl.libxl_device_disk_list(context.handle, domain, &count)
        self.count = max(0, count)
    }

    deinit { library.libxl.libxl_device_disk_list_free(list, count) }

    func position(of device: String) -> Int? {
        guard let list else { return nil }
        return (0..<Int(count)).first { index in list[index].vdev.map { String(cString: $0) } == device }
    }

    /// Whether the disk is of this path. libxl takes what is before a colon for the name of a driver, and leaves it out.
    func isOf(_ path: String?, _ position: Int) -> Bool {
        let seen = list?[position].pdev_path.map { String(cString: $0) } ?? ""
        guard let path else { return seen.isEmpty }
        return seen == path || !seen.isEmpty && path.hasSuffix(":\(seen)")
    }

    func isWritable(_ position: Int) -> Bool { list?[position].readwrite != 0 }
}

/// The interfaces of a domain as xenstore has them, in memory that libxl frees.
private final class InterfaceList {
    private let library: XenLibrary
    let list: UnsafeMutablePointer<libxl_device_nic>?
    private let count: Int32

    init(of domain: UInt32, _ context: XenContext, _ library: XenLibrary) {
        self.library = library
        var count: Int32 = 0
        list = library.libxl.libxl_device_nic_list(context.handle, domain, &count)
        self.count = max(0, count)
    }

    deinit { library.libxl.libxl_device_nic_list_free(list, count) }

    func position(of mac: [UInt8]) -> Int? {
        guard let list else { return nil }
        return (0..<Int(count)).first { index in withUnsafeBytes(of: list[index].mac) { Array($0) == mac } }
    }
}

extension DeviceOperation {
    /// What is done, after "to".
    func words(_ domain: UInt32) -> String {
        switch kind {
        case .attachDisk: "attach the disk \(device) to domain \(domain)"
        case .detachDisk: "detach the disk \(device) from domain \(domain)"
        case .insertMedium: "put a medium into the drive \(device) of domain \(domain)"
        case .ejectMedium: "empty the drive \(device) of domain \(domain)"
        case .attachInterface: "attach the interface \(device) to domain \(domain)"
        case .detachInterface: "detach the interface \(device) from domain \(domain)"
        }
    }
}
