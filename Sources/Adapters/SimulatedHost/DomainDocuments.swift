import AgentCore
import PoolModel

/// Whom a domain belongs to, as the protocol spells it.
struct OwnershipDocument: Codable, Sendable {
    let pool: String
    let machine: UInt64
    let epoch: UInt64

    init(_ ownership: DomainOwnership) {
        pool = ownership.pool.description
        machine = ownership.machine.number
        epoch = ownership.epoch.number
    }

    func ownership() throws(DocumentFault) -> DomainOwnership {
        guard let pool = UniqueIdentifier(pool) else { throw DocumentFault("the pool of a domain is no UUID") }
        return DomainOwnership(pool: pool, machine: VirtualMachineID(machine), epoch: PlacementEpoch(epoch))
    }
}

/// A domain in a listing.
struct DomainDocument: Codable, Sendable {
    let domain: UInt32
    let name: String
    let uuid: String
    /// `running`, `paused`, `suspended`, `ended` or `dying`.
    let state: String
    /// Of an ended one: `powerOff`, `reboot` or `crash`.
    let end: String?
    /// In MiB.
    let memory: Int
    let virtualCPUs: Int
    let ownership: OwnershipDocument?

    init(_ report: DomainReport) {
        domain = report.domain
        name = report.name
        uuid = report.uuid.description
        memory = report.memory.count
        virtualCPUs = report.virtualCPUs
        ownership = report.ownership.map { OwnershipDocument($0) }
        switch report.state {
        case .running: (state, end) = ("running", nil)
        case .paused: (state, end) = ("paused", nil)
        case .suspended: (state, end) = ("suspended", nil)
        case .ended(let how): (state, end) = ("ended", how.rawValue)
        case .dying: (state, end) = ("dying", nil)
        }
    }

    func report() throws(DocumentFault) -> DomainReport {
        guard let uuid = UniqueIdentifier(uuid) else { throw DocumentFault("domain \(domain) has a malformed UUID") }
        guard name.utf8.count <= ForeignDomain.longestName else { throw DocumentFault("domain \(domain) has too long a name") }
        guard (0...SimulatedHostLimits.memory.count).contains(memory) else { throw DocumentFault("domain \(domain) has no possible size") }
        return DomainReport(
            domain: domain, name: name, uuid: uuid, state: try domainState(), memory: Mebibytes(memory),
            virtualCPUs: max(0, min(virtualCPUs, 65_536)), ownership: try ownership?.ownership())
    }

    private func domainState() throws(DocumentFault) -> DomainState {
        switch (state, end.map { DomainEnd(rawValue: $0) }) {
        case ("running", nil): return .running
        case ("paused", nil): return .paused
        case ("suspended", nil): return .suspended
        case ("dying", nil): return .dying
        case ("ended", .some(.some(let end))): return .ended(end)
        default: throw DocumentFault("domain \(domain) is in no known state")
        }
    }
}

/// An operation as the protocol spells it.
enum OperationDocument: Codable, Sendable {
    case create(SpecificationDocument)
    case unpause(domain: UInt32)
    case pause(domain: UInt32)
    case shutdown(domain: UInt32)
    case reboot(domain: UInt32)
    /// `memory` in MiB.
    case resize(domain: UInt32, memory: Int, virtualCPUs: Int)
    case changeDevice(domain: UInt32, DeviceDocument)
    case destroy(domain: UInt32)
    case dumpCore(domain: UInt32)
    case suspend(domain: UInt32, to: ImageDocument)
    case unsuspend(domain: UInt32)
    case removeImage(ImageDocument)
    case send(domain: UInt32, TransferDocument)
    case receive(SpecificationDocument, TransferDocument)

    init(_ operation: DomainOperation) {
        switch operation {
        case .createPaused(let specification): self = .create(SpecificationDocument(specification))
        case .unpause(let domain): self = .unpause(domain: domain)
        case .pause(let domain): self = .pause(domain: domain)
        case .shutdown(let domain): self = .shutdown(domain: domain)
        case .reboot(let domain): self = .reboot(domain: domain)
        case .resize(let domain, let memory, let virtualCPUs):
            self = .resize(domain: domain, memory: memory.count, virtualCPUs: virtualCPUs)
        case .changeDevice(let domain, let operation): self = .changeDevice(domain: domain, DeviceDocument(operation))
        case .destroy(let domain): self = .destroy(domain: domain)
        case .dumpCore(let domain): self = .dumpCore(domain: domain)
        case .suspend(let domain, let image): self = .suspend(domain: domain, to: ImageDocument(image))
        case .unsuspend(let domain): self = .unsuspend(domain: domain)
        case .removeImage(let image): self = .removeImage(ImageDocument(image))
        case .sendDomain(let domain, let transfer): self = .send(domain: domain, TransferDocument(transfer))
        case .receiveDomain(let specification, let transfer):
            self = .receive(SpecificationDocument(specification), TransferDocument(transfer))
        }
    }

