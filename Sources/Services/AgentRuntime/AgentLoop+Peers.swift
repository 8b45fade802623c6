package import AgentCore
import AgentPorts
package import PoolModel

/// What the network reports becomes inputs, in the order in which the network reports it.
extension AgentLoop: PeerEventReceiver {
    package nonisolated func received(_ message: PeerMessage, from server: ServerID) { submit(.received(message, from: server)) }
    package nonisolated func connected(_ server: ServerID) { submit(.peerConnected(server)) }
    package nonisolated func unreachable(_ server: ServerID) { submit(.peerUnreachable(server)) }
    package nonisolated func connectionClosed(_ server: ServerID) { submit(.peerConnectionClosed(server)) }
}
