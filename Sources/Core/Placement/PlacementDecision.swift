package import PoolModel

/// What the decision says, with its reasons for every server.
package struct PlacementDecision: Hashable, Sendable {
    /// The server to start on; nil when every candidate refused.
    package let chosen: ServerID?
    /// One for each server, best first, then the refused ones by name.
    package let verdicts: [PlacementVerdict]

    package init(chosen: ServerID?, verdicts: [PlacementVerdict]) {
        self.chosen = chosen
        self.verdicts = verdicts
    }
}

/// What was found about one server.
package struct PlacementVerdict: Hashable, Sendable {
    package let server: ServerID
    package let name: ServerName
    package let finding: PlacementFinding
    /// The soft rules that the machine would break there, by name; none where the server is refused.
    package let brokenRules: [RuleConflict]

    package init(server: ServerID, name: ServerName, finding: PlacementFinding, brokenRules: [RuleConflict] = []) {
        self.server = server
        self.name = name
        self.finding = finding
        self.brokenRules = brokenRules
    }
}

/// A score, or the first rule that refused.
package enum PlacementFinding: Hashable, Sendable {
    case score(PlacementScore)
    case refused(PlacementRefusal)
}

/// The shares of a server that would remain free after the start, in millionths, rounded down.
package struct PlacementScore: Hashable, Sendable {
    package let memory: Int
    package let processors: Int
    package let network: Int
    package let disk: Int
    /// Virtual machines that are placed there already.
    package let machines: Int

    package init(memory: Int, processors: Int, network: Int, disk: Int, machines: Int) {
        self.memory = memory
        self.processors = processors
        self.network = network
        self.disk = disk
        self.machines = machines
    }

    /// The server's score: the smallest share.
    package var smallest: Int { min(memory, processors, network, disk) }
    /// Decides between equal scores.
    package var sum: Int { memory + processors + network + disk }
}

/// Why a server cannot take a virtual machine, as a stable word for programs.
package enum PlacementRefusalType: String, Hashable, Sendable, CaseIterable {
    case seenOutside = "seen-outside"
    case notPreferred = "not-preferred"
    case leftOut = "left-out"
    case inMaintenance = "in-maintenance"
    case lost
    case stopped
    case joining
    case withoutRole = "without-role"
    case imageNotReached = "image-not-reached"
    case runsThere = "runs-there"
    case hypervisorOlder = "hypervisor-older"
    case processorDiffers = "processor-differs"
    case storageNotShared = "storage-not-shared"
    case domainTypeNotSupported = "domain-type-not-supported"
    case storageNotSeen = "storage-not-seen"
    case bridgeMissing = "bridge-missing"
    case keptTogether = "kept-together"
    case keptApart = "kept-apart"
    case notEnoughMemory = "not-enough-memory"
    case notEnoughProcessors = "not-enough-processors"
    case notEnoughNetwork = "not-enough-network"
    case notEnoughDisk = "not-enough-disk"
}

/// Why a server cannot take a virtual machine. The first rule that refuses is named, in the order of the cases.
package enum PlacementRefusal: Hashable, Sendable {
    /// A domain of it exists already, unasked, somewhere in the pool.
    case seenOutside(MachineSighting)
    case notPreferred
    case leftOut
    case inMaintenance
    case lost
    case stopped
    case joining
    case withoutRole
    /// The image that it is to go on from is out of reach.
    case imageNotReached(ImagePlace)
    /// The guest that is to go on may use what the CPUs lack.
    case processorDiffers(ProcessorGap, from: ServerName)
    /// It is to move away from there.
    case runsThere
    /// A guest moves to the same version of Xen, or to a newer one.
    case hypervisorOlder(String, from: ServerName, String)
    /// One of its disks is on the own disk of the server that it runs on, or of this one.
    case storageNotShared(path: String, from: ServerName)
    case domainTypeNotSupported(DomainType)
    case storageNotSeen(path: String)
    case bridgeMissing(String)
    /// A hard rule would be broken.
    case brokenRule(RuleConflict)
    case notEnoughMemory(needed: Mebibytes, free: Mebibytes)
    case notEnoughProcessors(needed: Int, free: Int)
    case notEnoughNetwork(bridge: String, needed: KilobitsPerSecond, free: KilobitsPerSecond)
    case notEnoughDisk(needed: Mebibytes, free: Mebibytes)

    package var type: PlacementRefusalType {
        switch self {
        case .seenOutside: .seenOutside
        case .notPreferred: .notPreferred
        case .leftOut: .leftOut
        case .inMaintenance: .inMaintenance
        case .lost: .lost
        case .stopped: .stopped
        case .joining: .joining
        case .withoutRole: .withoutRole
        case .imageNotReached: .imageNotReached
        case .processorDiffers: .processorDiffers
        case .runsThere: .runsThere
        case .hypervisorOlder: .hypervisorOlder
        case .storageNotShared: .storageNotShared
        case .domainTypeNotSupported: .domainTypeNotSupported
        case .storageNotSeen: .storageNotSeen
        case .bridgeMissing: .bridgeMissing
        case .brokenRule(let conflict): conflict.kind == .affinity ? .keptTogether : .keptApart
        case .notEnoughMemory: .notEnoughMemory
        case .notEnoughProcessors: .notEnoughProcessors
        case .notEnoughNetwork: .notEnoughNetwork
        case .notEnoughDisk: .notEnoughDisk
        }
    }

    /// Features that a reason names.
    private static let namedFeatures = 8

    private static func words(_ gap: ProcessorGap, _ server: ServerName) -> String {
        if let vendor = gap.vendor { return "has CPUs of another maker (\(vendor)) than server \(server), where its guest ran" }
        let rest = gap.features.count - namedFeatures
        let names = gap.features.prefix(namedFeatures).joined(separator: ", ") + (rest > 0 ? " and \(rest) more features" : "")
        return "has CPUs that lack \(names), which its guest found on server \(server)"
    }

    /// The reason with its figures, to stand after a server's name.
    package var message: String {
        switch self {
        case .seenOutside(let sighting): "must not start it: \(sighting.words)"
        case .notPreferred: "is not a preferred server of this virtual machine"
        case .leftOut: "was left out of the question"
        case .inMaintenance: "is in maintenance"
        case .lost: "has not been heard of"
        case .stopped: "has its agent stopped"
        case .joining: "has not opened a session yet"
        case .withoutRole: "does not hold the Virtual Machine Server role"
        case .imageNotReached(let image):
            image.root.map { "does not see the shared storage \($0), where its memory is" }
                ?? "does not reach its memory, which is on the own disk of server \(image.name)"
        case .processorDiffers(let gap, let server): Self.words(gap, server)
        case .runsThere: "runs it already"
        case .hypervisorOlder(let there, let server, let here): "has Xen \(there), older than the \(here) of server \(server)"
        case .storageNotShared(let path, let server): "does not share the storage of \(path) with server \(server)"
        case .domainTypeNotSupported(let type): "cannot run \(type.rawValue) domains"
        case .storageNotSeen(let path): "has no storage root that holds \(path)"
        case .bridgeMissing(let bridge): "has no bridge \(bridge)"
        case .brokenRule(let conflict): conflict.refusal
        case .notEnoughMemory(let needed, let free): "has \(free) of memory free, \(needed) are needed"
        case .notEnoughProcessors(let needed, let free): "has room for \(free) virtual CPUs, \(needed) are needed"
        case .notEnoughNetwork(let bridge, let needed, let free): "has \(free) free on bridge \(bridge), \(needed) are needed"
        case .notEnoughDisk(let needed, let free): "has \(free) of local storage free, \(needed) are needed"
        }
    }
}
