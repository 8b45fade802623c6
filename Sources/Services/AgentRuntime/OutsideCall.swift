import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine

/// An effect whose performance takes time: it runs beside the loop, and its result comes back as an input.
enum OutsideCall: Sendable {
    case listDomains(number: UInt64)
    case perform(DomainOperationID, DomainOperation)
    /// An operation that moves a domain: it tells how far it is, and the end of the sequence cancels it.
    case move(DomainOperationID, DomainOperation, cancellation: AsyncStream<Never>)
    case encodeSnapshot(PoolState, index: LogIndex)

    /// - Parameter tell: takes inputs that come before the result.
    /// - Returns: the input that the result is; nil when the call was given up.
    func perform(through ports: AgentPortSet, tell: @escaping @Sendable (AgentInput) -> Void) async -> AgentInput? {
        switch self {
        case .listDomains(let number):
            do {
                return .domainsListed(try await ports.hypervisor.listDomains(), number: number)
            } catch {
                return .domainsListed(nil, number: number)
            }
        case .perform(let id, let operation):
            return .operationEnded(id, await ports.hypervisor.perform(operation))
        case .move(let id, let operation, let cancellation):
            let mover = DomainMover(hypervisor: ports.hypervisor, transfers: ports.transfers)
            let result = await mover.perform(
                operation, progress: { tell(.operationProgressed(id, mebibytes: $0)) }, cancellation: cancellation)
            return .operationEnded(id, result)
        case .encodeSnapshot(let state, let index):
            return .snapshotEncoded(index: index, data: ports.snapshots.encode(state))
        }
    }
}
