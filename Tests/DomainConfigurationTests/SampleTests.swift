import DomainConfiguration
import Testing

@Suite("The configurations found in the field")
struct SampleTests {
    @Test("Oracle's hvm file: six disks of which two are shared, quoted memory, high availability")
    func oracle() throws {
        let configuration = try Samples.read("oracle-hvm.cfg")

        let settings = configuration.settings
        #expect(settings.name == "0004fb0000060000a1c3e7d29b5f4c08")
        #expect(settings.uuid == "0004fb00-0006-0000-a1c3-e7d29b5f4c08")
        #expect(settings.domainType == .hardwareVirtualized)
        #expect(settings.memoryMebibytes == 8_192 && settings.maximumMemoryMebibytes == 16_384)
        #expect(settings.virtualCPUs == 4 && settings.maximumVirtualCPUs == 32)
        #expect(settings.disks.map(\.virtualDevice) == ["xvda", "xvdb", "xvdc", "xvdd", "xvde", "hdc"])
        #expect(settings.disks.map(\.access) == [.write, .write, .write, .sharedWrite, .sharedWrite, .read])
        #expect(settings.disks.map(\.isCDROM) == [false, false, false, false, false, true])
        #expect(settings.disks[0].target == "/OVS/Repositories/r1/VirtualDisks/system.img")
        #expect(settings.interfaces.map(\.bridge) == ["xenbr0", "xenbr1"])
        #expect(settings.interfaces.map(\.kind) == [.paravirtualized, .paravirtualized])
        #expect(settings.interfaces[1].mac?.description == "00:21:f6:00:00:1b")
        #expect(settings.oracle.highAvailability == true)
        #expect(settings.oracle.simpleName == "erp-db01" && settings.oracle.operatingSystem == "Oracle Linux 5")
        #expect(settings.actions[event: .crash] == .restart && settings.actions.action(on: .watchdog) == .destroy)
        #expect(settings.others.map(\.key) == ["device_model", "cpuid", "pae", "acpi", "apic", "vfb", "timer_mode", "localtime"])
        #expect(configuration.warnings.map(\.line) == [8, 9, 10, 20, 21, 22, 23, 23, 24, 24, 25, 25, 26, 27])
    }

