import CXenLight
package import PoolModel
import ServerEnvironment
import Synchronization

extension XenHypervisor {
    /// How often memory is looked at again that moves while it is counted.
    private static let counts = 4

    func facts(_ context: XenContext, _ roots: [StorageRoot]) throws(XenFailure) -> ServerFacts {
        let linux: LinuxServerFacts
        do throws(EnvironmentError) { linux = try LinuxServerFacts() } catch {
            throw XenFailure("tell the server's facts", reason: Self.middle(of: error))
        }
        let version = try context.version()
        let info = try context.physicalInfo()
        return ServerFacts(
            totalMemory: XenMemoryShare.total(pages: info.total_pages), reservedMemory: try reservedMemory(context),
            processors: max(1, Int(clamping: info.nr_cpus)), cards: linux.cards, bridges: linux.bridges, storageRoots: roots,
            domainTypes: info.domainTypes, hypervisor: version.text,
            processor: XenProcessorReading(info).facts(LinuxProcessor(), info.domainTypes))
    }

    /// Memory that the pool cannot have. While domains are built or taken down it cannot be counted, and the last figure stays.
    private func reservedMemory(_ context: XenContext) throws(XenFailure) -> Mebibytes {
        var share = XenMemoryShare()
        for _ in 0..<Self.counts {
            let before = try context.physicalInfo()
            share = try memoryShare(context, before)
            let after = try context.physicalInfo()
            guard before.free_pages == after.free_pages, before.scrub_pages == after.scrub_pages else { continue }
            let reserved = share.reserved
            memory.withLock { $0.reserved = reserved }
            return reserved
        }
        return memory.withLock { $0.reserved } ?? share.reserved
    }

    private func memoryShare(_ context: XenContext, _ info: libxl_physinfo) throws(XenFailure) -> XenMemoryShare {
        let store = try XenStore(library)
        var share = XenMemoryShare(totalPages: info.total_pages, freePages: info.free_pages, scrubPages: info.scrub_pages)
        try forEachDomain(context) { domain in
            let isOurs = domain.domid != 0 && ownership(of: domain.domid, Self.uuid(of: domain), store) != nil
            if isOurs { share.poolKibibytes += domain.current_memkb }
        }
        return share
    }
}

/// How the server's memory is divided.
package struct XenMemoryShare: Hashable, Sendable {
    /// Pages of 4 KiB, as `libxl_physinfo` has them.
    package var totalPages: UInt64 = 0
    package var freePages: UInt64 = 0
    /// Given back, and still to be wiped.
    package var scrubPages: UInt64 = 0
    /// What the pool's own domains have.
    package var poolKibibytes: UInt64 = 0

    /// The share of Xen is rounded up to a multiple of this: Xen's book-keeping for each domain makes it move by a few MiB, and each
    /// change of a fact is a write to the pool's log.
    package static let step = 64

    package init() {}

    package init(totalPages: UInt64, freePages: UInt64, scrubPages: UInt64, poolKibibytes: UInt64 = 0) {
        self.totalPages = totalPages
        self.freePages = freePages
        self.scrubPages = scrubPages
        self.poolKibibytes = poolKibibytes
    }

    package static func total(pages: UInt64) -> Mebibytes { Mebibytes(Int(clamping: pages / 256)) }

    /// What the pool can never have, whoever has it: Xen, Domain-0, foreign domains. What is free or the pool's is not part of it.
    package var reserved: Mebibytes {
        let total = Self.total(pages: totalPages).count
        let reachable = (freePages &+ scrubPages) / 256 &+ poolKibibytes / 1_024
        let rest = max(0, total - Int(clamping: reachable))
        return Mebibytes(min(total, (rest + Self.step - 1) / Self.step * Self.step))
    }
}