    func operation() throws(DocumentFault) -> DomainOperation {
        switch self {
        case .create(let document): return .createPaused(try document.specification())
        case .unpause(let domain): return .unpause(domain: domain)
        case .pause(let domain): return .pause(domain: domain)
        case .shutdown(let domain): return .shutdown(domain: domain)
        case .reboot(let domain): return .reboot(domain: domain)
        case .resize(let domain, let memory, let virtualCPUs):
            guard (0...SimulatedHostLimits.memory.count).contains(memory), virtualCPUs >= 0 else {
                throw DocumentFault("a size is out of bounds")
            }
            return .resize(domain: domain, memory: Mebibytes(memory), virtualCPUs: virtualCPUs)
        case .changeDevice(let domain, let document): return .changeDevice(domain: domain, try document.operation())
        case .destroy(let domain): return .destroy(domain: domain)
        case .dumpCore(let domain): return .dumpCore(domain: domain)
        case .suspend(let domain, let image): return .suspend(domain: domain, to: try image.image())
        case .unsuspend(let domain): return .unsuspend(domain: domain)
        case .removeImage(let image): return .removeImage(try image.image())
        case .send(let domain, let transfer): return .sendDomain(domain: domain, try transfer.transfer())
        case .receive(let document, let transfer): return .receiveDomain(try document.specification(), try transfer.transfer())
        }
    }
}

/// A change of a device, as the protocol spells it.
struct DeviceDocument: Codable, Sendable {
    let kind: String
    let device: String
    let element: String
    let isForced: Bool

    init(_ operation: DeviceOperation) {
        kind = operation.kind.rawValue
        device = operation.device
        element = operation.element
        isForced = operation.isForced
    }

    func operation() throws(DocumentFault) -> DeviceOperation {
        guard let kind = DeviceChangeKind(rawValue: kind) else { throw DocumentFault("the change of a device is unknown") }
        guard (1...SimulatedHostLimits.nameBytes).contains(device.utf8.count) else { throw DocumentFault("a device has no possible name") }
        return DeviceOperation(kind, device: device, element: element, isForced: isForced)
    }
}

/// What it takes to build a domain, as the protocol spells it. Of the vm.cfg text its devices are sent: a simulated host has no use for the
/// rest.
struct SpecificationDocument: Codable, Sendable {
    let ownership: OwnershipDocument
    let name: String
    let uuid: String
    let type: String
    /// In MiB.
    let memory: Int
    let virtualCPUs: Int
    /// In MiB.
    let maximumMemory: Int
    let maximumVirtualCPUs: Int
    let interfaces: [InterfaceDocument]
    let diskPaths: [String]
    /// In MiB.
    let newImageSize: Int
    let image: ImageDocument?
    let devices: String?

    struct InterfaceDocument: Codable, Sendable {
        let bridge: String
        let kilobitsPerSecond: Int
    }

    init(_ specification: DomainSpecification) {
        let requirements = specification.requirements
        ownership = OwnershipDocument(specification.ownership)
        name = specification.name.text
        uuid = specification.uuid.description
        type = requirements.domainType.rawValue
        memory = requirements.memory.count
        virtualCPUs = requirements.virtualCPUs
        maximumMemory = requirements.maximumMemory.count
        maximumVirtualCPUs = requirements.maximumVirtualCPUs
        interfaces = requirements.interfaces.map { InterfaceDocument(bridge: $0.bridge, kilobitsPerSecond: $0.rate.count) }
        diskPaths = requirements.diskPaths
        newImageSize = requirements.newImageSize.count
        image = specification.image.map { ImageDocument($0) }
        devices = SimulatedHostModel.deviceText(of: specification)
    }

    func specification() throws(DocumentFault) -> DomainSpecification {
        guard let name = VirtualMachineName(name) else { throw DocumentFault("the name of a domain is malformed") }
        guard let uuid = UniqueIdentifier(uuid) else { throw DocumentFault("the UUID of a domain is malformed") }
        guard let type = DomainType(rawValue: type) else { throw DocumentFault("the domain type is unknown") }
        let sizes = 0...SimulatedHostLimits.memory.count
        guard sizes.contains(memory), sizes.contains(maximumMemory), newImageSize >= 0, virtualCPUs >= 0,
            interfaces.allSatisfy({ $0.kilobitsPerSecond >= 0 })
        else {
            throw DocumentFault("a size is out of bounds")
        }
        let requirements = MachineRequirements(
            domainType: type, memory: Mebibytes(memory), virtualCPUs: virtualCPUs,
            interfaces: interfaces.map {
                InterfaceRequirement(bridge: $0.bridge, rate: KilobitsPerSecond($0.kilobitsPerSecond))
            }, diskPaths: diskPaths, newImageSize: Mebibytes(newImageSize), maximumMemory: Mebibytes(maximumMemory),
            maximumVirtualCPUs: maximumVirtualCPUs)
        return DomainSpecification(
            ownership: try ownership.ownership(), name: name, uuid: uuid, configuration: devices ?? "", requirements: requirements,
            image: try image?.image())
    }
}

/// The file of a domain's memory, as the protocol spells it.
struct ImageDocument: Codable, Sendable {
    let root: String?
    let pool: String
    let stem: String
    let epoch: UInt64

    init(_ image: DomainImage) {
        root = image.root
        pool = image.pool.description
        stem = image.stem
        epoch = image.epoch.number
    }

    func image() throws(DocumentFault) -> DomainImage {
        guard let pool = UniqueIdentifier(pool) else { throw DocumentFault("the pool of an image is no UUID") }
        let texts = [root ?? "/", stem]
        guard texts.allSatisfy({ (1...SimulatedHostLimits.nameBytes).contains($0.utf8.count) }), texts[0].hasPrefix("/"),
            !stem.contains("/"), !stem.hasPrefix("."), !texts[0].split(separator: "/").contains("..")
        else { throw DocumentFault("an image has no possible path") }
        return DomainImage(root: root, pool: pool, stem: stem, epoch: PlacementEpoch(epoch))
    }
}
