import DomainConfiguration
import Testing

@Suite("Devices that are added to a configuration and taken from it")
struct DeviceEditTests {
    private static let uuid: (high: UInt64, low: UInt64) = (0x7A1D_3C0E_4B6F_4E0E, 0x9F57_2F1F_0AB3_6C11)
    private static let text = """
        # a comment
        name = 'web01'
        memory = 512
        disk = [ 'phy:/dev/vg/root,xvda,w', ',hdc:cdrom,r' ]
        vif = [ 'bridge=xenbr0', 'mac=00:16:3e:11:22:33' ]
        on_crash = 'coredump-restart'
        OVM_simple_name = 'Web'
        frobnicate = 7

        """

    private func edit(_ edit: DeviceEdit, _ text: String = text) throws -> EditedConfiguration {
        try DomainConfigurationText.parse(text, file: "vm.cfg").edited(by: edit, uuid: Self.uuid)
    }

    private func refusal(_ edit: DeviceEdit, _ text: String = text) throws -> DeviceEditRefusal {
        try #require(throws: DeviceEditRefusal.self) { try self.edit(edit, text) }
    }

    @Test("the new text says what the old one did, and the device")
    func keepsTheRest() throws {
        let before = try DomainConfigurationText.parse(Self.text, file: "vm.cfg").settings

        let edited = try edit(.attachDisk("phy:/dev/vg/data,xvdb,w"))

        var expected = before
        expected.disks = edited.settings.disks
        #expect(edited.settings == expected)
        #expect(try DomainConfigurationText.parse(edited.text, file: "vm.cfg").settings == edited.settings)
        #expect(edited.settings.disks.map(\.virtualDevice) == ["xvda", "hdc", "xvdb"])
        #expect(edited.device == "xvdb" && edited.element == "format=raw, vdev=xvdb, access=rw, target=/dev/vg/data")
    }

    @Test("a text without a list gets one, and one whose last device goes keeps an empty list")
    func makesAndEmptiesLists() throws {
        let bare = "name = 'web01'\nmemory = 64\n"

        let disk = try edit(.attachDisk("/a.img,raw,xvda,w"), bare)
        let interface = try edit(.attachInterface("bridge=xenbr0"), bare)
        let empty = try edit(.detachDisk("xvda"), disk.text)

        #expect(disk.settings.disks.count == 1 && interface.settings.interfaces.count == 1)
        #expect(try DomainConfigurationText.parse(empty.text, file: "vm.cfg").settings.disks == [])
    }

    @Test("interfaces have their addresses written out once the list changes, as Xen was told them")
    func writesOutAddresses() throws {
        var used: Set<UInt64> = [0x0016_3E11_2233]
        let first = MACAddress(value: StableMACAddress.value(of: Self.uuid, interface: 0, avoiding: &used))
        let third = MACAddress(value: StableMACAddress.value(of: Self.uuid, interface: 2, avoiding: &used))

        let attached = try edit(.attachInterface("bridge=xenbr1"))
        let detached = try edit(.detachInterface("1"))
        let gone = try edit(.detachInterface("00-16-3E-11-22-33"))

        #expect(attached.settings.interfaces.map(\.mac) == [first, MACAddress("00:16:3e:11:22:33"), third])
        #expect(attached.device == third.description && attached.element == "mac=\(third),bridge=xenbr1,devid=2")
        #expect(detached.settings.interfaces.map(\.mac) == [first] && detached.device == "00:16:3e:11:22:33")
        #expect(gone == detached)
    }

    @Test("an interface keeps its number when others go and come, so that a domain built of the text elsewhere is what the guest knows")
    func keepsNumbers() throws {
        let gone = try edit(.detachInterface("0"))
        let back = try edit(.attachInterface("bridge=xenbr1"), gone.text)

        #expect(gone.settings.interfaces.map(\.deviceID) == [1])
        #expect(back.settings.interfaces.map(\.deviceID) == [1, 2])
        #expect(try edit(.attachInterface("bridge=xenbr1,devid=5")).settings.interfaces.map(\.deviceID) == [0, 1, 5])
        #expect(try refusal(.attachInterface("bridge=xenbr1,devid=1")).kind == .taken)
    }

    @Test("a drive takes a medium and gives it back; the drive stays")
    func changesMedia() throws {
        let inserted = try edit(.insertMedium(target: "/OVS/a, b.iso", drive: "hdc"))
        let ejected = try edit(.ejectMedium(drive: "hdc"), inserted.text)

        #expect(inserted.settings.disks[1].hostPath == "/OVS/a, b.iso" && inserted.settings.disks[1].isCDROM)
        #expect(inserted.device == "hdc" && inserted.element.hasSuffix("devtype=cdrom, target=/OVS/a, b.iso"))
        #expect(ejected.settings.disks[1].hostPath == nil && ejected.settings.disks.count == 2)
        #expect(ejected.element.hasSuffix("target="))
    }

    @Test("what is there already, is not there, or cannot be read is refused")
    func refuses() throws {
        #expect(try refusal(.attachDisk("/b.img,raw,xvda,w")).kind == .taken)
        #expect(try refusal(.attachInterface("mac=00:16:3e:11:22:33")).kind == .taken)
        #expect(try refusal(.attachDisk("/b.img,floppy,xvdb,w")).kind == .malformed)
        #expect(try refusal(.attachInterface("rate=fast")).kind == .malformed)
        #expect(try refusal(.detachDisk("xvdb")).cure == "Name one of xvda, hdc.")
        #expect(try refusal(.detachInterface("00:16:3e:00:00:09")).kind == .absent)
        #expect(try refusal(.detachInterface("-1")).kind == .absent)
        #expect(try refusal(.detachInterface("2")).kind == .absent)
        #expect(try refusal(.insertMedium(target: "/a.iso", drive: "xvda")).cure == "Name one of hdc.")
        #expect(try refusal(.insertMedium(target: "a.iso", drive: "hdc")).kind == .malformed)
        #expect(try refusal(.ejectMedium(drive: "hdc"), "name = 'a'\n").cure == "There is none at all; attach one first.")
    }

    @Test("a single element reads as it does in its list")
    func readsElements() throws {
        let settings = try DomainConfigurationText.parse(Self.text, file: "vm.cfg").settings

        for (device, element) in settings.devices(Self.uuid) {
            if device.contains(":") {
                #expect(try DeviceElement.interface(element).mac?.description == device)
            } else {
                #expect(settings.disks.contains(try DeviceElement.disk(element)))
            }
        }
        let reread = try DomainConfigurationText.parse(settings.deviceText, file: "vm.cfg").settings
        #expect(reread.disks == settings.disks && reread.interfaces == settings.interfaces)
    }
}
