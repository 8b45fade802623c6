import CXenLight

extension XenLibrary {
    /// Writes a disk into libxl's structure, which `libxl_device_disk_init` has made.
    func write(_ disk: DiskPlan, to device: inout libxl_device_disk) {
        device.pdev_path = XenMemory.copy(disk.path)
        device.vdev = XenMemory.copy(disk.device)
        device.format = Self.code(of: disk.format)
        device.backend = Self.code(of: disk.backend)
        device.backend_domname = XenMemory.copy(disk.backendDomain)
        device.script = XenMemory.copy(disk.script)
        device.readwrite = disk.isWritable ? 1 : 0
        device.is_cdrom = disk.isCDROM ? 1 : 0
        device.removable = disk.isCDROM ? 1 : 0
        device.direct_io_safe = disk.bypassesCache
        if let discards = disk.discards { libxl.libxl_defbool_set(&device.discard_enable, discards) }
        if let isTrusted = disk.isTrusted { libxl.libxl_defbool_set(&device.trusted, isTrusted) }
        switch disk.specification {
        case "xen": device.specification = LIBXL_DISK_SPECIFICATION_XEN
        case "virtio": device.specification = LIBXL_DISK_SPECIFICATION_VIRTIO
        default: break
        }
    }

    private static func code(of format: DiskPlan.Format) -> libxl_disk_format {
        switch format {
        case .raw: LIBXL_DISK_FORMAT_RAW
        case .qcow: LIBXL_DISK_FORMAT_QCOW
        case .qcow2: LIBXL_DISK_FORMAT_QCOW2
        case .vhd: LIBXL_DISK_FORMAT_VHD
        case .qed: LIBXL_DISK_FORMAT_QED
        case .empty: LIBXL_DISK_FORMAT_EMPTY
        }
    }

    private static func code(of backend: DiskPlan.Backend?) -> libxl_disk_backend {
        switch backend {
        case .phy: LIBXL_DISK_BACKEND_PHY
        case .qdisk: LIBXL_DISK_BACKEND_QDISK
        case .standalone: LIBXL_DISK_BACKEND_STANDALONE
        case .tap: LIBXL_DISK_BACKEND_TAP
        case nil: LIBXL_DISK_BACKEND_UNKNOWN
        }
    }

    /// Writes an interface into libxl's structure, which `libxl_device_nic_init` has made.
    func write(_ interface: InterfacePlan, to device: inout libxl_device_nic) {
        device.devid = Int32(clamping: interface.number)
        withUnsafeMutableBytes(of: &device.mac) { $0.copyBytes(from: interface.mac) }
        device.bridge = XenMemory.copy(interface.bridge)
        device.gatewaydev = XenMemory.copy(interface.gatewayDevice)
        device.model = XenMemory.copy(interface.model)
        device.ifname = XenMemory.copy(interface.name)
        device.script = XenMemory.copy(interface.script)
        device.ip = XenMemory.copy(interface.addresses)
        device.backend_domname = XenMemory.copy(interface.backendDomain)
        if let isEmulated = interface.isEmulated { device.nictype = isEmulated ? LIBXL_NIC_TYPE_VIF_IOEMU : LIBXL_NIC_TYPE_VIF }
        if let bytes = interface.bytesPerInterval { device.rate_bytes_per_interval = bytes }
        if let interval = interface.intervalMicroseconds { device.rate_interval_usecs = interval }
        if let mtu = interface.mtu { device.mtu = Int32(clamping: mtu) }
        if let isTrusted = interface.isTrusted { libxl.libxl_defbool_set(&device.trusted, isTrusted) }
    }
}
