package import AgentCore
package import PoolModel

/// The network of agents.
package protocol PeerPort: Sendable {
    /// Sends if a connection stands; otherwise drops it and, later, reports the peer as unreachable. Never blocks, never queues
    /// more than its bound.
    func send(_ message: PeerMessage, to server: ServerID)

    /// Holds connections with these agents, and with no other. Who else of the pool has a number of `admittingFrom` or greater may connect
    /// and be heard; connections of all others end.
    func setPeers(_ peers: [PeerDescription], admittingFrom: ServerID)

    /// Tells every peer that what closes now is no sign of death.
    func goodbye()
}

/// What the network of agents reports. Called on the network's event loop.
package protocol PeerEventReceiver: Sendable {
    func received(_ message: PeerMessage, from server: ServerID)
    func connected(_ server: ServerID)
    func unreachable(_ server: ServerID)
    func connectionClosed(_ server: ServerID)
}
