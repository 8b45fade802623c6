import DomainConfiguration
import Testing

@Suite("Disks and interfaces")
struct DeviceTests {
    private func disk(_ text: String) throws -> DiskConfiguration {
        try #require(try configuration("disk = [ \"\(text)\" ]").settings.disks.first)
    }

    private func interface(_ text: String) throws -> InterfaceConfiguration {
        try #require(try configuration("vif = [ \"\(text)\" ]").settings.interfaces.first)
    }

    @Test(
        "forms that mean the same give the same disk",
        arguments: [
            [
                "/dev/vg/v,,hda", "/dev/vg/v,raw,hda,rw", "format=raw, vdev=hda, access=rw, target=/dev/vg/v", "raw:/dev/vg/v,hda,w",
                "/dev/vg/v,hda,w", "phy:/dev/vg/v,ioemu:hda,w", "tap:aio:/dev/vg/v,hda,w", "file:/dev/vg/v,raw,hda",
                "tap2:tapdisk:/dev/vg/v,hda:disk,w",
                "vdev=hda, /dev/vg/v", ",raw,hda,rw,target=/dev/vg/v", "/dev/vg/v , raw , hda , w",
            ],
            [
                "/i.iso,,hdc,cdrom", "/i.iso,,hdc,,cdrom", "/i.iso,raw,hdc,devtype=cdrom",
                "format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/i.iso",
                "raw:/i.iso,hdc:cdrom,ro", "file:/i.iso,ioemu:hdc:cdrom,r", "/i.iso,,hdc:cdrom,w",
            ],
            [
                "x,hda", "x,ioemu:hda,w", "x,,hda,,access=rw", "x,access=,,hda,w", "x,hda:disk", "phy:x,,hda,w", "phy:x,raw,hda",
                "x,format=,,hda",
            ],
            ["x,,hda,r", "access=w,x,,hda,r", "x,,hda,w,access=ro"],
            [",hdc:cdrom,r", "vdev=hdc,devtype=cdrom,target=", ",,hdc,cdrom", ",empty,hdc,r", "vdev=hdc, access=ro, cdrom"],
            ["tap:qcow2:/q,xvda,w", "qcow2:/q,xvda", "/q,qcow2,xvda"], ["tap:vhd:/q,xvda,w", "format=vhd,vdev=xvda,target=/q"],
            ["drbd:res0,xvda,w", "script=block-drbd,vdev=xvda,target=res0"], ["iscsi:iqn.x,xvda", "iqn.x,raw,xvda,script=block-iscsi"],
            ["/a,,xvda,w!", "vdev=xvda,access=w!,target=/a", "phy:/a,xvda,rw!", "phy:target=/a,xvda,w!"],
            ["/a,,xvda,r!", "vdev=xvda,access=ro!,target=/a"],
        ])
    func equivalents(_ forms: [String]) throws {
        let disks = try forms.map(disk)

        for (form, disk) in zip(forms, disks) { #expect(disk == disks[0], "\(form)") }
    }

    @Test(
        "every access has its meaning, and shared access its mark",
        arguments: [
            ("r", DiskConfiguration.Access.read), ("ro", .read), ("w", .write), ("rw", .write), ("", .write), ("w!", .sharedWrite),
            ("rw!", .sharedWrite), ("r!", .sharedRead), ("ro!", .sharedRead),
        ])
    func accesses(_ text: String, _ expected: DiskConfiguration.Access) throws {
        let disk = try disk("/a,,xvda,\(text)")

        #expect(disk.access == expected && disk.access.isShared == text.contains("!"))
    }

    @Test("the other disk parameters have fields, and unknown ones are kept")
    func parameters() throws {
        let disk = try disk(
            "/a,qed,xvda,ro,backend=storage,backendtype=qdisk,script=x,no-discard,direct-io-safe,specification=virtio,untrusted,colo,colo-port=7,wibble=9"
        )

        var expected = DiskConfiguration()
        expected.target = "/a"
        expected.format = .qed
        expected.virtualDevice = "xvda"
        expected.access = .read
        expected.backendDomain = "storage"
        expected.backendType = .qdisk
        expected.script = "x"
        expected.discards = false
        expected.isDirectIOSafe = true
        expected.specification = "virtio"
        expected.isTrusted = false
        expected.others = [
            DeviceParameter(key: "colo", value: nil), DeviceParameter(key: "colo-port", value: "7"),
            DeviceParameter(key: "wibble", value: "9"),
        ]
        #expect(disk == expected)
    }

    @Test("a named target takes the rest, commas and colons included; a dictionary is xend's form")
    func targets() throws {
        let named = try disk("vdev=xvda, target=/a, b:c,format=vhd ")
        let dictionary = try configuration("disk = [ { 'uname': 'phy:/a', 'dev': 'xvda', 'mode': 'w!' } ]").settings.disks

        #expect(named.target == "/a, b:c,format=vhd " && named.format == .raw)
        #expect(dictionary.map(\.hostPath) == ["/a"] && dictionary.map(\.access) == [.sharedWrite])
    }

    @Test(
        "a wrong disk is refused",
        arguments: [
            ("", "a disk without a virtual device"), ("/a", "a disk without a virtual device"),
            ("/a,,,w", "a disk without a virtual device"),
            (",,,ro", "a disk without a virtual device"), ("/a,zip,xvda", "the disk format \"zip\""),
            ("/a,raw,xvda,x", "the disk access \"x\""), ("/a,raw,xvda,w,more", "a disk with too many parameters, from \"more\" on"),
            ("vmdk:/a,xvda,w", "the unknown disk prefix \"vmdk\""), ("/a,,hda:tape", "the device type \"tape\""),
            ("/a,,x y", "the virtual device \"x y\""),
            ("/a,,xvda,backendtype=blk", "the disk backend \"blk\""), ("/a,,xvda,specification=x", "the disk specification \"x\""),
            ("/a,,xvda,target=/b", "a second target in one disk, \"/b\""),
            ("/a,raw,xvda,format=vhd", "a second format in one disk, \"vhd\""),
            ("vhd:/a,qcow,xvda", "a second format in one disk, \"qcow\""),
            ("/a,,xvda,vdev=xvdb", "a second virtual device in one disk, \"xvdb\""),
            ("/a,,xvda\\\", \\\"x", "the virtual device \"xvda\"\""), ("/a\\nb,,xvda", "a disk target with a control character"),
        ])
    func refusedDisk(_ text: String, _ found: String) {
        let message = refusal("name = 't'\ndisk = [ \"\(text)\" ]")

        #expect(message?.hasPrefix("t.cfg:2:10: Found \(found)") == true, "\(message ?? "accepted")")
    }

    @Test("two disks on one device are refused, in the place of the second")
    func deviceTwice() {
        let message = refusal("name = 't'\ndisk = [ '/a,,xvda',\n  '/b,,xvda' ]")

        #expect(message?.hasPrefix("t.cfg:3:3: Found a second disk \"xvda\".") == true)
    }

    @Test(
        "a dictionary that cannot be written as a string is refused",
        arguments: [
            "disk = [ { 'dev': 'xvda', 'a b': 1 } ]", "disk = [ { 'backend': 'a,b' } ]", "vif = [ { 'ip': ['a', 'b'] } ]",
            "vif = [ { '': 1 } ]",
        ])
    func refusedDictionary(_ line: String) {
        let message = refusal("name = 't'\n\(line)")

        #expect(message?.contains("Write a word for the parameter, and a value without commas.") == true, "\(message ?? "accepted")")
    }

    @Test("trust is written as the flag that xl reads, and a VLAN that is a word keeps its zeros")
    func interfaceText() throws {
        let text = try configuration("vif = [ 'trusted=0,vlan=009', 'trusted' ]").canonicalText()

        #expect(text.contains("vif = [ \"vlan=009,untrusted\",\n        \"trusted\" ]\n"))
    }

    @Test("every interface parameter has its field")
    func interfaceParameters() throws {
        let interface = try interface(
            "mac=00-16-3E-01-02-0a, bridge=br0, gatewaydev=eth0, type=ioemu, model=e1000, vifname=v0, script=vif-nat, ip=10.0.0.1 10.0.0.2, "
                + "backend=net, rate=1MB/s@20ms, devid=3, mtu=9000, vlan=0x10, trusted=0, wibble=1, flag")

        var expected = InterfaceConfiguration()
        expected.mac = MACAddress("00:16:3e:01:02:0a")
        expected.bridge = "br0"
        expected.gatewayDevice = "eth0"
        expected.kind = .emulated
        expected.model = "e1000"
        expected.interfaceName = "v0"
        expected.script = "vif-nat"
        expected.ip = "10.0.0.1 10.0.0.2"
        expected.backendDomain = "net"
        expected.rate = InterfaceRate(bytesPerSecond: 1_000_000, intervalMicroseconds: 20_000)
        expected.deviceID = 3
        expected.mtu = 9_000
        expected.vlan = "16"
        expected.isTrusted = false
        expected.others = [DeviceParameter(key: "wibble", value: "1"), DeviceParameter(key: "flag", value: nil)]
        #expect(interface == expected)
    }

    @Test("xm's spellings of an interface are taken: netfront, netdev, a dictionary, an empty string, empty values")
    func oldInterfaces() throws {
        let interfaces = try configuration(
            "vif = [ 'type=netfront,netdev=eth1', { 'mac': '00163e000001', 'bridge': 'b' }, '', 'mac=,bridge=' ]"
        ).settings
            .interfaces

        #expect(interfaces.map(\.kind) == [.paravirtualized, nil, nil, nil] && interfaces[0].gatewayDevice == "eth1")
        #expect(interfaces[1].mac?.description == "00:16:3e:00:00:01" && interfaces[1].bridge == "b")
        #expect(interfaces[2] == InterfaceConfiguration() && interfaces[3] == InterfaceConfiguration())
    }

    @Test(
        "a rate is read in xl's spelling",
        arguments: [
            ("100Mb/s", 100_000, 50_000, "100Mb/s"), ("1MB/s@20ms", 8_000, 20_000, "8Mb/s@20000us"), ("250KB/s", 2_000, 50_000, "2Mb/s"),
            ("1Gb/s@1s", 1_000_000, 1_000_000, "1Gb/s@1000000us"), ("100B/s", 1, 50_000, "100B/s"),
            ("9600b/s@500us", 10, 500, "1200B/s@500us"),
            ("125000", 1_000, 50_000, "1Mb/s"), ("10Mb", 10_000, 50_000, "10Mb/s"), ("1Mb/s@2", 1_000, 2_000_000, "1Mb/s@2000000us"),
            ("4294967295KB/s", 34_359_738_360, 50_000, "4294967295KB/s"),
        ])
    func rates(_ text: String, _ kilobits: Int, _ interval: Int, _ canonical: String) throws {
        let rate = try interface("rate=\(text)").rate

        #expect(rate?.kilobitsPerSecond == kilobits && rate?.intervalMicroseconds == interval && rate?.text == canonical)
        #expect(try interface("rate=\(canonical)").rate == rate)
    }

    @Test(
        "a wrong interface is refused",
        arguments: [
            ("mac=00:16:3e:00:00", "the MAC address"), ("mac=00:16:3e:00:00:0g", "the MAC address"),
            ("mac=0:16:3e:00:00:001", "the MAC address"),
            ("type=tap", "the interface type \"tap\""), ("rate=fast", "the rate"), ("rate=0Mb/s", "the rate"), ("rate=1mb/s", "the rate"),
            ("rate=1/s", "the rate"), ("rate=1Mb/s@", "the rate"), ("rate=4294967296b/s", "the rate"), ("rate=4294967295GB/s", "the rate"),
            ("rate=1Mb/s@5000s", "the rate"), ("mtu=1", "mtu=\"1\""), ("mtu=x", "mtu=\"x\""), ("devid=-1", "devid=\"-1\""),
            ("vlan=0", "the VLAN 0"),
            ("vlan=4095", "the VLAN 4095"), ("trusted=maybe", "trusted=\"maybe\""),
        ])
    func refusedInterface(_ text: String, _ found: String) {
        let message = refusal("name = 't'\nvif = [ '\(text)' ]")

        #expect(message?.hasPrefix("t.cfg:2:9: Found \(found)") == true, "\(message ?? "accepted")")
    }
}
