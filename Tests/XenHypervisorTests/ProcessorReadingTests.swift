import PoolModel
import ServerEnvironment
import Testing
import XenHypervisor

@Suite("What Xen says of the CPUs becomes facts")
struct ProcessorReadingTests {
    private static let linux = LinuxProcessor(cpuinfo: "vendor_id\t: GenuineIntel\nmodel name\t: Xeon\n")

    private static func reading(processors: UInt32 = 32, cores: UInt32 = 8, threads: UInt32 = 2, nodes: UInt32 = 2) -> XenProcessorReading {
        XenProcessorReading(
            processors: processors, coresPerSocket: cores, threadsPerCore: threads, nodes: nodes,
            features: [0xBFEB_FBFF, 0x77FE_F3FF, 0, 0, 0, 0, 0, 0x100], hasShadow: false, hasHardwarePaging: true)
    }

    @Test("HVM is offered only where there is a device model")
    func domainTypes() {
        #expect(XenDomainTypes.offered(pv: true, hvm: true, hasDeviceModel: true) == [.pv, .pvh, .hvm])
        #expect(XenDomainTypes.offered(pv: true, hvm: true, hasDeviceModel: false) == [.pv, .pvh])
        #expect(XenDomainTypes.offered(pv: false, hvm: false, hasDeviceModel: true) == [])
    }

    @Test("sockets are counted, and what can move live is what Xen's ways of logging changed memory allow")
    func reads() throws {
        let facts = try #require(Self.reading().facts(Self.linux, [.pv, .pvh, .hvm]))

        #expect((facts.vendor, facts.model) == ("GenuineIntel", "Xeon"))
        #expect((facts.sockets, facts.coresPerSocket, facts.threadsPerCore, facts.nodes) == (2, 8, 2, 2))
        #expect(facts.features.text == "bfebfbff:77fef3ff:00000000:00000000:00000000:00000000:00000000:00000100")
        #expect(facts.liveDomainTypes == [.pvh, .hvm])
    }

    @Test("CPUs that are off line leave their socket a whole one, and zeros are ones")
    func countsSockets() {
        #expect(Self.reading(processors: 17).facts(Self.linux, [])?.sockets == 2)
        #expect(Self.reading(processors: 1).facts(Self.linux, [])?.sockets == 1)
        let zeros = Self.reading(processors: 0, cores: 0, threads: 0, nodes: 0).facts(Self.linux, [])
        #expect(zeros.map { [$0.sockets, $0.coresPerSocket, $0.threadsPerCore, $0.nodes] } == [1, 1, 1, 1])
    }

    @Test("figures that make no sense are no facts")
    func refuses() {
        #expect(Self.reading(nodes: .max).facts(Self.linux, []) == nil)
        #expect(Self.reading(processors: .max, cores: 1, threads: 1).facts(Self.linux, []) == nil)
    }
}
