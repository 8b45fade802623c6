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
            for path in ["eth0/device", "eth1/device", "vif1.0", "lo", "xenbr0/bridge", "xenbr0/brif/eth0", "xenbr0/brif/vif1.0"] {
                try FileManager.default.createDirectory(atPath: "\(net)/\(path)", withIntermediateDirectories: true)
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

    @Test("ports are different, free, and below those of outgoing connections; a port that is taken is not free")
    func choosesPorts() throws {
        let ports = try FreePorts.choose(6)

        #expect(Set(ports).count == 6)
        #expect(ports.allSatisfy { (10_000..<65_536).contains($0) && $0 < FreePorts.ephemeralStart() })
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket, generic, length) == 0 && listen(socket, 1) == 0 && getsockname(socket, generic, &length) == 0
            }
        }
        #expect(port)
        #expect(!FreePorts.isFree(Int(UInt16(bigEndian: address.sin_port))))
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
