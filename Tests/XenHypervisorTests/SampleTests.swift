import Testing
import XenHypervisor

@Suite("The configurations found in the field, as libxl is told them")
struct SampleTests {
    @Test("Oracle's hvm file: amounts, a CPU mask, shared disks, a CD and the framebuffer as its screen")
    func oracle() throws {
        let plan = try Scene.samplePlan("oracle-hvm.cfg")
        let printed = try Scene.libxl(plan, ownership: Scene.ownership)

        let build = printed["b_info"]
        #expect(printed["c_info"]["type"].text == "hvm" && printed["c_info"]["uuid"].text == "\(Scene.uuid)")
        #expect(build["max_vcpus"].number == 32 && build["avail_vcpus"].count == 4)
        #expect(build["target_memkb"].number == 8_192 * 1_024 && build["max_memkb"].number == 16_384 * 1_024)
        #expect(build["cpuid"]["cpuid"][0]["edx"].text == "xxxxxxxxxxxxxxxxxxx0xxxxxxxxxxxx")
        #expect(build["timer_mode"].text == "no_missed_ticks_pending" && build["localtime"].flag == false && build["acpi"].flag == true)
        #expect(build["kernel"].value == nil && build["type.hvm"]["boot"].text == "cd" && build["type.hvm"]["keymap"].text == "en-us")
        #expect(build["type.hvm"]["vnc"]["listen"].text == "127.0.0.1" && build["type.hvm"]["vnc"]["enable"].flag == true)
        let disks = (0..<6).map { printed["disks"][$0] }
        #expect(disks.map { $0["vdev"].text } == ["xvda", "xvdb", "xvdc", "xvdd", "xvde", "hdc"])
        #expect(disks.map { $0["backend"].text } == [nil, nil, nil, "qdisk", "qdisk", nil])
        #expect(disks.map { $0["readwrite"].number ?? 0 } == [1, 1, 1, 1, 1, 0])
        #expect(printed["disks"][5]["is_cdrom"].number == 1)
        #expect(printed["nics"][1]["mac"].text == "00:21:f6:00:00:1b" && printed["nics"][1]["nictype"].text == "vif")
        #expect(printed["vfbs"].value == nil)
        #expect(plan.warnings.map(\.key) == ["kernel", "device_model", "disk", "disk"])
    }

    @Test("an xm pv file with pygrub: the bootloader, an interface without a word, a screen with keyboard")
    func pygrub() throws {
        let plan = try Scene.samplePlan("xm-pv-pygrub.cfg")
        let printed = try Scene.libxl(plan)

        #expect(printed["c_info"]["type"].text == "pv" && printed["b_info"]["bootloader"].text == "/usr/bin/pygrub")
        #expect(printed["b_info"]["cmdline"].text == "console=hvc0 xencons=tty" && printed["b_info"]["kernel"].value == nil)
        #expect(printed["disks"][0]["pdev_path"].text == "/OVS/running_pool/12_web01/System.img")
        #expect(printed["nics"].count == 2 && printed["nics"][1]["mac"].text?.hasPrefix("00:16:3e:") == true)
        #expect(printed["vfbs"].count == 1 && printed["vkbs"].count == 1 && printed["vfbs"][0]["vnc"]["passwd"].value == nil)
        #expect(plan.warnings == [])
    }

    @Test("an xm hvm file for Windows: an empty drive, a tablet, one serial port, a card with a model")
    func windows() throws {
        let plan = try Scene.samplePlan("xm-hvm-windows.cfg")
        let printed = try Scene.libxl(plan)

        let hardware = printed["b_info"]["type.hvm"]
        #expect(printed["disks"][0]["vdev"].text == "hda" && printed["disks"][1]["format"].text == "empty")
        #expect(printed["disks"][1]["pdev_path"].value == nil && printed["disks"][1]["is_cdrom"].number == 1)
        #expect(hardware["usb"].flag == true && hardware["usbdevice"].text == "tablet" && hardware["serial"].text == "pty")
        #expect(hardware["vga"]["kind"].text == "cirrus" && hardware["boot"].text == "dc")
        #expect(hardware["vnc"]["findunused"].flag == true && hardware["sdl"]["enable"].flag == false)
        #expect(printed["nics"][0]["nictype"].text == "vif_ioemu" && printed["nics"][0]["model"].text == "e1000")
        #expect(plan.warnings.map(\.key) == ["kernel", "device_model", "vncconsole"])
    }

    @Test("an xl hvm file: CPUs without the first, a rate, several USB devices, a display in the address")
    func hardware() throws {
        let plan = try Scene.samplePlan("xl-hvm.cfg")
        let printed = try Scene.libxl(plan)

        let hardware = printed["b_info"]["type.hvm"]
        #expect(printed["b_info"]["vcpu_hard_affinity"].count == 8)
        #expect(printed["b_info"]["vcpu_hard_affinity"][7].value as? [Int] == [1, 2, 3])
        #expect(printed["b_info"]["numa_placement"].flag == false && printed["b_info"]["video_memkb"].number == 16 * 1_024)
        #expect(printed["disks"][1]["format"].text == "qcow2")
        #expect(printed["disks"][1]["pdev_path"].text == "/OVS/running_pool/build3/cache, v2.qcow2")
        #expect(printed["disks"][2]["format"].text == "empty")
        // 100 Mb/s in 50 ms.
        #expect(printed["nics"][0]["rate_bytes_per_interval"].number == 625_000)
        #expect(printed["nics"][0]["rate_interval_usecs"].number == 50_000)
        #expect(hardware["usbdevice_list"].texts == ["tablet", "host:1d6b:0002"] && hardware["vga"]["kind"].text == "std")
        #expect(hardware["vnc"]["listen"].text == "0.0.0.0:5" && printed["b_info"]["nested_hvm"].flag == false)
        #expect(plan.warnings.map(\.key) == ["on_xend_stop"])
    }

    @Test("an xl pvh file: kernel, ramdisk and the whole command line; what is not carried out has its place")
    func hardwareContainer() throws {
        let plan = try Scene.samplePlan("xl-pvh.cfg")
        let printed = try Scene.libxl(plan)

        #expect(printed["c_info"]["type"].text == "pvh" && printed["b_info"]["kernel"].text == "/var/lib/xen/kernels/vmlinuz-6.1")
        #expect(printed["b_info"]["cmdline"].text == "root=/dev/xvda ro console=hvc0 net.ifnames=0 panic=5")
        #expect(printed["disks"][0]["pdev_path"].text == "/dev/drbd/by-res/edge/0")
        #expect(printed["nics"][0]["ifname"].text == "edge0" && printed["nics"][1]["mtu"].number == 9_000)
        #expect(printed["on_crash"].text == "preserve")
        #expect(plan.warnings.map(\.key) == ["vif", "channel", "p9"])
        #expect(plan.warnings.map(\.line) == [10, 11, 12] && plan.warnings[0].column == 58)
    }
}
