import CXenLight

extension LibxlDomainConfiguration {
    func writeDisks(_ disks: [DiskPlan]) {
        guard !disks.isEmpty else { return }
        let array = XenMemory.array(of: libxl_device_disk.self, count: disks.count)
        for (index, disk) in disks.enumerated() {
            library.libxl.libxl_device_disk_init(array + index)
            write(disk, to: &array[index])
        }
        pointer.pointee.disks = array
        pointer.pointee.num_disks = Int32(disks.count)
    }

    private func write(_ disk: DiskPlan, to device: inout libxl_device_disk) {
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
        if let discards = disk.discards { library.libxl.libxl_defbool_set(&device.discard_enable, discards) }
        if let isTrusted = disk.isTrusted { library.libxl.libxl_defbool_set(&device.trusted, isTrusted) }
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

    func writeInterfaces(_ interfaces: [InterfacePlan]) {
        guard !interfaces.isEmpty else { return }
        let array = XenMemory.array(of: libxl_device_nic.self, count: interfaces.count)
        for (index, interface) in interfaces.enumerated() {
            library.libxl.libxl_device_nic_init(array + index)
            write(interface, to: &array[index])
        }
        pointer.pointee.nics = array
        pointer.pointee.num_nics = Int32(interfaces.count)
    }

    private func write(_ interface: InterfacePlan, to device: inout libxl_device_nic) {
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
        if let isTrusted = interface.isTrusted { library.libxl.libxl_defbool_set(&device.trusted, isTrusted) }
    }

    /// Each paravirtualized screen comes with a keyboard and mouse.
    func writeDisplays(_ displays: [DisplayPlan]) {
        guard !displays.isEmpty else { return }
        let screens = XenMemory.array(of: libxl_device_vfb.self, count: displays.count)
        let keyboards = XenMemory.array(of: libxl_device_vkb.self, count: displays.count)
        for (index, display) in displays.enumerated() {
            library.libxl.libxl_device_vfb_init(screens + index)
            library.libxl.libxl_device_vkb_init(keyboards + index)
            screens[index].devid = Int32(index)
            keyboards[index].devid = Int32(index)
            write(display, to: &screens[index].vnc)
            screens[index].keymap = XenMemory.copy(display.keymap)
            if let sdl = display.sdl { library.libxl.libxl_defbool_set(&screens[index].sdl.enable, sdl) }
            if let openGL = display.openGL { library.libxl.libxl_defbool_set(&screens[index].sdl.opengl, openGL) }
        }
        pointer.pointee.vfbs = screens
        pointer.pointee.num_vfbs = Int32(displays.count)
        pointer.pointee.vkbs = keyboards
        pointer.pointee.num_vkbs = Int32(displays.count)
    }
}
