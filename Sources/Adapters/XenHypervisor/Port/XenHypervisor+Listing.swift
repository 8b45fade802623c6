package import AgentCore
import CXenLight
package import PoolModel
import Synchronization

extension XenHypervisor {
    /// Domains that are listed at most: Xen has no more numbers.
    private static let mostDomains = 32_768
    /// Bytes of a domain's name that are shown.
    private static let longestName = 255

    /// All domains but Domain-0.
    func list(_ context: XenContext) throws(XenFailure) -> [DomainReport] {
        let store = try XenStore(library)
        var reports: [DomainReport] = []
        try forEachDomain(context) { info in
            if info.domid != 0 { reports.append(report(info, store)) }
        }
        remember(reports)
        return reports
    }

    /// Calls `body` with every domain, Domain-0 included.
    func forEachDomain(_ context: XenContext, _ body: (libxl_dominfo) -> Void) throws(XenFailure) {
        var count: Int32 = 0
        guard let list = library.libxl.libxl_list_domain(context.handle, &count) else { throw context.failure(-3, "list the domains") }
        defer { library.libxl.libxl_dominfo_list_free(list, count) }
        guard (0...Self.mostDomains).contains(Int(count)) else { throw XenFailure("list the domains", reason: "it lists \(count)") }
        for index in 0..<Int(count) { body(list[index]) }
    }

    private func report(_ info: libxl_dominfo, _ store: XenStore) -> DomainReport {
        let domain = info.domid
        let uuid = Self.uuid(of: info)
        let ownership = ownership(of: domain, uuid, store)
        // A stranger's memory and CPUs are what Xen says; those of the pool are what was asked for, since a guest takes its time.
        let amounts = ownership == nil ? nil : StoredAmounts(domain: domain, highestCPU: info.vcpu_max_id, in: store)
        return DomainReport(
            domain: domain, name: name(of: domain, uuid, store), uuid: uuid, state: state(of: info, store),
            memory: amounts?.memory ?? Mebibytes(Int(clamping: (info.current_memkb + 1_023) / 1_024)),
            virtualCPUs: amounts?.virtualCPUs ?? Int(clamping: info.vcpu_online), ownership: ownership)
    }

    /// A guest that was suspended for an image of ours, or to be sent, goes on only if it is told to; another's is somebody else's doing, and shows as paused.
    private func state(of info: libxl_dominfo, _ store: XenStore) -> DomainState {
        let flags = XenDomainFlags(info)
        let isSuspended = flags.shutdownReason == 2 && !flags.isDying
        let isOurDoing = isSuspended && (imagePath(of: info.domid, store) != nil || isSent(info.domid, store))
        return isOurDoing ? .suspended : DomainState(flags)
    }

    /// The owner of a domain: by its mark, or where xenstore has no such domain, as it was seen last, or as it was to be built.
    func ownership(of domain: UInt32, _ uuid: UniqueIdentifier, _ store: XenStore) -> DomainOwnership? {
        if let written = OwnershipRecord.read(domain: domain, in: store) { return written }
        if let known = memory.withLock({ $0.ownership(of: domain, uuid: uuid) }) { return known }
        // An agent that was killed while it built the domain has left it without a name, memory and devices.
        guard store.permissions("/local/domain/\(domain)") == nil else { return nil }
        return OwnershipRecord.readBuilding(uuid, in: store)
    }

    private func name(of domain: UInt32, _ uuid: UniqueIdentifier, _ store: XenStore) -> String {
        if let bytes = store.bytes("/local/domain/\(domain)/name", longest: Self.longestName),
            let text = String(validating: bytes, as: UTF8.self)
        {
            let shown = ForeignText.shown(text, longest: Self.longestName)
            if !shown.isEmpty { return shown }
        }
        let known = memory.withLock { $0.domains[domain] }
        return known.flatMap { $0.uuid == uuid ? $0.name : nil } ?? "domain-\(domain)"
    }

