import PoolModel
import Testing
import XenHypervisor

/// One form of a configuration and where libxl has it.
struct Form: Sendable, CustomTestStringConvertible {
    let line: String
    let path: [String]
    let expected: String

    init(_ line: String, _ path: String, _ expected: String) {
        self.line = line
        self.path = path.split(separator: "/").map(String.init)
        self.expected = expected
    }

    var testDescription: String { line }

    func found(in printed: Printed) -> String? {
        let end = path.reduce(printed) { value, step in Int(step).map { value[$0] } ?? value[step] }
        return end.text ?? end.number.map { "\($0)" }
    }
}

@Suite("Each form of a configuration, as libxl is told it")
struct FormTests {
    static let any: [Form] = [
        Form("disk = ['/dev/vg/a,raw,xvda,rw']", "disks/0/pdev_path", "/dev/vg/a"),
        Form("disk = ['vg/a,raw,xvda,r']", "disks/0/pdev_path", "/dev/vg/a"),
        Form("disk = ['file:/a.img,xvda,w']", "disks/0/readwrite", "1"),
        Form("disk = ['tap:qcow2:/a.img,xvda,w']", "disks/0/format", "qcow2"),
        Form("disk = ['/a.vhd,vhd,xvda,w']", "disks/0/format", "vhd"),
        Form("disk = ['format=qed,vdev=xvda,access=rw,target=/a.qed']", "disks/0/format", "qed"),
        Form("disk = ['format=raw,vdev=xvda,backendtype=phy,target=/dev/a']", "disks/0/backend", "phy"),
        Form("disk = ['format=raw,vdev=xvda,backend=store,target=/dev/a']", "disks/0/backend_domname", "store"),
        Form("disk = ['format=raw,vdev=xvda,script=block-iscsi,target=iqn.2001-05']", "disks/0/script", "block-iscsi"),
        Form("disk = ['format=raw,vdev=xvda,script=block-iscsi,target=iqn.2001-05']", "disks/0/pdev_path", "iqn.2001-05"),
        Form("disk = ['/a.img,raw,xvda,rw,no-discard']", "disks/0/discard_enable", "False"),
        Form("disk = ['/a.img,raw,xvda,rw,direct-io-safe']", "disks/0/direct_io_safe", "1"),
        Form("disk = ['/a.img,raw,xvda,w!']", "disks/0/backend", "qdisk"),
        Form("disk = ['/a.img,raw,xvda,r!']", "disks/0/backend", "qdisk"),
        Form("disk = [',raw,hdc,cdrom']", "disks/0/format", "empty"),
        Form("disk = ['/a.iso,raw,hdc,cdrom']", "disks/0/removable", "1"),
        Form("vif = ['mac=00:16:3e:00:00:01,bridge=b1']", "nics/0/mac", "00:16:3e:00:00:01"),
        Form("vif = ['bridge=b1']", "nics/0/bridge", "b1"),
        Form("vif = ['type=vif,vifname=v0']", "nics/0/ifname", "v0"),
        Form("vif = ['script=vif-route,gatewaydev=eth1']", "nics/0/gatewaydev", "eth1"),
        Form("vif = ['ip=10.0.0.1']", "nics/0/ip", "10.0.0.1"),
        Form("vif = ['rate=1MB/s@20ms']", "nics/0/rate_bytes_per_interval", "20000"),
        Form("vif = ['rate=1MB/s@20ms']", "nics/0/rate_interval_usecs", "20000"),
        Form("vif = ['mtu=9000,devid=4']", "nics/0/devid", "4"),
        Form("vif = ['backend=net']", "nics/0/backend_domname", "net"),
        Form("vif = ['trusted=0']", "nics/0/trusted", "False"),
        Form("tsc_mode = 'native'", "b_info/tsc_mode", "native"),
        Form("tsc_mode = 1", "b_info/tsc_mode", "always_emulate"),
        Form("rtc_timeoffset = 3600", "b_info/rtc_timeoffset", "3600"),
        Form("localtime = 1", "b_info/localtime", "True"),
        Form("cpuid = 'host,tm=0'", "b_info/cpuid/cpuid/0/leaf", "1"),
        Form("device_model_version = 'qemu-xen'", "b_info/device_model_version", "qemu_xen"),
        Form("device_model_override = '/q'", "b_info/device_model", "/q"),
        Form("device_model_args = ['-x', 'y']", "b_info/extra/1", "y"),
        Form("shadow_memory = 8", "b_info/shadow_memkb", "8192"),
        Form("pool = 'fast'", "c_info/pool_name", "fast"),
        Form("nomigrate = 1", "b_info/disable_migrate", "True"),
        Form("max_grant_frames = 64", "b_info/max_grant_frames", "64"),
    ]

    static let bootable: [Form] = [
        Form("ramdisk = '/r'", "b_info/ramdisk", "/r"),
        Form("cmdline = 'quiet'; extra = 'ignored'", "b_info/cmdline", "quiet"),
        Form("root = '/dev/xvda'; extra = 'ro'", "b_info/cmdline", "root=/dev/xvda ro"),
        Form("bootloader = 'pygrub'", "b_info/bootloader", "pygrub"),
        Form("bootloader = 'pygrub'; bootloader_args = '-q --x'", "b_info/bootloader_args/1", "--x"),
        Form("vnc = 1; vnclisten = '::1'", "vfbs/0/vnc/listen", "::1"),
    ]

