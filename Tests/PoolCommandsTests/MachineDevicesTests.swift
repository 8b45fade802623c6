import PoolCommands
import QueryModel
import Testing

@Suite("The devices of a machine, as people see them")
struct MachineDevicesTests {
    private static func machine(_ configuration: String?, rates: [Int] = []) -> MachineDocument {
        MachineDocument(
            name: "web01", id: 7, uuid: "7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11", status: "PoweredOff", cause: nil, intent: "stopped",
            server: nil, epoch: 0,
            requirements: RequirementsDocument(
                domainType: "pv", memoryMiB: 64, virtualCPUs: 1,
                interfaces: rates.map { InterfaceDocument(bridge: "xenbr0", rateKbps: $0) },
                diskPaths: ["/OVS/a.img"], newImageMiB: 0, maximumMemoryMiB: 64, maximumVirtualCPUs: 1, onPowerOff: "destroy",
                onReboot: "restart", onCrash: "destroy"),
            preferredServers: [], tagCount: 0, task: nil, configuration: configuration, operations: [])
    }

    @Test("disks bear their names in the machine, interfaces the address that they have or are given")
    func names() throws {
        let text =
            "name = 'web01'\ndisk = ['/OVS/a.img,raw,xvda,w', ',hdc:cdrom,r', '/OVS/b.iso,raw,hdd,cdrom']\nvif = ['', 'mac=00:16:3e:00:00:01']\n"

        let devices = try #require(MachineDevices(of: Self.machine(text, rates: [10_000, 1_000_000])))

        #expect(devices.disks == ["xvda /OVS/a.img", "hdc empty, a CD drive", "hdd /OVS/b.iso, a CD drive"])
        #expect(devices.drives == ["hdc", "hdd"])
        #expect(
            devices.interfaces[0].hasPrefix("00:16:3e:65:94:d7 on xenbr0, ")
                && devices.interfaces[1].hasPrefix("00:16:3e:00:00:01 on xenbr0, "))
    }

    @Test("without a text that can be read the machine's needs are shown", arguments: [nil, "name = = 1\n"])
    func fallsBack(_ text: String?) {
        let machine = Self.machine(text, rates: [10_000])

        #expect(MachineDevices(of: machine) == nil)
        let lines = MachineText.properties(of: machine).text(in: TextStyle())
        #expect(lines.contains("/OVS/a.img") && lines.contains("xenbr0"))
    }
}
