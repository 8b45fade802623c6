import AgentCore
import AgentPorts
import PoolModel
import Synchronization
import Testing

/// One thing that a network reported.
enum PeerEvent: Hashable, Sendable {
    case received(PeerMessage, from: ServerID)
    case connected(ServerID)
    case unreachable(ServerID)
    case connectionClosed(ServerID)
}

/// Writes down what a network reports, in order.
final class EventLog: PeerEventReceiver {
    private let state = Mutex<[PeerEvent]>([])

    var events: [PeerEvent] { state.withLock { $0 } }

    func count(_ event: PeerEvent) -> Int { events.count { $0 == event } }

    func messages(from server: ServerID) -> [PeerMessage] {
        events.compactMap {
            guard case .received(let message, from: server) = $0 else { return nil }
            return message
        }
    }

    func clear() { state.withLock { $0 = [] } }

    func received(_ message: PeerMessage, from server: ServerID) { append(.received(message, from: server)) }
    func connected(_ server: ServerID) { append(.connected(server)) }
    func unreachable(_ server: ServerID) { append(.unreachable(server)) }
    func connectionClosed(_ server: ServerID) { append(.connectionClosed(server)) }

    private func append(_ event: PeerEvent) { state.withLock { $0.append(event) } }
}

/// Waits until `condition` holds, and fails the test when it does not within 30 s.
func eventually(
    _ what: @autoclosure () -> Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(30))
    while await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what(), sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