    private func remember(_ reports: [DomainReport]) {
        memory.withLock { memory in
            memory.domains = [:]
            for report in reports {
                guard let ownership = report.ownership else { continue }
                memory.domains[report.domain] = HostMemory.KnownDomain(uuid: report.uuid, name: report.name, ownership: ownership)
            }
        }
    }

    static func uuid(of info: libxl_dominfo) -> UniqueIdentifier {
        withUnsafeBytes(of: info.uuid) { bytes in
            let words = [bytes[0..<8], bytes[8..<16]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            return UniqueIdentifier(high: words[0], low: words[1])
        }
    }
}

/// What Xen says of a domain's life (`libxl_dominfo`).
package struct XenDomainFlags: Hashable, Sendable {
    package var isPaused = false
    package var isDying = false
    /// The reason of a shutdown (`libxl_shutdown_reason`, SHUTDOWN_* in Xen's sched.h); nil while the guest has not ended.
    package var shutdownReason: Int32?

    package init(isPaused: Bool = false, isDying: Bool = false, shutdownReason: Int32? = nil) {
        self.isPaused = isPaused
        self.isDying = isDying
        self.shutdownReason = shutdownReason
    }

    init(_ info: libxl_dominfo) {
        self.init(
            isPaused: info.paused, isDying: info.dying,
            shutdownReason: info.shutdown ? Int32(truncatingIfNeeded: info.shutdown_reason.rawValue) : nil)
    }
}

extension DomainState {
    /// The pool's word for a domain's state.
    package init(_ flags: XenDomainFlags) {
        guard !flags.isDying else {
            self = .dying
            return
        }
        switch flags.shutdownReason {
        case nil: self = flags.isPaused ? .paused : .running
        case 0: self = .ended(.powerOff)
        // A soft reset is a kernel that starts another by itself; without the tool for that it is a reboot.
        case 1, 5: self = .ended(.reboot)
        // Suspended for a save or a migration: its guest stands still and can go on.
        case 2: self = .paused
        // Crashed, ended by its watchdog, or unknown.
        default: self = .ended(.crash)
        }
    }
}

/// A domain's memory and virtual CPUs as the tools have asked for them, which xenstore keeps where a guest may only read.
package struct StoredAmounts: Hashable, Sendable {
    package let memory: Mebibytes?
    package let virtualCPUs: Int?

    init(domain: UInt32, highestCPU: UInt32, in store: XenStore) {
        let path = "/local/domain/\(domain)"
        memory = Self.memory(
            asked: store.number("\(path)/\(OwnershipRecord.memoryNode)"), target: store.number("\(path)/memory/target"),
            video: store.number("\(path)/memory/videoram"))
        virtualCPUs = Self.virtualCPUs(Self.numbers(upTo: highestCPU).map { store.bytes("\(path)/cpu/\($0)/availability", longest: 16) })
    }

    /// The numbers of a domain's CPUs: none of one that has got none yet, of which Xen says that the highest is number 4,294,967,295.
    package static func numbers(upTo highest: UInt32) -> Range<UInt32> { highest < mostCPUs ? 0..<highest + 1 : 0..<0 }

    /// CPUs that a domain can have (Xen's bound for paravirtualized ones, the larger of its bounds).
    private static let mostCPUs: UInt32 = 8_192

    /// - Parameters:
    ///   - asked: MiB that this adapter asked for.
    ///   - target: KiB that the guest is told to have, without `video`.
    /// - Returns: `asked` while the target belongs to it: libxl keeps up to 1 MiB for itself.
    package static func memory(asked: Int?, target: Int?, video: Int?) -> Mebibytes? {
        guard let target, target > 0 else { return asked.map { Mebibytes($0) } }
        let kibibytes = target + (video ?? 0)
        if let asked, (asked - 1) * 1_024 <= kibibytes, kibibytes <= asked * 1_024 { return Mebibytes(asked) }
        return Mebibytes((kibibytes + 1_023) / 1_024)
    }

    /// How many are `online`; nil where none says.
    package static func virtualCPUs(_ states: [[UInt8]?]) -> Int? {
        let online = states.filter { $0 == Array("online".utf8) }.count
        return online > 0 ? online : nil
    }
}
