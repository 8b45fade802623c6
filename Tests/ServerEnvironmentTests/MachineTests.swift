import Foundation
import PoolModel
import Testing

@testable import ServerEnvironment

@Suite("the machine")
struct MachineTests {
    @Test("memory, cards and bridges are read from proc and sys; interfaces of virtual machines are no cards")
    func readsFacts() throws {
        try withFolder { (folder) throws in
            let net = "\(folder)/class/net"
            for path in [
                "eth0/device", "eth1/device", "vif1.0/device", "tap1.0", "lo", "xenbr0/bridge", "xenbr0/brif/eth0", "xenbr0/brif/vif1.0",
            ] {
                try FileManager.default.createDirectory(atPath: "\(net)/\(path)", withIntermediateDirectories: true)
            }
            for (interface, bus) in [("eth0", "virtio"), ("vif1.0", "xen-backend")] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(net)/\(interface)/device/subsystem", withDestinationPath: "../../bus/\(bus)")
            }
            try Data("10000\n".utf8).write(to: URL(filePath: "\(net)/eth0/speed"))
            try Data("-1\n".utf8).write(to: URL(filePath: "\(net)/eth1/speed"))
            try Data("MemTotal:       16316416 kB\nMemFree: 1 kB\n".utf8).write(to: URL(filePath: "\(folder)/meminfo"))

            let facts = try LinuxServerFacts(processes: folder, system: folder)

            #expect(facts.memory == Mebibytes(15_934))
            #expect(facts.processors >= 1)
            #expect(
                facts.cards == [
                    NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(10_000_000)),
                    NetworkInterfaceCard(name: "eth1", speed: LinuxServerFacts.presumedSpeed),
                ])
            #expect(facts.bridges == [NetworkBridge(name: "xenbr0", cards: ["eth0"])])
        }
    }

    @Test("the CPUs' maker and model are those of the first CPU, cleaned; a kernel that tells none has none")
    func readsProcessor() throws {
        try withFolder { (folder) throws in
            let text = """
                processor\t: 0
                vendor_id\t: GenuineIntel
                model\t\t: 85
                model name\t: Intel(R) Xeon(R)  Gold 6130 CPU @ 2.10GHz

                processor\t: 1
                vendor_id\t: AuthenticAMD
                model name\t: another
                """
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/cpuinfo"))

            let read = LinuxProcessor(processes: folder)

            #expect(read == LinuxProcessor(cpuinfo: text))
            #expect((read.vendor, read.model) == ("GenuineIntel", "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz"))
            for other in ["", "vendor_id", "vendor_id:", "BogoMIPS\t: 62.50\nFeatures\t: fp asimd\n"] {
                let none = LinuxProcessor(cpuinfo: other)
                #expect(none.vendor.isEmpty && none.model.isEmpty, "\(other)")
            }
            #expect(LinuxProcessor(processes: "\(folder)/none").model.isEmpty)
        }
    }

    @Test(
        "the storage roots are those folders that are there; the nearest mount says whether others see them, and that of /dev is nobody's")
    func readsStorageRoots() throws {
        try withFolder { (folder) throws in
            let real = URL(filePath: folder).resolvingSymlinksInPath().path(percentEncoded: false)
            for name in ["own", "ovs", "dev"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: false)
            }
            try Data("x".utf8).write(to: URL(filePath: "\(folder)/file"))
            let mounts =
                "/dev/vda / ext4 rw 0 0\nfiler:/ovs \(real)/ovs nfs4 rw 0 0\nudev \(real)/dev xfs rw 0 0\nudev \(real)/dev devtmpfs rw 0 0\n"
            try Data(mounts.utf8).write(to: URL(filePath: "\(folder)/mounts"))

            let names = ["own", "ovs", "dev", "file", "none"]
            let roots = StorageRootReading.read(names.map { "\(folder)/\($0)" }, former: [], mounts: "\(folder)/mounts")

            #expect(roots.map(\.path) == ["own", "ovs", "dev"].map { "\(folder)/\($0)" })
            #expect(roots.map(\.isShared) == [false, true, false])
            #expect(roots.map { $0.capacity > .zero } == [true, true, false])
        }
    }

    @Test(
        "the space of a storage root is told in sixteenths of its size, and stays as it was told while that is there",
        arguments: [
            (available: 1_000, former: nil, told: 1_000), (available: 999, former: nil, told: 900),
            (available: 999, former: 900, told: 900),
            (available: 1_099, former: 900, told: 900), (available: 1_100, former: 900, told: 1_100),
            (available: 899, former: 900, told: 800), (available: 901, former: 800, told: 800), (available: 0, former: 100, told: 0),
        ])
    func tellsSpace(available: Int, former: Int?, told: Int) {
        let capacity = StorageRootReading.capacity(
            available: Mebibytes(available), size: Mebibytes(1_600), former: former.map { Mebibytes($0) })

        #expect(capacity == Mebibytes(told))
    }

    @Test("a machine that does not tell its memory is refused")
    func refusesWithoutMemory() throws {
        try withFolder { (folder) throws in
            let error = refusal { () throws(EnvironmentError) in _ = try LinuxServerFacts(processes: folder, system: folder) }

            #expect(
                error
                    == .refused(
                        operation: "tell the memory from", path: "\(folder)/meminfo", reason: "it has no line MemTotal in kB"))
        }
    }

    @Test("this machine tells of itself, and its boot identifier stays the same")
    func readsThisMachine() throws {
        let facts = try LinuxServerFacts()

        #expect(facts.memory > .zero)
        #expect(try BootIdentifier.read() == BootIdentifier.read())
        #expect(!ProcessSettings.hostName.isEmpty && !ProcessSettings.hostName.contains("."))
    }

    @Test("a boot identifier that is no UUID is refused")
    func refusesBoot() throws {
        try withFolder { (folder) throws in
            let file = "\(folder)/boot_id"
            try Data("none\n".utf8).write(to: URL(filePath: file))

            let error = refusal { () throws(EnvironmentError) in _ = try BootIdentifier.read(path: file) }

            #expect(error == .refused(operation: "tell the boot identifier from", path: file, reason: "it holds no UUID"))
        }
    }

    @Test(
        "a machine's UUID is read in either case; what firmware gives for want of one, and what is none, is not taken",
        arguments: [
            ("4C4C4544-0051-3210-8057-b4c04f564d31\n", "4c4c4544-0051-3210-8057-b4c04f564d31"),
            ("00000000-0000-0000-0000-000000000000\n", nil), ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n", nil), ("", nil),
            ("Not Settable\n", nil), (String(repeating: "4", count: 100_000), nil),
        ])
    func readsHardware(text: String, expected: String?) throws {
        try withFolder { (folder) throws in
            let file = "\(folder)/product_uuid"
            try Data(text.utf8).write(to: URL(filePath: file))

            #expect(HardwareIdentifier.read(path: file)?.description == expected)
            #expect(HardwareIdentifier.read(path: "\(folder)/none") == nil)
            #expect(HardwareIdentifier.read(path: folder) == nil)
        }
    }

    @Test("ports are different, free, and below those of outgoing connections; a port that is taken is not free")
    func choosesPorts() throws {
        let ports = try FreePorts.choose(6)

        #expect(Set(ports).count == 6)
        #expect(ports.allSatisfy { (10_000..<65_536).contains($0) && $0 < FreePorts.ephemeralStart() })
        let listener = try Listener(host: "127.0.0.1")
        #expect(!FreePorts.isFree(listener.port))
    }

    @Test("a taken port is seen by whatever name the address has", arguments: ["127.0.0.1", "localhost", "::1"])
    func seesTakenPort(_ host: String) throws {
        let listener = try Listener(host: host)

        #expect(FreePorts.obstacle(host: host, port: listener.port) == .portTaken)
    }

    @Test("another machine's address and a name that nobody has are told apart from a taken port; a free one is no obstacle")
    func tellsObstaclesApart() throws {
        let port = try FreePorts.choose(1)[0]

        // TEST-NET-1 (RFC 5737) is nobody's; .invalid (RFC 6761) names nobody.
        let foreign = FreePorts.obstacle(host: "192.0.2.1", port: port)
        let nameless = FreePorts.obstacle(host: "server.invalid", port: port)

        #expect(foreign == .foreignAddress)
        guard case .unknownHost = nameless else { throw Missing() }
        #expect(FreePorts.obstacle(host: "localhost", port: port) == nil)
    }

    @Test("no core is dumped, neither to a file nor to a program, and files may be opened up to the hard limit")
    func limitsProcess() {
        ProcessSettings.disableCoreDumps()
        ProcessSettings.raiseFileLimit()

        var core = rlimit()
        var files = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core) == 0)
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0)
        #expect(core.rlim_cur <= 1 && core.rlim_max <= 1)
        #expect(files.rlim_cur == files.rlim_max)
    }
}
