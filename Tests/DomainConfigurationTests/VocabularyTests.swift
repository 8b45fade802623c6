import DomainConfiguration
import Testing

@Suite("The whole vocabulary of vm.cfg and xl.cfg")
struct VocabularyTests {
    /// Keys by what they are for, as the manual pages and the files of the field have them.
    private static let vocabulary = [
        "name uuid type builder pool",
        "vcpus maxvcpus cpus cpus_soft cpu_weight cap memory maxmem shadow_memory vnuma",
        "kernel ramdisk cmdline root extra bootloader bootloader_args firmware bios boot pvshim",
        "on_poweroff on_reboot on_crash on_watchdog on_soft_reset",
        "disk vif vfb pci usb usbdevice usbctrl usbdev serial p9 channel virtio vtpm",
        "vnc vnclisten vncdisplay vncunused vncpasswd sdl keymap vga stdvga videoram spice spiceport spicehost spicepasswd",
        "acpi apic pae hap nx hpet viridian localtime rtc_timeoffset timer_mode tsc_mode cpuid xen_platform_pci nestedhvm",
        "device_model_version device_model_override device_model_args device_model",
        "on_xend_start on_xend_stop vncconsole dhcp ip netmask gateway hostname nics cpu cpu_cap restart vcpu_avail fda fdb",
        "OVM_simple_name OVM_high_availability OVM_domain_type OVM_os_type OVM_description OVM_cpu_compat_group guest_os_type",
    ]

    /// Where 1 is no value of a key.
    private static let values = [
        "name": "'t'", "uuid": "'0004fb00-0006-0000-a1c3-e7d29b5f4c08'", "type": "'hvm'", "builder": "'hvm'", "vcpus": "2", "maxvcpus": "2",
        "memory": "64", "maxmem": "64", "on_poweroff": "'destroy'", "on_reboot": "'restart'", "on_crash": "'preserve'",
        "on_watchdog": "'restart'", "on_soft_reset": "'soft-reset'", "disk": "[ '/a,raw,xvda,w' ]", "vif": "[ '' ]", "boot": "'cdn'",
    ]

    @Test("every key is known, is kept in its place, and is written back", arguments: vocabulary)
    func keepsKeys(_ group: String) throws {
        for key in group.split(separator: " ").map(String.init) {
            let named = key == "name" ? "" : "name = 't'\n"
            let text = named + "\(key) = \(Self.values[key] ?? "1")\n"

            let configuration = try DomainConfigurationText.parse(text, file: "t.cfg")
            let again = try DomainConfigurationText.parse(configuration.canonicalText(), file: "t.cfg")

            #expect(!configuration.warnings.contains { $0.message.contains("unknown") }, "\(key): \(configuration.warnings)")
            // `builder` says what `type` says, and is written as such.
            let kept = key == "builder" ? "type" : key
            #expect(configuration.settings.keyOrder.contains(kept), "\(key)")
            #expect(again.settings == configuration.settings, "\(key)")
            #expect(again.assignments.map(\.key) == configuration.settings.keyOrder, "\(key)")
        }
    }

    @Test("a key that nobody knows is kept too, and named")
    func unknownKey() throws {
        let configuration = try DomainConfigurationText.parse("name = 't'; memory = 64\n wibble = 1\n", file: "t.cfg")

        #expect(configuration.warnings.count == 1 && configuration.warnings.first?.message.contains("unknown") == true)
        #expect(configuration.settings.keyOrder.contains("wibble"))
    }

    private func disk(_ text: String) throws -> DiskConfiguration {
        try #require(try configuration("disk = [ '\(text)' ]").settings.disks.first)
    }

    @Test(
        "every deprecated prefix is stripped, and what it means is taken",
        arguments: [
            ("file:", DiskConfiguration.Format.raw, nil), ("phy:", .raw, nil), ("tap:", .raw, nil), ("tap2:", .raw, nil),
            ("aio:", .raw, nil), ("tapdisk:", .raw, nil), ("ioemu:", .raw, nil), ("raw:", .raw, nil), ("qcow:", .qcow, nil),
            ("qcow2:", .qcow2, nil), ("vhd:", .vhd, nil), ("iscsi:", .raw, "block-iscsi"), ("nbd:", .raw, "block-nbd"),
            ("enbd:", .raw, "block-enbd"), ("drbd:", .raw, "block-drbd"), ("tap:aio:", .raw, nil), ("tap2:tapdisk:vhd:", .vhd, nil),
        ] as [(String, DiskConfiguration.Format, String?)])
    func prefixes(_ prefix: String, _ format: DiskConfiguration.Format, _ script: String?) throws {
        let disk = try disk("\(prefix)/images/a,xvda,w")

        #expect(disk.target == "/images/a" && disk.format == format && disk.script == script)
        #expect(disk.virtualDevice == "xvda" && disk.access == .write)
    }

    @Test(
        "every format and every backend has its word", arguments: DiskConfiguration.Format.allCases, DiskConfiguration.BackendType.allCases)
    func formats(_ format: DiskConfiguration.Format, _ backend: DiskConfiguration.BackendType) throws {
        let positional = try disk("/a,\(format.rawValue),xvda,w,backendtype=\(backend.rawValue)")
        let named = try disk("backendtype=\(backend.rawValue),vdev=xvda,format=\(format.rawValue),target=/a")

        #expect(positional.format == format && positional.backendType == backend && positional == named)
    }

    @Test("every flag of a disk has its field, and says nothing where it is not given")
    func flags() throws {
        #expect(try disk("/a,raw,xvda,w,discard").discards == true)
        #expect(try disk("/a,raw,xvda,w,no-discard").discards == false)
        #expect(try disk("/a,raw,xvda,w,trusted").isTrusted == true)
        #expect(try disk("/a,raw,xvda,w,untrusted").isTrusted == false)
        let plain = try disk("/a,raw,xvda,w")
        #expect(plain.discards == nil && plain.isTrusted == nil && !plain.isDirectIOSafe)
    }

    @Test("a whole disk in each of its old shapes, and an empty drive in each of its own")
    func oldShapes() throws {
        for text in ["file:/i.iso,hdc:cdrom,r", "/i.iso,raw,hdc,ro,cdrom", "vdev=hdc,access=r,devtype=cdrom,target=/i.iso"] {
            let drive = try disk(text)
            #expect(drive.isCDROM && drive.access == .read && drive.virtualDevice == "hdc" && drive.hostPath == "/i.iso", "\(text)")
        }
        for text in [",hdc:cdrom,r", ",raw,hdc,ro,cdrom", "vdev=hdc,access=r,devtype=cdrom,target="] {
            let drive = try disk(text)
            #expect(drive.isCDROM && drive.hostPath == nil, "\(text)")
        }
        #expect(try disk("phy:/a,ioemu:hda,w").virtualDevice == "hda")
        #expect(try disk("/a,,xvda,backend=storage,script=block-x,direct-io-safe,specification=virtio").isDirectIOSafe)
    }

    @Test(
        "every type of interface has its meaning",
        arguments: [("ioemu", InterfaceConfiguration.Kind.emulated), ("vif", .paravirtualized), ("netfront", .paravirtualized)])
    func interfaceTypes(_ word: String, _ kind: InterfaceConfiguration.Kind) throws {
        let interface = try #require(try configuration("vif = [ 'type=\(word)' ]").settings.interfaces.first)

        #expect(interface.kind == kind)
    }
}
