import CXenLight

extension LibxlDomainConfiguration {
    func writeHardware(_ hardware: HardwarePlan) {
        writeFirmware(hardware)
        set(\.b_info.apic, hardware.apic)
        set(\.b_info.u.hvm.pae, hardware.pae)
        set(\.b_info.u.hvm.nx, hardware.nx)
        set(\.b_info.u.hvm.hpet, hardware.hpet)
        set(\.b_info.u.hvm.vpt_align, hardware.alignsTimers)
        set(\.b_info.u.hvm.acpi_s3, hardware.acpiS3)
        set(\.b_info.u.hvm.acpi_s4, hardware.acpiS4)
        set(\.b_info.u.hvm.acpi_laptop_slate, hardware.acpiSlate)
        set(\.b_info.u.hvm.xen_platform_pci, hardware.platformDevice)
        if let hole = hardware.deviceHole { pointer.pointee.b_info.u.hvm.mmio_hole_memkb = UInt64(hole) * 1_024 }
        if hardware.makesGenerationID { _ = library.libxl.libxl_ms_vm_genid_generate(nil, &pointer.pointee.b_info.u.hvm.ms_vm_genid) }
        if let viridian = hardware.viridian { writeViridian(viridian) }
        writeScreen(hardware)
        writePorts(hardware)
    }

    private func writeFirmware(_ hardware: HardwarePlan) {
        switch hardware.firmware {
        case .rombios: pointer.pointee.b_info.u.hvm.bios = LIBXL_BIOS_TYPE_ROMBIOS
        case .seabios: pointer.pointee.b_info.u.hvm.bios = LIBXL_BIOS_TYPE_SEABIOS
        case .ovmf: pointer.pointee.b_info.u.hvm.bios = LIBXL_BIOS_TYPE_OVMF
        case nil: break
        }
        pointer.pointee.b_info.u.hvm.firmware = XenMemory.copy(hardware.firmwarePath)
        pointer.pointee.b_info.u.hvm.system_firmware = XenMemory.copy(hardware.systemFirmwarePath)
        pointer.pointee.b_info.u.hvm.smbios_firmware = XenMemory.copy(hardware.smbiosPath)
        pointer.pointee.b_info.u.hvm.acpi_firmware = XenMemory.copy(hardware.acpiPath)
        pointer.pointee.b_info.u.hvm.boot = XenMemory.copy(hardware.bootOrder)
    }

    private func writeViridian(_ viridian: ViridianPlan) {
        set(\.b_info.u.hvm.viridian, viridian.isOn)
        guard viridian.includesAll || !viridian.enabled.isEmpty || !viridian.disabled.isEmpty else { return }
        let features = ViridianPlan.features
        let enabled = viridian.includesAll ? features.filter { !viridian.disabled.contains($0) } : viridian.enabled
        pointer.pointee.b_info.u.hvm.viridian_enable = Self.bitmap(of: enabled)
        pointer.pointee.b_info.u.hvm.viridian_disable = Self.bitmap(of: viridian.disabled)
    }

    private static func bitmap(of names: [String]) -> libxl_bitmap {
        let features = ViridianPlan.features
        // The width that libxl gives these two (LIBXL_BUILDINFO_HVM_VIRIDIAN_ENABLE_DISABLE_WIDTH).
        return XenMemory.bitmap(features.indices.filter { names.contains(features[$0]) }, size: 64)
    }

    private func writeScreen(_ hardware: HardwarePlan) {
        switch hardware.videoCard {
        case .cirrus: pointer.pointee.b_info.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_CIRRUS
        case .standard: pointer.pointee.b_info.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_STD
        case .qxl: pointer.pointee.b_info.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_QXL
        case HardwarePlan.VideoCard.none?: pointer.pointee.b_info.u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_NONE
        case nil: break
        }
        write(hardware.display, to: &pointer.pointee.b_info.u.hvm.vnc)
        set(\.b_info.u.hvm.sdl.enable, hardware.display.sdl)
        set(\.b_info.u.hvm.sdl.opengl, hardware.display.openGL)
        pointer.pointee.b_info.u.hvm.keymap = XenMemory.copy(hardware.display.keymap)
    }

    private func writePorts(_ hardware: HardwarePlan) {
        // libxl wants one by itself, and several in a list.
        if hardware.serial.count == 1 {
            pointer.pointee.b_info.u.hvm.serial = XenMemory.copy(hardware.serial[0])
        } else {
            pointer.pointee.b_info.u.hvm.serial_list = XenMemory.copy(hardware.serial)
        }
        set(\.b_info.u.hvm.usb, hardware.usb)
        if let version = hardware.usbVersion { pointer.pointee.b_info.u.hvm.usbversion = Int32(version) }
        if hardware.usbDevices.count == 1 {
            pointer.pointee.b_info.u.hvm.usbdevice = XenMemory.copy(hardware.usbDevices[0])
        } else {
            pointer.pointee.b_info.u.hvm.usbdevice_list = XenMemory.copy(hardware.usbDevices)
        }
        switch hardware.diskBus {
        case .ide: pointer.pointee.b_info.u.hvm.hdtype = LIBXL_HDTYPE_IDE
        case .ahci: pointer.pointee.b_info.u.hvm.hdtype = LIBXL_HDTYPE_AHCI
        case nil: break
        }
        pointer.pointee.b_info.u.hvm.soundhw = XenMemory.copy(hardware.sound)
    }

    func write(_ display: DisplayPlan, to vnc: inout libxl_vnc_info) {
        if let isOn = display.vnc { library.libxl.libxl_defbool_set(&vnc.enable, isOn) }
        if let findsUnused = display.findsUnused { library.libxl.libxl_defbool_set(&vnc.findunused, findsUnused) }
        if let number = display.number { vnc.display = Int32(clamping: number) }
        vnc.listen = XenMemory.copy(display.listen)
        vnc.passwd = XenMemory.copy(display.password?.text)
    }
}
