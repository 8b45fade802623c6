import AgentCore
import PoolModel
import ServerEnvironment
import Testing
import XenHypervisor

@Suite("What the host says is believed only where it makes sense")
struct HostTests {
    @Test("an owner reads back as it was written, in no more bytes than are read")
    func readsOwner() {
        let largest = DomainOwnership(
            pool: UniqueIdentifier(high: .max, low: .max), machine: VirtualMachineID(.max), epoch: PlacementEpoch(.max))

        for ownership in [Scene.ownership, largest] {
            let bytes = Array(OwnershipRecord.text(of: ownership).utf8)
            #expect(OwnershipRecord.read(bytes) == ownership && bytes.count <= OwnershipRecord.longest)
        }
    }

    @Test(
        "a malformed owner is no owner",
        arguments: [
            "", "1", "1 x 7 3", "2 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7 3", "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7",
            "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7 3 ", "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 +7 3",
            "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 07 3", "1 7A1D3C0E-4b6f-4e0e-9f57-2f1f0ab36c11 7 3",
            "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7 99999999999999999999", "1  7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7 3",
            "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7 3\0", "1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 ٧ 3",
        ])
    func refusesMalformedOwner(text: String) {
        #expect(OwnershipRecord.read(Array(text.utf8)) == nil)
    }

    @Test("an owner that is too long, or no UTF-8, is no owner")
    func refusesHostileOwner() {
        #expect(OwnershipRecord.read([UInt8](repeating: UInt8(ascii: "1"), count: 4_096)) == nil)
        #expect(OwnershipRecord.read(Array("1 7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11 7 ".utf8) + [0xFF]) == nil)
    }

    @Test("a domain's state, by what Xen says of it")
    func namesState() {
        #expect(DomainState(XenDomainFlags()) == .running)
        #expect(DomainState(XenDomainFlags(isPaused: true)) == .paused)
        #expect(DomainState(XenDomainFlags(shutdownReason: 0)) == .ended(.powerOff))
        #expect(DomainState(XenDomainFlags(isPaused: true, shutdownReason: 1)) == .ended(.reboot))
        #expect(DomainState(XenDomainFlags(shutdownReason: 2)) == .paused)
        #expect([3, 4, -1, 255].allSatisfy { DomainState(XenDomainFlags(shutdownReason: $0)) == .ended(.crash) })
        #expect(DomainState(XenDomainFlags(isDying: true, shutdownReason: 0)) == .dying)
    }

    @Test("a domain's memory is what was asked for, while libxl's target belongs to it")
    func readsMemory() {
        #expect(StoredAmounts.memory(asked: 512, target: 512 * 1_024, video: nil) == Mebibytes(512))
        #expect(StoredAmounts.memory(asked: 512, target: 511 * 1_024 - 8_192, video: 8_192) == Mebibytes(512))
        // Somebody else has changed the target.
        #expect(StoredAmounts.memory(asked: 512, target: 256 * 1_024, video: nil) == Mebibytes(256))
        #expect(StoredAmounts.memory(asked: nil, target: 300 * 1_024 + 1, video: nil) == Mebibytes(301))
        #expect(StoredAmounts.memory(asked: 512, target: nil, video: nil) == Mebibytes(512))
        #expect(StoredAmounts.memory(asked: nil, target: nil, video: nil) == nil)
    }

    @Test("virtual CPUs are those that are online for xenstore; other words count for nothing")
    func readsVirtualCPUs() {
        let online = Array("online".utf8)
        let offline = Array("offline".utf8)

        #expect(StoredAmounts.virtualCPUs([online, online, offline, nil, [0xFF]]) == 2)
        #expect(StoredAmounts.virtualCPUs([nil]) == nil)
    }

    @Test("a domain whose building was cut short has no CPU to ask for, and not as many as Xen's word for none")
    func knowsNoCPU() {
        #expect(StoredAmounts.numbers(upTo: 3) == 0..<4)
        #expect(StoredAmounts.numbers(upTo: 8_191).count == 8_192)
        #expect(StoredAmounts.numbers(upTo: .max).isEmpty)
    }

    @Test("the pool cannot have what is neither free nor its own, rounded up to 64 MiB")
    func countsMemory() {
        let pages = UInt64(256)
        let share = XenMemoryShare(
            totalPages: 16_384 * pages, freePages: 10_000 * pages, scrubPages: 240 * pages, poolKibibytes: 4_096 * 1_024)

        // 16384 - 10000 - 240 - 4096 = 2048.
        #expect(share.reserved == Mebibytes(2_048))
        var fewer = share
        fewer.freePages -= pages
        #expect(fewer.reserved == Mebibytes(2_112))
        #expect(XenMemoryShare.total(pages: 16_384 * pages + 255) == Mebibytes(16_384))
    }

    @Test("figures that contradict each other never give less than nothing, nor more than there is")
    func boundsMemory() {
        #expect(XenMemoryShare(totalPages: 256, freePages: .max, scrubPages: .max, poolKibibytes: .max).reserved <= Mebibytes(1))
        #expect(XenMemoryShare(totalPages: 2_560, freePages: 0, scrubPages: 0).reserved == Mebibytes(10))
    }

    @Test("where the kernel has no way to Xen, the refusal says so in one sentence, and in another what to do")
    func refusesWithoutHypervisor() {
        let error = #expect(throws: XenUnavailable.self) { try XenPresence.open(doors: ["/nowhere/privcmd"]) }

        #expect(
            error?.message
                == "There is no Xen here: /nowhere/privcmd do not exist. Boot this server with Xen and run ovm in Domain-0, as root."
        )
    }

    @Test("where Xen's libraries are missing, the refusal names the library and the package")
    func refusesWithoutLibrary() {
        let names = XenLibraryNames(libxl: "libxenlight.so.0.0", store: "libxenstore.so.4")

        let error = #expect(throws: XenUnavailable.self) { try XenPresence.open(doors: ["/"], names: names) }

        #expect(error?.cause.hasPrefix("Xen's library libxenlight.so.0.0 cannot be opened: ") == true)
        #expect(error?.cure.contains("libxenmisc4.17") == true)
    }

    @Test("a library of another kind is refused by the function that it lacks")
    func refusesOtherLibrary() {
        let error = #expect(throws: XenUnavailable.self) {
            try XenLibrary(XenLibraryNames(libxl: "libxenstore.so.4", store: "libxenstore.so.4"))
        }

        #expect(error == .functionMissing(library: "libxenstore.so.4", function: "libxl_ctx_alloc"))
    }

    @Test("Xen is chosen where it answers; where it does not, only an explicit wish makes a simulated server")
    func choosesHypervisor() throws {
        let silent: () throws(XenUnavailable) -> String = { () throws(XenUnavailable) in throw .noAnswer(reason: "test") }

        #expect(try HypervisorChoice(asked: nil, probe: { "4.17.7" }).reason == "The hypervisor is Xen 4.17.7, which answers here.")
        #expect(try HypervisorChoice(asked: .xen, probe: { "4.17.7" }).kind == .xen)
        #expect(try HypervisorChoice(asked: .simulated, probe: silent).kind == .simulated)
        for asked in [nil, HypervisorKind.xen] {
            let error = #expect(throws: HypervisorRefusal.self) { try HypervisorChoice(asked: asked, probe: silent) }
            #expect(error?.message.contains("--hypervisor simulated") == true)
        }
    }
}
