import ArgumentParser
import PoolCommands

/// `ovm pool metrics`
struct PoolMetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Prints what there is to watch on the server that answers, in Prometheus' text format.",
        discussion: """
            Consensus, storage, API, network, hypervisor and process are those of the server that answers, and so is what virtual machines
            use: of those that run there. Servers and virtual machines otherwise are the pool's. Prometheus itself scrapes /metrics of every server with the operator's token as bearer.

              ovm pool metrics
              ovm pool metrics | grep ovm_machines
            """)

    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await ClientSession.run(options) { client, _ in
            print(try await client.metrics(), terminator: "")
        }
    }
}
