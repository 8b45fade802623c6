import AgentRuntime
import NIOCore
import QueryModel
import ServerEnvironment

extension AgentHalt {
    /// The agent cannot listen on an address of its agent.json, or can no longer.
    ///
    /// - Parameter setting: the address's key in agent.json.
    static func notListening(on address: NetworkAddress, setting: String, _ error: any Error) -> AgentHalt {
        let obstacle: ListeningObstacle =
            switch error {
            case let error as IOError: ListeningObstacle(code: error.errnoCode)
            case let error as SocketAddressError: .unknownHost(reason: "\(error)")
            default: .refused(reason: "\(error)")
            }
        return AgentHalt(
            message: """
                The address \(address) cannot be listened on: \(obstacle.cause). \(obstacle.cure), or change \(setting) in agent.json; \
                then start the agent again.
                """)
    }

    /// The query port's server has ended, and nobody had told it to.
    static func queryPortEnded(_ address: NetworkAddress) -> AgentHalt {
        AgentHalt(
            message: "The query port \(address) is no longer served, for no reason that is known here. Start the agent again.")
    }
}
