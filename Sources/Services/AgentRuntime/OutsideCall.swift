import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine

/// An effect whose performance takes time: it runs beside the loop, and its result comes back as an input.
enum OutsideCall: Sendable {
    case listDomains(number: UInt64)
    case perform(DomainOperationID, DomainOperation)
    case encodeSnapshot(PoolState, index: LogIndex)

    /// The input that the result is; nil when the call was given up.
    func perform(through ports: AgentPortSet) async -> AgentInput? {
        switch self {
        case .listDomains(let number):
            do {
                return .domainsListed(try await ports.hypervisor.listDomains(), number: number)
            } catch {
                return .domainsListed(nil, number: number)
            }
        case .perform(let id, let operation):
            return .operationEnded(id, await ports.hypervisor.perform(operation))
        case .encodeSnapshot(let state, let index):
            return .snapshotEncoded(index: index, data: ports.snapshots.encode(state))
        }
    }
}
