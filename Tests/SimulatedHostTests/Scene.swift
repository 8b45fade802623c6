import AgentCore
import PoolModel

@testable import SimulatedHost

/// A host in virtual time, with durations that do not vary, and the words to ask it for things.
struct Scene {
    static let boot = UniqueIdentifier(high: 0xB007, low: 1)
    static let pool = UniqueIdentifier(high: 0x9001, low: 1)

    var model: SimulatedHostModel
    var now = MonotonicInstant.zero
    var nextOperation: UInt64 = 1

    init(capacity: SimulatedCapacity = SimulatedCapacity(), durations: SimulatedDurations = Scene.durations, seed: UInt64 = 1) {
        model = SimulatedHostModel(capacity: capacity, durations: durations, boot: Self.boot, seed: seed, now: .zero)
        _ = model.advance(to: .zero)
    }

    static let durations = SimulatedDurations(
        create: SimulatedSpan(.milliseconds(100)), unpause: SimulatedSpan(.milliseconds(2)), shutdown: SimulatedSpan(.milliseconds(3)),
        destroy: SimulatedSpan(.milliseconds(40)), guestShutdown: SimulatedSpan(.milliseconds(500)))

    static func specification(
        _ number: UInt64, name: String? = nil, uuid: UniqueIdentifier? = nil, memory: Int = 1_024, epoch: UInt64 = 1,
        type: DomainType = .hvm, bridges: [String] = ["xenbr0"], disks: [String] = ["/OVS/running_pool/system.img"]
    ) throws -> DomainSpecification {
        let given = try required(VirtualMachineName(name ?? "machine-\(number)"))
        return DomainSpecification(
            ownership: DomainOwnership(pool: pool, machine: VirtualMachineID(number), epoch: PlacementEpoch(epoch)), name: given,
            uuid: uuid ?? UniqueIdentifier(high: 0, low: number), configuration: "name = 'machine'\n",
            requirements: MachineRequirements(
                domainType: type, memory: Mebibytes(memory), virtualCPUs: 2,
                interfaces: bridges.map { InterfaceRequirement(bridge: $0, rate: InterfaceRequirement.defaultRate) }, diskPaths: disks))
    }

    /// Begins an operation without letting time pass.
    mutating func begin(_ operation: DomainOperation) -> DomainOperationID {
        let id = DomainOperationID(nextOperation)
        nextOperation += 1
        model.begin(operation, id: id, now: now)
        return id
    }

    /// Lets time pass.
    mutating func elapse(_ milliseconds: Int64) -> [SimulatedHostChange] {
        now = now + .milliseconds(milliseconds)
        return model.advance(to: now)
    }

    /// Begins an operation, lets time pass until it is answered, and gives the answer.
    mutating func perform(_ operation: DomainOperation) -> DomainOperationResult? {
        let id = begin(operation)
        while let deadline = model.nextDeadline {
            now = max(now, deadline)
            for case .completed(id, let result) in model.advance(to: now) { return result }
        }
        return nil
    }

    /// A domain that runs; its number.
    mutating func runningDomain(_ number: UInt64, memory: Int = 1_024) throws -> UInt32 {
        _ = perform(.createPaused(try Self.specification(number, memory: memory)))
        let domain = try required(model.domainReports.last).domain
        _ = perform(.unpause(domain: domain))
        return domain
    }

    /// The state of a domain; nil when there is none.
    func state(of domain: UInt32) -> DomainState? { model.domainReports.first { $0.domain == domain }?.state }
}

struct Missing: Error {}

func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

extension [SimulatedHostChange] {
    /// What happened to which domain, without the instants.
    var events: [String] {
        compactMap { change in
            guard case .event(let event) = change else { return nil }
            let domain = event.domain.map { " \($0.number)" } ?? ""
            return "\(event.instant.nanoseconds / 1_000_000) ms: \(event.kind)\(domain)"
        }
    }

    var results: [DomainOperationResult] {
        compactMap { change in
            guard case .completed(_, let result) = change else { return nil }
            return result
        }
    }
}
