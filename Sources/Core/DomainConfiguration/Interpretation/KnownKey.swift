/// What is known of a key that has no field of its own in `DomainSettings`.
struct KnownKey: Hashable {
    /// The shape of value that xl.cfg(5) gives the key.
    enum Shape: Hashable {
        /// A string; a number is taken as its digits.
        case text
        /// A whole number, quoted or not.
        case number(ClosedRange<Int>)
        /// 0 or 1, quoted or not; Python's `False` and `True`.
        case flag
        /// A list; a lone value is taken as a list of one.
        case list
        /// A string or a list of strings.
        case textOrList
        /// 0 or 1, or a list or string of finer choices.
        case any
    }

    /// Who reads the key.
    enum Origin: Hashable {
        /// xl, which acts on it.
        case xl
        /// Only xm, the toolstack before xl; kept with a warning.
        case xm
        /// xl knows it and ignores it.
        case ignored
        /// Oracle's own tools.
        case oracle
    }

    let shape: Shape
    let origin: Origin

    /// The key called `name`, if it is known.
    static func named(_ name: String) -> KnownKey? { table[name] }
}

extension KnownKey {
    private static let anyCount = 0...Int(Int32.max)

    private static let table: [String: KnownKey] = {
        var table: [String: KnownKey] = [:]
        func add(_ names: String, _ shape: Shape, _ origin: Origin = .xl) {
            for name in names.split(separator: " ") { table[String(name)] = KnownKey(shape: shape, origin: origin) }
        }
        // These have fields, which an empty string does not fill.
        add("uuid kernel ramdisk cmdline root extra bootloader boot", .text)
        for event in DomainEvent.allCases { add(event.key, .text) }
        addProcessorAndMemory(add)
        addBootAndPlatform(add)
        addDevicesAndDisplay(add)
        addForeign(add)
        return table
    }()

    private typealias Adder = (_ names: String, _ shape: Shape, _ origin: Origin) -> Void

    private static func addProcessorAndMemory(_ add: Adder) {
        add("pool seclabel init_seclabel", .text, .xl)
        add("cpus cpus_soft", .textOrList, .xl)
        add("cpu_weight", .number(1...65_535), .xl)
        add("cap", .number(0...1_000_000), .xl)
        add("extratime", .flag, .xl)
        add("period slice latency max_event_channels max_grant_frames max_maptrack_frames", .number(anyCount), .xl)
        add("max_grant_version", .number(0...2), .xl)
        add("shadow_memory videoram mmio_hole passthrough_memory vm_event_buf", .number(anyCount), .xl)
        add("vnuma", .list, .xl)
        add("claim_mode numa_placement vmtrace_buf_kb altp2mhvm nomigrate suppress_spurious_page_faults", .any, .xl)
    }

    private static func addBootAndPlatform(_ add: Adder) {
        add(
            "firmware firmware_override bios bios_path_override smbios_firmware acpi_firmware device_tree pvshim_path pvshim_cmdline",
            .text, .xl)
        add(
            "pvshim_extra hdtype driver_domain dm_restrict device_model_user stubdomain_kernel stubdomain_ramdisk stubdomain_cmdline",
            .text, .xl)
        add("bootloader_args smbios", .textOrList, .xl)
        add(
            "pvshim acpi acpi_s3 acpi_s4 acpi_laptop_slate apic pae hap oos nx hpet vpt_align localtime xen_platform_pci nestedhvm", .flag,
            .xl)
        add("pvh e820_host disable_migrate msr_relaxed vpmu vuart gic_version sve tee viommu nospec_ctrl mca_caps", .any, .xl)
        add("rtc_timeoffset", .number(-Int(Int32.max)...Int(Int32.max)), .xl)
        add("timer_mode vendor_device xend_suspend_evtchn_compat", .any, .xl)
        add("tsc_mode viridian cpuid altp2m passthrough ms_vm_genid timeoffset stubdomain_memory", .any, .xl)
        add("device_model_version device_model_override device_model_stubdomain_seclabel", .text, .xl)
        add("device_model_stubdomain_override xen_platform_pci_bar_uc", .flag, .xl)
        add("device_model_args device_model_args_pv device_model_args_hvm", .textOrList, .xl)
        add("device_model", .text, .ignored)
    }

    private static func addDevicesAndDisplay(_ add: Adder) {
        add(
            "vfb pci usbctrl usbdev p9 p9s channel virtio vtpm vkb vdispl vsnd dtdev irqs ioports iomem pvcalls rdm argo vkb_device", .list,
            .xl)
        add("usbdevice serial ioports", .textOrList, .xl)
        add(
            "usb vnc vncunused sdl opengl nographic gfx_passthru stdvga spice spicedisable_ticketing spiceagent_mouse spicevdagent", .any,
            .xl)
        add("spice_clipboard_sharing pci_msitranslate pci_power_mgmt pci_seize pci_permissive rdm_mem_boundary", .any, .xl)
        add("vnclisten vncpasswd keymap vga spicehost spicepasswd spice_image_compression spice_streaming_video", .text, .xl)
        add("soundhw display xauthority colo_proxy dm_acpi", .text, .xl)
        add("vncdisplay spiceport spicetls_port usbversion spiceusbredirection", .number(anyCount), .xl)
    }

    private static func addForeign(_ add: Adder) {
        add("on_xend_start on_xend_stop netmask gateway hostname restart fda fdb interface nfs_server nfs_root dhcp ip", .any, .xm)
        add(
            "vncconsole vncviewer nics cpu cpu_cap vcpu_avail features superpages machine_address_size bootargs blkif netif tpmif", .any,
            .xm)
        add("monitor vhpt guest_memory hugepages synic access_control", .any, .xm)
        add("OVM_simple_name OVM_domain_type OVM_os_type OVM_description OVM_cpu_compat_group guest_os_type", .text, .oracle)
        add("OVM_high_availability", .flag, .oracle)
    }
}
