import CXenLight

extension LibxlDomainConfiguration {
    func writeDisks(_ disks: [DiskPlan]) {
        guard !disks.isEmpty else { return }
        let array = XenMemory.array(of: libxl_device_disk.self, count: disks.count)
        for (index, disk) in disks.enumerated() {
            library.libxl.libxl_device_disk_init(array + index)
            library.write(disk, to: &array[index])
        }
        pointer.pointee.disks = array
        pointer.pointee.num_disks = Int32(disks.count)
    }

    func writeInterfaces(_ interfaces: [InterfacePlan]) {
        guard !interfaces.isEmpty else { return }
        let array = XenMemory.array(of: libxl_device_nic.self, count: interfaces.count)
        for (index, interface) in interfaces.enumerated() {
            library.libxl.libxl_device_nic_init(array + index)
            library.write(interface, to: &array[index])
        }
        pointer.pointee.nics = array
        pointer.pointee.num_nics = Int32(interfaces.count)
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
