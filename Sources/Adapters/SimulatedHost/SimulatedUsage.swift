import AgentCore
package import AgentPorts
package import PoolModel

/// How long a domain has run.
struct SimulatedRun: Hashable, Sendable {
    private var former = Duration.zero
    private var since: MonotonicInstant?

    /// - Parameter former: for how long it had run elsewhere.
    init(former: Duration = .zero) { self.former = former }

    /// Takes note of an event of the domain's.
    mutating func note(_ kind: SimulatedHostEventKind, at instant: MonotonicInstant) {
        switch kind {
        case .started: since = since ?? instant
        case .paused, .ended, .stopped:
            former = length(at: instant)
            since = nil
        case .booted, .created, .dumped, .imageWritten, .imageConsumed, .imageRemoved, .sent, .received: break
        }
    }

    func length(at now: MonotonicInstant) -> Duration { former + (since.map { max(.zero, now - $0) } ?? .zero) }
}

/// What a domain has used, as the protocol spells it: little for each, so that all fit into a line. The rest follows from how long it ran.
struct UsageDocument: Codable, Sendable {
    let domain: UInt32
    let ownership: OwnershipDocument
    /// For how long it has run.
    let nanoseconds: Int64
    /// In MiB.
    let memory: Int
    let virtualCPUs: Int
    let disks: Int
    let interfaces: Int

    /// - Throws: for what is out of bounds.
    func usage() throws(DocumentFault) -> DomainUsage {
        let counts = 0...DomainUsage.mostDevices
        guard nanoseconds >= 0, (0...SimulatedHostLimits.memory.count).contains(memory), (0...65_536).contains(virtualCPUs),
            counts.contains(disks), counts.contains(interfaces)
        else { throw DocumentFault("the usage of domain \(domain) is out of bounds") }
        let milliseconds = UInt64(nanoseconds / 1_000_000)
        /// So many in a second, more with the device's place.
        func count(_ perSecond: UInt64, _ place: Int) -> UInt64 { milliseconds * perSecond / (1_000 * UInt64(place + 1)) }
        return DomainUsage(
            domain: domain, ownership: try ownership.ownership(),
            // An eighth of each of its CPUs; it cannot overflow: milliseconds before it is multiplied.
            processorTime: .milliseconds(Int64(milliseconds) / 8 * Int64(virtualCPUs)), memory: UInt64(memory) * 1_048_576,
            disks: (0..<disks).map { place in
                let (reads, writes) = (count(20, place), count(12, place))
                return DiskUsage(
                    name: Self.diskName(place), readBytes: reads * 16_384, writtenBytes: writes * 8_192, reads: reads, writes: writes)
            },
            interfaces: (0..<interfaces).map { place in
                let (received, sent) = (count(50, place), count(30, place))
                return InterfaceUsage(
                    name: "\(place)", receivedBytes: received * 900, sentBytes: sent * 300, receivedPackets: received, sentPackets: sent)
            })
    }

    /// xvda to xvdz, then xvdaa and so on.
    private static func diskName(_ place: Int) -> String {
        func letter(_ number: Int) -> String { String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number % 26))) }
        return "xvd" + (place < 26 ? "" : letter(place / 26 - 1)) + letter(place)
    }
}

extension SimulatedHostModel {
    /// What the domains of pools have used by `now`, by number.
    package func usage(at now: MonotonicInstant) -> [DomainUsage] {
        usageDocuments(at: now).map { document -> DomainUsage in
            do throws(DocumentFault) { return try document.usage() } catch {
                preconditionFailure("a host of our own is out of bounds: \(error.reason)")
            }
        }
    }

    func usageDocuments(at now: MonotonicInstant) -> [UsageDocument] {
        domains.keys.sorted().compactMap { number -> UsageDocument? in
            guard let domain = domains[number], let specification = domain.specification else { return nil }
            let requirements = specification.requirements
            return UsageDocument(
                domain: number, ownership: OwnershipDocument(specification.ownership),
                nanoseconds: (runs[number]?.length(at: now) ?? .zero).wholeNanoseconds, memory: domain.memory.count,
                // Those that it was built with: what it has used never becomes less.
                virtualCPUs: max(0, min(requirements.virtualCPUs, 65_536)),
                disks: min(requirements.diskPaths.count, DomainUsage.mostDevices),
                interfaces: min(requirements.interfaces.count, DomainUsage.mostDevices))
        }
    }
}