    @Test("an xm pv file with pygrub: chained prefixes, an empty interface, extra given twice")
    func paravirtualized() throws {
        let configuration = try Samples.read("xm-pv-pygrub.cfg")

        let settings = configuration.settings
        #expect(settings.domainType == .paravirtualized && settings.bootloader == "/usr/bin/pygrub")
        #expect(settings.commandLine == "console=hvc0 xencons=tty")
        #expect(settings.disks.map(\.hostPath) == ["/OVS/running_pool/12_web01/System.img", "/dev/vg0/web01-swap"])
        #expect(settings.disks.map(\.virtualDevice) == ["xvda1", "xvda2"])
        #expect(settings.interfaces.count == 2 && settings.interfaces[1] == InterfaceConfiguration())
        #expect(settings.actions[event: .poweroff] == .destroy && settings.actions[event: .reboot] == .restart)
        #expect(configuration.assignments.filter { $0.key == "extra" }.map(\.position.line) == [7, 8])
        #expect(
            configuration.warnings.first
                == ConfigurationWarning(
                    line: 8, column: 1, message: "The key extra is given again; this value counts, not the one of line 7."))
    }

    @Test("an xm hvm file of Windows: quoted numbers, ioemu:hda, an empty drive, keys of xm")
    func windows() throws {
        let configuration = try Samples.read("xm-hvm-windows.cfg")

        let settings = configuration.settings
        #expect(settings.domainType == .hardwareVirtualized && settings.boot == "dc")
        #expect(settings.memoryMebibytes == 2_048 && settings.virtualCPUs == 2)
        #expect(settings.disks.map(\.virtualDevice) == ["hda", "hdc"])
        #expect(settings.disks.map(\.isCDROM) == [false, true])
        #expect(settings.disks.map(\.hostPath) == ["/OVS/running_pool/7_win2003/System.img", nil])
        #expect(settings.interfaces[0].kind == .emulated && settings.interfaces[0].model == "e1000")
        #expect(
            configuration.warnings.contains(
                ConfigurationWarning(line: 11, column: 1, message: "The key vncconsole is xm's, and xl ignores it; it is kept.")))
        #expect(
            configuration.warnings.contains(
                ConfigurationWarning(
                    line: 4, column: 1,
                    message: "The key device_model is ignored, as xl does, and kept; device_model_override names another device model.")))
    }

    @Test("an xl hvm file: hexadecimal memory, a MAC address with dashes, a target with a comma, a rate")
    func hardwareVirtualized() throws {
        let configuration = try Samples.read("xl-hvm.cfg")

        let settings = configuration.settings
        #expect(settings.memoryMebibytes == 4_096 && settings.virtualCPUs == 6 && settings.maximumVirtualCPUs == 8)
        #expect(settings.disks.map(\.target) == ["/dev/vg1/build3", "/OVS/running_pool/build3/cache, v2.qcow2", ""])
        #expect(settings.disks.map(\.format) == [.raw, .qcow2, .raw])
        #expect(settings.disks.map(\.isCDROM) == [false, false, true])
        #expect(settings.interfaces[0].mac?.description == "00:16:3e:77:10:03")
        #expect(settings.interfaces[0].rate?.kilobitsPerSecond == 100_000)
        #expect(settings.others.first == ConfigurationSetting(key: "cpus", value: .text("all,^0")))
        #expect(configuration.warnings.map { [$0.line, $0.column] } == [[17, 1]])
    }

    @Test("an xl pvh file: the command line in root, += for a disk, channel and p9")
    func pvh() throws {
        let configuration = try Samples.read("xl-pvh.cfg")

        let settings = configuration.settings
        #expect(settings.domainType == .pvh)
        #expect(settings.commandLine == "root=/dev/xvda ro console=hvc0 net.ifnames=0 panic=5")
        #expect(settings.disks.map(\.target) == ["/dev/drbd/by-res/edge/0", "/srv/edge data.img"])
        #expect(settings.interfaces.map(\.interfaceName) == ["edge0", nil])
        #expect(settings.interfaces[1].vlan == "120" && settings.interfaces[1].mtu == 9_000)
        #expect(settings.actions[event: .crash] == .coredumpRestart)
        #expect(settings.others.map(\.key) == ["channel", "p9"])
        #expect(configuration.warnings.map(\.line) == [8])
    }

    @Test("code is refused with the line and column of the call, what was found and what to write")
    func code() throws {
        let bytes = try Samples.bytes("refused.cfg")

        let error = #expect(throws: DomainConfigurationError.self) {
            try DomainConfigurationText.parse(bytes: bytes, file: "refused.cfg")
        }

        #expect(
            error?.message == """
                refused.cfg:4:9: Found the call os.popen(...). Write the value itself, as a string in quotes, a number or a list: \
                a configuration is read, never run.
                """)
        #expect(error?.line == 4 && error?.column == 9 && error?.file == "refused.cfg")
    }

    @Test("reading the canonical text gives the same settings", arguments: Samples.accepted)
    func roundTrip(_ name: String) throws {
        let configuration = try Samples.read(name)

        let again = try DomainConfigurationText.parse(configuration.canonicalText(), file: name)

        #expect(again.settings == configuration.settings)
        #expect(again.canonicalText() == configuration.canonicalText())
    }

    @Test("the text for xl has no key with capitals and no shared access")
    func textForXL() throws {
        let text = try Samples.read("oracle-hvm.cfg").canonicalText(for: .xl)

        #expect(text.hasPrefix("# OVM_simple_name = \"erp-db01\"\n"))
        #expect(!text.contains("!"))
        #expect(text.contains("vdev=xvdd, access=rw, target=/OVS/sharedDisk/asm0.img"))
    }
}
