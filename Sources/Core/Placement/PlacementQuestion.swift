package import PoolModel

/// A server as a candidate: what it has, and what it has promised already.
package struct PlacementCandidate: Hashable, Sendable {
    package let server: ServerID
    package let name: ServerName
    package let availability: ServerAvailability
    package let roles: ServerRoles
    /// Nil until the server has told them.
    package let facts: ServerFacts?
    package let reservations: ServerReservations

    package init(
        server: ServerID, name: ServerName, availability: ServerAvailability, roles: ServerRoles, facts: ServerFacts?,
        reservations: ServerReservations
    ) {
        self.server = server
        self.name = name
        self.availability = availability
        self.roles = roles
        self.facts = facts
        self.reservations = reservations
    }
}

/// Whether a server takes new virtual machines.
package enum ServerAvailability: Hashable, Sendable {
    case active
    case inMaintenance
    /// It has not been heard of.
    case lost
    /// Its agent was stopped in good order and has not come back.
    case stopped
    /// It has not opened a session yet.
    case joining
}

/// What the placed virtual machines of a server take together.
package struct ServerReservations: Hashable, Sendable {
    package var memory = Mebibytes.zero
    package var virtualCPUs = 0
    /// By bridge, in kilobits a second.
    package var rates: [String: Int] = [:]
    package var newImages = Mebibytes.zero
    package var machines = 0

    package init() {}

    /// Adds what a machine takes.
    package mutating func add(_ requirements: MachineRequirements) {
        memory = memory + requirements.memory
        virtualCPUs += requirements.virtualCPUs
        // A rate of zero leaves no entry, so that equal reservations are equal values whatever came and went.
        for interface in requirements.interfaces where interface.rate > .zero {
            rates[interface.bridge, default: 0] += interface.rate.count
        }
        newImages = newImages + requirements.newImageSize
        machines += 1
    }

    /// Gives back what a machine took.
    package mutating func remove(_ requirements: MachineRequirements) {
        memory = memory - requirements.memory
        virtualCPUs = max(0, virtualCPUs - requirements.virtualCPUs)
        for interface in requirements.interfaces {
            let left = (rates[interface.bridge] ?? 0) - interface.rate.count
            rates[interface.bridge] = left > 0 ? left : nil
        }
        newImages = newImages - requirements.newImageSize
        machines = max(0, machines - 1)
    }
}

/// Which server shall a virtual machine start on?
package struct PlacementQuestion: Hashable, Sendable {
    package let requirements: MachineRequirements
    /// Empty: every server is a candidate.
    package let preferredServers: [ServerID]
    package let candidates: [PlacementCandidate]
    /// Virtual CPUs for each physical one.
    package let overcommitRatio: Int
    /// Servers that a what-if question takes for gone.
    package let leftOut: [ServerID]
    /// The rules that the machine is a member of, by name; what is placed on left out servers is gone with them.
    package let rules: [PlacementRule]
    /// Where the machine is seen although the pool did not ask for it: then no server may start it.
    package let sighting: MachineSighting?
    /// Where the image lies that the machine is to go on from; nil where it starts cold.
    package let image: ImagePlace?
    /// Where the machine runs that is to move; nil where it is to start.
    package let move: MovePlace?

    package init(
        requirements: MachineRequirements, preferredServers: [ServerID], candidates: [PlacementCandidate], overcommitRatio: Int,
        leftOut: [ServerID] = [], rules: [PlacementRule] = [], sighting: MachineSighting? = nil,
        image: ImagePlace? = nil, move: MovePlace? = nil
    ) {
        self.requirements = requirements
        self.preferredServers = preferredServers
        self.candidates = candidates.sorted { $0.server < $1.server }
        self.overcommitRatio = overcommitRatio
        self.leftOut = leftOut
        self.rules = rules.map { $0.leavingOut(leftOut) }.sorted { $0.name < $1.name }
        self.sighting = sighting
        self.image = image
        self.move = move
    }
}

/// Where a virtual machine runs that is to move to another server.
package struct MovePlace: Hashable, Sendable {
    package let server: ServerID
    package let name: ServerName
    /// What that server has.
    package let facts: ServerFacts

    package init(server: ServerID, name: ServerName, facts: ServerFacts) {
        self.server = server
        self.name = name
        self.facts = facts
    }

    /// Why a machine that runs here cannot go on at a candidate; nil where nothing is known that would keep it from that.
    func refusal(of candidate: ServerID, _ other: ServerFacts, _ requirements: MachineRequirements) -> PlacementRefusal? {
        guard candidate != server else { return .runsThere }
        if let here = Self.version(facts.hypervisor), let there = Self.version(other.hypervisor), there < here {
            return .hypervisorOlder(other.hypervisor, from: name, facts.hypervisor)
        }
        // A guest that goes on uses what it found when it booted.
        if let processor = facts.processor, let others = other.processor, let gap = processor.gap(to: others) {
            return .processorDiffers(gap, from: name)
        }
        for path in requirements.diskPaths {
            // That no root there holds it is said by the rule about storage.
            guard let root = PlacementPlanner.root(of: path, other) else { continue }
            guard root.isShared, PlacementPlanner.root(of: path, facts)?.isShared == true else {
                return .storageNotShared(path: path, from: name)
            }
        }
        return nil
    }

    /// The first two numbers of a version, such as those of `4.17.5`; nil where there are none.
    private static func version(_ text: String) -> (Int, Int)? {
        let parts = text.split(separator: ".", maxSplits: 2)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix { $0.isNumber }) else { return nil }
        return (major, minor)
    }
}

/// Where the image of a suspended machine's memory lies.
package struct ImagePlace: Hashable, Sendable {
    /// The server that wrote it.
    package let server: ServerID
    package let name: ServerName
    /// The shared storage root that it lies below; nil: it is on that server's own disk.
    package let root: String?
    /// The CPUs that its guest ran on; nil where nobody tells.
    package let processor: ProcessorFacts?

    package init(server: ServerID, name: ServerName, root: String?, processor: ProcessorFacts? = nil) {
        self.server = server
        self.name = name
        self.root = root
        self.processor = processor
    }

    /// Why a server cannot resume from it; nil where it can, or where nothing is known that would keep it from that.
    func refusal(of candidate: ServerID, _ facts: ServerFacts) -> PlacementRefusal? {
        guard candidate != server else { return root == nil || isReached(facts) ? nil : .imageNotReached(self) }
        guard isReached(facts) else { return .imageNotReached(self) }
        // A guest that goes on uses what it found when it booted.
        guard let processor, let other = facts.processor, let gap = processor.gap(to: other) else { return nil }
        return .processorDiffers(gap, from: name)
    }

    private func isReached(_ facts: ServerFacts) -> Bool { facts.storageRoots.contains { $0.path == root && $0.isShared } }
}
