import AgentPorts
import ConsoleStreams
package import NIOCore
import NIOPosix
import OpenSSLTransport

/// Lets viewers on this machine reach a display of the pool: each connection to a loopback port becomes a display of its own.
package struct DisplayForwarder: Sendable {
    /// Viewers at a time; one more is closed at once.
    private static let viewers = 8

    private let client: PoolClient
    private let machine: String
    private let group: any EventLoopGroup

    package init(_ client: PoolClient, machine: String, eventLoopGroup: any EventLoopGroup) {
        self.client = client
        self.machine = machine
        group = eventLoopGroup
    }

    /// Forwards until the task is cancelled.
    ///
    /// - Parameters:
    ///   - port: to listen on; 0 lets the system choose.
    ///   - onListening: is told the port.
    ///   - onTrouble: is told why a viewer was not served; one sentence or more.
    /// - Throws: the system's error when the port is taken.
    package func run(
        port: Int, onListening: @Sendable (Int) throws -> Void, onTrouble: @escaping @Sendable (String) -> Void
    ) async throws {
        let (arrivals, arriving) = AsyncStream.makeStream(of: ChannelConsoleStream.self, bufferingPolicy: .bufferingOldest(Self.viewers))
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { arriving.yield(try ChannelConsoleStream(on: channel, lostCause: nil)) }
            }
            .bind(host: "127.0.0.1", port: port).get()
        do {
            try onListening(listener.localAddress?.port ?? port)
            await withTaskGroup(of: Void.self) { group in
                var waiting = 0
                for await viewer in arrivals {
                    if waiting == Self.viewers {
                        await group.next()
                        waiting -= 1
                    }
                    waiting += 1
                    group.addTask { await serve(viewer, onTrouble) }
                }
                group.cancelAll()
            }
        } catch {
            listener.close(promise: nil)
            throw error
        }
        listener.close(promise: nil)
    }

    private func serve(_ viewer: ChannelConsoleStream, _ onTrouble: @Sendable (String) -> Void) async {
        do throws(ClientError) {
            let display = try await client.openDisplay(machine)
            if let failure = await ConsoleRelay.run(viewer, display) { onTrouble(failure.message) }
        } catch {
            viewer.close(nil)
            onTrouble(error.message)
        }
    }
}
