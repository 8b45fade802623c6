import AgentCore
import PoolModel

/// Why a simulated host does not do what it is asked; the sentences that an operator reads as the cause of a failed operation.
enum SimulatedRefusal: Error, Hashable, Sendable {
    case noSuchDomain(UInt32)
    case nameTaken(String, by: UInt32)
    case uuidTaken(UniqueIdentifier, by: UInt32)
    case notEnoughMemory(needed: Mebibytes, free: Mebibytes)
    case noMemory
    case noProcessor
    case unsupportedType(DomainType)
    case noSuchBridge(String)
    case noSuchDisk(String)
    case tooManyDomains
    case stillBuilding(UInt32)
    case notPaused(UInt32)
    case notRunning(UInt32)
    case alreadyEnded(UInt32)
    case destroyedWhileBuilt(UInt32)
    case aboveMaximum(UInt32)
    case badName
    case tooManyFaults
    case badDuration
    case badCause
    case notEnded(UInt32)
    case notSuspended(UInt32)
    case suspendCutShort(UInt32)
    case noSuchImage(String)
    case anotherDomainCame
    case deviceTaken(String, UInt32)
    case noSuchDrive(String, UInt32)
    case badDevice

    var message: String {
        switch self {
        case .noSuchDomain(let number): "Domain \(number) does not exist."
        case .nameTaken(let name, let number): "Domain \(number) already has the name \(name)."
        case .uuidTaken(let uuid, let number): "Domain \(number) already has the UUID \(uuid)."
        case .notEnoughMemory(let needed, let free): "There is not enough free memory: \(needed) needed, \(free) free."
        case .noMemory: "A domain needs memory, and this one asks for none."
        case .noProcessor: "A domain needs a virtual CPU, and this one asks for none."
        case .unsupportedType(let type): "The hypervisor cannot run domains of the type \(type.rawValue)."
        case .noSuchBridge(let bridge): "The bridge \(bridge) does not exist."
        case .noSuchDisk(let path): "The disk \(path) does not exist: no storage root of this server contains it."
        case .tooManyDomains: "The host already has \(SimulatedHostLimits.domains) domains, which is its limit."
        case .stillBuilding(let number): "Domain \(number) is still being built."
        case .notPaused(let number): "Domain \(number) is not paused."
        case .notRunning(let number): "Domain \(number) does not run."
        case .alreadyEnded(let number): "The guest of domain \(number) has ended."
        case .destroyedWhileBuilt(let number): "Domain \(number) was destroyed while it was being built."
        case .aboveMaximum(let number): "Domain \(number) was built for less memory or fewer virtual CPUs than that."
        case .badName: "The name is empty or longer than \(ForeignDomain.longestName) bytes."
        case .badDuration: "The duration is below zero or longer than a day."
        case .notEnded(let number): "The guest of domain \(number) has not ended, or its domain is being taken down."
        case .notSuspended(let number): "The guest of domain \(number) is not suspended."
        case .suspendCutShort(let number): "The suspend of domain \(number) was cut short by the end of an agent; its guest goes on."
        case .noSuchImage(let path):
            "The image \(path) is not there: its guest went on from it before, or it was removed. Throw its memory away with a forced stop."
        case .anotherDomainCame: "Another domain came than was to be received."
        case .deviceTaken(let device, let number): "Domain \(number) has another device \(device)."
        case .noSuchDrive(let device, let number): "Domain \(number) has no drive \(device)."
        case .badDevice: "The device is described in a way that cannot be read."
        case .badCause: "The cause is empty or longer than \(SimulatedHostLimits.causeBytes) bytes."
        case .tooManyFaults: "More faults wait, or more names ignore a shutdown, than a simulated host remembers."
        }
    }
}

extension SimulatedHostModel {
    /// A domain that a guest lives in: built, neither ended nor dying.
    func living(_ number: UInt32) throws(SimulatedRefusal) -> SimulatedDomain {
        guard let domain = domains[number] else { throw .noSuchDomain(number) }
        guard !domain.isBuilding else { throw .stillBuilding(number) }
        switch domain.state {
        case .running, .paused: return domain
        case .ended: throw .alreadyEnded(number)
        case .dying, .suspended: throw .notRunning(number)
        }
    }

    @discardableResult
    func requireUnpausable(_ number: UInt32) throws(SimulatedRefusal) -> SimulatedDomain {
        let domain = try living(number)
        guard domain.state == .paused else { throw .notPaused(number) }
        return domain
    }

    @discardableResult
    func requireRunning(_ number: UInt32) throws(SimulatedRefusal) -> SimulatedDomain {
        let domain = try living(number)
        guard domain.state == .running else { throw .notRunning(number) }
        return domain
    }

    /// A domain whose guest has ended, and that is not being taken down.
    func requireDumpable(_ number: UInt32) throws(SimulatedRefusal) -> SimulatedDomain {
        guard let domain = domains[number] else { throw .noSuchDomain(number) }
        guard case .ended = domain.state else { throw .notEnded(number) }
        return domain
    }

    /// What is more than now must be free, and what is asked for within the maximum that the domain was built with.
    func requireResizable(_ number: UInt32, _ memory: Mebibytes, _ virtualCPUs: Int) throws(SimulatedRefusal) {
        let domain = try living(number)
        guard memory > .zero else { throw .noMemory }
        guard virtualCPUs > 0 else { throw .noProcessor }
        if let most = domain.specification?.requirements {
            guard memory <= most.maximumMemory, virtualCPUs <= most.maximumVirtualCPUs else { throw .aboveMaximum(number) }
        }
        let free = freeMemory + domain.memory
        guard memory <= free else { throw .notEnoughMemory(needed: memory, free: free) }
    }

    func requireAcceptable(_ specification: DomainSpecification) throws(SimulatedRefusal) {
        let requirements = specification.requirements
        guard capacity.domainTypes.contains(requirements.domainType) else { throw .unsupportedType(requirements.domainType) }
        guard requirements.virtualCPUs > 0 else { throw .noProcessor }
        try requireRoom(name: specification.name.text, uuid: specification.uuid, memory: requirements.memory)
        for interface in requirements.interfaces where !capacity.bridges.contains(where: { $0.name == interface.bridge }) {
            throw .noSuchBridge(interface.bridge)
        }
        for path in requirements.diskPaths where !capacity.storageRoots.contains(where: { Self.is(path, below: $0.path) }) {
            throw .noSuchDisk(path)
        }
    }

    func requireRoom(name: String, uuid: UniqueIdentifier, memory: Mebibytes) throws(SimulatedRefusal) {
        for number in domains.keys.sorted() {
            guard let domain = domains[number] else { continue }
            if domain.name == name { throw .nameTaken(name, by: number) }
            if domain.uuid == uuid { throw .uuidTaken(uuid, by: number) }
        }
        guard domains.count < SimulatedHostLimits.domains else { throw .tooManyDomains }
        guard memory > .zero else { throw .noMemory }
        guard memory <= freeMemory else { throw .notEnoughMemory(needed: memory, free: freeMemory) }
    }

    static func `is`(_ path: String, below root: String) -> Bool {
        path.hasPrefix(root == "/" ? root : root + "/")
    }
}
