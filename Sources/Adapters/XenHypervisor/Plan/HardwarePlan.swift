import DomainConfiguration

/// What a hardware virtualized domain has: firmware, and the devices that qemu-dm emulates.
package struct HardwarePlan: Hashable, Sendable {
    /// `bios` (libxl_bios_type).
    package enum Firmware: String, Hashable, Sendable, CaseIterable {
        case rombios, seabios, ovmf
    }

    /// `vga` (libxl_vga_interface_type).
    package enum VideoCard: String, Hashable, Sendable, CaseIterable {
        case cirrus
        case standard = "stdvga"
        case qxl
        case none
    }

    /// `hdtype` (libxl_hdtype).
    package enum DiskBus: String, Hashable, Sendable, CaseIterable {
        case ide, ahci
    }

    package var firmware: Firmware?
    /// A path that replaces hvmloader.
    package var firmwarePath: String?
    /// A path of the BIOS within.
    package var systemFirmwarePath: String?
    package var smbiosPath: String?
    package var acpiPath: String?
    /// The letters of the devices tried, in order.
    package var bootOrder: String?
    package var pae: Bool?
    package var apic: Bool?
    package var nx: Bool?
    package var hpet: Bool?
    package var alignsTimers: Bool?
    package var acpiS3: Bool?
    package var acpiS4: Bool?
    package var acpiSlate: Bool?
    package var viridian: ViridianPlan?
    package var platformDevice: Bool?
    package var videoCard: VideoCard?
    package var display: DisplayPlan
    package var serial: [String]
    package var usb: Bool?
    package var usbVersion: Int?
    package var usbDevices: [String]
    package var diskBus: DiskBus?
    package var sound: String?
    /// `ms_vm_genid=generate`: a new identifier at each start.
    package var makesGenerationID: Bool
    /// The hole for devices below 4 GiB, in MiB.
    package var deviceHole: Int?

    init(_ settings: DomainSettings, screens: DisplayPlan.Screens, keys: inout ConfigurationKeys) {
        bootOrder = settings.boot
        pae = keys.flag("pae")
        apic = keys.flag("apic")
        nx = keys.flag("nx")
        hpet = keys.flag("hpet")
        alignsTimers = keys.flag("vpt_align")
        acpiS3 = keys.flag("acpi_s3")
        acpiS4 = keys.flag("acpi_s4")
        acpiSlate = keys.flag("acpi_laptop_slate")
        viridian = ViridianPlan(&keys)
        platformDevice = keys.flag("xen_platform_pci")
        videoCard = Self.videoCard(&keys)
        display = Self.display(screens, &keys)
        serial = keys.texts("serial")
        usb = keys.flag("usb")
        usbVersion = keys.number("usbversion", 1...3)
        usbDevices = keys.texts("usbdevice")
        diskBus = keys.choice("hdtype", of: DiskBus.self)
        sound = keys.text("soundhw")
        makesGenerationID = keys.text("ms_vm_genid") == "generate"
        deviceHole = keys.number("mmio_hole", 256...3_840)
        firmware = keys.choice("bios", of: Firmware.self)
        systemFirmwarePath = keys.text("bios_path_override")
        firmwarePath = keys.text("firmware_override")
        smbiosPath = keys.text("smbios_firmware")
        acpiPath = keys.text("acpi_firmware")
        if let text = keys.text("firmware") { useFirmware(text) }
    }

    /// `firmware` is a shorter way to say `bios` or `firmware_override`.
    private mutating func useFirmware(_ text: String) {
        switch text {
        case "uefi": firmware = .ovmf
        case "bios": break
        default:
            if let known = Firmware(rawValue: text) { firmware = known } else { firmwarePath = text }
        }
    }

    private static func videoCard(_ keys: inout ConfigurationKeys) -> VideoCard? {
        let card = keys.choice("vga", of: VideoCard.self)
        guard let isStandard = keys.flag("stdvga"), card == nil else { return card }
        return isStandard ? .standard : .cirrus
    }

    /// The one screen of the domain: `vnc` and its companions, else the first `vfb`, which xm took for it.
    private static func display(_ screens: DisplayPlan.Screens, _ keys: inout ConfigurationKeys) -> DisplayPlan {
        guard screens.isTopGiven else {
            if screens.framebuffers.count > 1 { keys.warn("vfb", "Only the first screen in vfb is carried out: an hvm machine has one.") }
            return screens.framebuffers.first ?? screens.top
        }
        if !screens.framebuffers.isEmpty {
            keys.warn("vfb", "The key vfb is not carried out: vnc and its companions describe the one screen of an hvm machine.")
        }
        return screens.top
    }
}

/// `viridian`: what a domain with Windows is told of Hyper-V.
package struct ViridianPlan: Hashable, Sendable {
    /// nil where only single features are named.
    package var isOn: Bool?
    package var includesAll = false
    package var enabled: [String] = []
    package var disabled: [String] = []

    /// The features in the order of their numbers (libxl_viridian_enlightenment).
    package static let features = [
        "base", "freq", "time_ref_count", "reference_tsc", "hcall_remote_tlb_flush", "apic_assist", "crash_ctl", "synic", "stimer",
        "hcall_ipi", "ex_processor_masks", "no_vp_limit", "cpu_hotplug",
    ]

    init?(_ keys: inout ConfigurationKeys) {
        switch keys.take("viridian") {
        case nil, .text(""): return nil
        case .list(let elements):
            for element in elements.map(\.flatText) { add(element, &keys) }
        case .some(let value):
            guard value == .number(0) || value == .number(1) || value == .text("0") || value == .text("1") else {
                keys.warnShape("viridian", "0, 1 or a list of features")
                return nil
            }
            isOn = value.flatText == "1"
        }
    }

    private mutating func add(_ element: String, _ keys: inout ConfigurationKeys) {
        let feature = element.hasPrefix("!") ? String(element.dropFirst()) : element
        switch element {
        case "all": includesAll = true
        case "defaults": isOn = true
        case _ where !Self.features.contains(feature):
            let shown = ForeignText.shown(element, longest: 40)
            keys.warn("viridian", "The feature \(shown) of viridian is not carried out: Xen does not know it.")
        case _ where element.hasPrefix("!"):
            disabled.append(feature)
            enabled.removeAll { $0 == feature }
        default:
            enabled.append(feature)
            disabled.removeAll { $0 == feature }
        }
    }
}