    static let hardware: [Form] = [
        Form("boot = 'dcn'", "b_info/type.hvm/boot", "dcn"),
        Form("bios = 'ovmf'", "b_info/type.hvm/bios", "ovmf"),
        Form("firmware = 'uefi'", "b_info/type.hvm/bios", "ovmf"),
        Form("firmware = '/my/hvmloader'", "b_info/type.hvm/firmware", "/my/hvmloader"),
        Form("bios_path_override = '/b'", "b_info/type.hvm/system_firmware", "/b"),
        Form("kernel = '/vmlinuz'; ramdisk = '/r'", "b_info/kernel", "/vmlinuz"),
        Form("acpi = 0", "b_info/acpi", "False"),
        Form("apic = 0", "b_info/apic", "False"),
        Form("pae = 0", "b_info/type.hvm/pae", "False"),
        Form("hap = 0", "c_info/hap", "False"),
        Form("nx = 1", "b_info/type.hvm/nx", "True"),
        Form("hpet = '1'", "b_info/type.hvm/hpet", "True"),
        Form("viridian = 1", "b_info/type.hvm/viridian", "True"),
        Form("viridian = ['base', 'freq', '!base']", "b_info/type.hvm/viridian_enable/0", "1"),
        Form("viridian = ['base', '!freq']", "b_info/type.hvm/viridian_disable/0", "1"),
        Form("timer_mode = 'one_missed_tick_pending'", "b_info/timer_mode", "one_missed_tick_pending"),
        Form("xen_platform_pci = 0", "b_info/type.hvm/xen_platform_pci", "False"),
        Form("nestedhvm = 1", "b_info/nested_hvm", "True"),
        Form("vga = 'qxl'", "b_info/type.hvm/vga/kind", "qxl"),
        Form("stdvga = 1", "b_info/type.hvm/vga/kind", "std"),
        Form("videoram = 16", "b_info/video_memkb", "16384"),
        Form("vncpasswd = 'x'", "b_info/type.hvm/vnc/passwd", "x"),
        Form("vnc = 0", "b_info/type.hvm/vnc/enable", "False"),
        Form("vncdisplay = 7", "b_info/type.hvm/vnc/display", "7"),
        Form("keymap = 'de'", "b_info/type.hvm/keymap", "de"),
        Form("serial = 'pty'", "b_info/type.hvm/serial", "pty"),
        Form("serial = ['pty', '/dev/ttyS1']", "b_info/type.hvm/serial_list/1", "/dev/ttyS1"),
        Form("usb = 1; usbdevice = 'tablet'", "b_info/type.hvm/usbdevice", "tablet"),
        Form("usbversion = 3", "b_info/type.hvm/usbversion", "3"),
        Form("hdtype = 'ahci'", "b_info/type.hvm/hdtype", "ahci"),
        Form("soundhw = 'hda'", "b_info/type.hvm/soundhw", "hda"),
        Form("vif = ['model=e1000']", "nics/0/model", "e1000"),
        Form("vif = ['type=ioemu']", "nics/0/nictype", "vif_ioemu"),
        Form("cpuid = ['7,0:ebx=xxxxxxxxxxxxxxxxxxxxxxxxxxx0xxxx']", "b_info/cpuid/cpuid/0/subleaf", "0"),
    ]

    @Test("of every type", arguments: PoolModel.DomainType.allCases, any)
    func tellsAny(type: PoolModel.DomainType, form: Form) throws {
        #expect(try form.found(in: Scene.libxl(form.line, type: type)) == form.expected)
    }

    @Test("of machines that bring a kernel", arguments: [PoolModel.DomainType.pv, .pvh], bootable)
    func tellsBootable(type: PoolModel.DomainType, form: Form) throws {
        #expect(try form.found(in: Scene.libxl(form.line, type: type)) == form.expected)
    }

    @Test("of machines with emulated hardware", arguments: hardware)
    func tellsHardware(form: Form) throws {
        let plan = try Scene.plan(form.line, type: .hvm)

        #expect(try form.found(in: Scene.libxl(plan)) == form.expected)
        #expect(plan.warnings.isEmpty)
    }

    @Test("a pvh machine may hold a pv kernel")
    func tellsShim() throws {
        let printed = try Scene.libxl("pvshim = 1; pvshim_extra = 'verbose'", type: .pvh)

        #expect(printed["b_info"]["type.pvh"]["pvshim"].flag == true)
        #expect(printed["b_info"]["type.pvh"]["pvshim_extra"].text == "verbose")
    }

    @Test("a line of cpuid that Xen does not understand is refused, not passed over", arguments: ["['1:edx=xx']", "'host,nonsense=1'"])
    func refusesFeatures(value: String) throws {
        let plan = try Scene.plan("cpuid = \(value)")

        let error = #expect(throws: XenRefusal.self) { try Scene.libxl(plan) }

        #expect(error?.cause.contains("of cpuid") == true)
    }
}
