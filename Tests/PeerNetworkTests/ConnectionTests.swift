import AgentCore
import PeerNetwork
import PoolModel
import Testing

@Suite("connections between agents") struct ConnectionTests {
    @Test("two agents connect, and messages of each kind arrive in order, both ways")
    func twoAgents() async throws {
        try await withAgents(1...2, of: LaboratoryPool()) { agents in
            for number in 1...500 as ClosedRange<UInt64> {
                for (sender, receiver) in [(0, 1), (1, 0)] {
                    agents[sender].network.send(urgent(number), to: agents[receiver].server)
                    agents[sender].network.send(bulk(number), to: agents[receiver].server)
                }
            }

            for (sender, receiver) in [(0, 1), (1, 0)] {
                let events = agents[receiver].events
                try await eventually("messages are missing") { events.messages(from: agents[sender].server).count >= 1_000 }
                let messages = events.messages(from: agents[sender].server)
                #expect(messages.filter(\.isUrgent) == (1...500).map(urgent))
                #expect(messages.filter { !$0.isUrgent } == (1...500).map(bulk))
            }
        }
    }

    @Test("each of three agents reaches each other")
    func threeAgents() async throws {
        try await withAgents(1...3, of: LaboratoryPool()) { agents in
            for sender in agents {
                for receiver in agents where receiver.server != sender.server {
                    sender.network.send(urgent(sender.server.number), to: receiver.server)
                }
            }

            for receiver in agents {
                for sender in agents where receiver.server != sender.server {
                    try await eventually("nothing arrived") {
                        receiver.events.messages(from: sender.server) == [urgent(sender.server.number)]
                    }
                }
                #expect(receiver.log.lines == [])
            }
        }
    }
}
