import AgentCore
import PoolModel

/// A move as the protocol spells it.
struct TransferDocument: Codable, Sendable {
    let machine: UInt64
    let name: String
    let epoch: UInt64
    let peer: UInt64
    let isLive: Bool
    /// In MiB.
    let memory: Int

    init(_ transfer: DomainTransfer) {
        machine = transfer.machine.number
        name = transfer.name.text
        epoch = transfer.epoch.number
        peer = transfer.peer.number
        isLive = transfer.isLive
        memory = transfer.memory.count
    }

    func transfer() throws(DocumentFault) -> DomainTransfer {
        guard let name = VirtualMachineName(name) else { throw DocumentFault("the name of a domain is malformed") }
        guard peer > 0, (0...SimulatedHostLimits.memory.count).contains(memory) else { throw DocumentFault("a move is out of bounds") }
        return DomainTransfer(
            machine: VirtualMachineID(machine), name: name, epoch: PlacementEpoch(epoch), peer: ServerID(peer), isLive: isLive,
            bandwidth: nil, memory: Mebibytes(memory))
    }
}

/// What a domain takes along to another host, as the protocol and the hosts' agents spell it.
struct TravellingDocument: Codable, Hashable, Sendable {
    let name: String
    let uuid: String
    /// In MiB.
    let memory: Int
    let virtualCPUs: Int
    let disks: Int
    let interfaces: Int
    /// For how long it has run.
    let nanoseconds: Int64
    /// How its guest was asked to end: `powerOff` or `reboot`.
    let endAsked: String?

    init(_ domain: TravellingDomain) {
        name = domain.name
        uuid = domain.uuid.description
        memory = domain.memory.count
        virtualCPUs = domain.virtualCPUs
        disks = domain.disks
        interfaces = domain.interfaces
        nanoseconds = domain.hasRun.wholeNanoseconds
        endAsked = domain.endAsked?.rawValue
    }

    func domain() throws(DocumentFault) -> TravellingDomain {
        guard name.utf8.count <= ForeignDomain.longestName, let uuid = UniqueIdentifier(uuid) else {
            throw DocumentFault("the name or the UUID of a domain is malformed")
        }
        guard (0...SimulatedHostLimits.memory.count).contains(memory), (0...65_536).contains(virtualCPUs), disks >= 0, interfaces >= 0,
            nanoseconds >= 0
        else { throw DocumentFault("a size is out of bounds") }
        let end = endAsked.map { DomainEnd(rawValue: $0) }
        if case .some(nil) = end { throw DocumentFault("a guest was asked to end in no known way") }
        return TravellingDomain(
            name: name, uuid: uuid, memory: Mebibytes(memory), virtualCPUs: virtualCPUs, disks: disks, interfaces: interfaces,
            hasRun: .nanoseconds(nanoseconds), endAsked: end ?? nil)
    }
}
