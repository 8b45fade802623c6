import RaftCore
import AgentCore
import AgentRuntime
import PoolModel
import QueryModel
import ServerEnvironment

extension AgentConfiguration {
    /// The core's settings, with this server's own timing where agent.json gives one.
    var agentSettings: AgentSettings {
        var settings = AgentSettings()
        if let timing {
            settings.raft.heartbeatInterval = .milliseconds(timing.heartbeatMilliseconds)
            settings.raft.electionTimeoutLeast = .milliseconds(timing.electionMilliseconds)
            settings.raft.electionTimeoutMost = .milliseconds(timing.electionMilliseconds * 2)
        }
        return settings
    }

    /// Whom to connect with at first. A peer whose name cannot be one is left out: the pool's state names it soon.
    var peerDescriptions: [PeerDescription] {
        initialPeers.compactMap { peer in
            ServerName(peer.name).map { PeerDescription(server: ServerID(peer.server), name: $0, address: peer.address) }
        }
    }
}

extension NetworkAddress {
    /// The address in agent.json, or why the agent cannot start.
    static func required(_ text: String) throws(AgentHalt) -> NetworkAddress {
        guard let address = NetworkAddress(text) else {
            throw AgentHalt(
                message: "The address \(text.prefix(80)) in agent.json is not HOST:PORT. Correct it, then start the agent again.")
        }
        return address
    }
}

extension UniqueIdentifier {
    /// The UUID in agent.json, or why the agent cannot start.
    static func required(_ text: String) throws(AgentHalt) -> UniqueIdentifier {
        guard let identifier = UniqueIdentifier(text) else {
            throw AgentHalt(message: "\(text.prefix(80)) in agent.json is no UUID. Restore agent.json from a copy.")
        }
        return identifier
    }
}
