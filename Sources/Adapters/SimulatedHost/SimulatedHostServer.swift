import AgentCore
import Glibc
package import NIOCore
import NIOPosix
package import PoolModel

/// Serves a simulated host in real time from its data directory, over a Unix domain socket.
///
/// Its domains live in this process: they survive the agent, and killing this process is a power cut.
package struct SimulatedHostServer: Sendable {
    private let folder: SimulatedHostFolder
    private let eventLoop: any EventLoop

    /// - Parameter eventLoop: carries everything; one of NIO's own unless given.
    package init(folder: SimulatedHostFolder, eventLoop: (any EventLoop)? = nil) {
        self.folder = folder
        self.eventLoop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
    }

    /// Serves until the task is cancelled.
    ///
    /// - Parameter onServing: called once the socket takes connections, with the identifier of this boot.
    /// - Throws: what keeps the host from being served, or that its journal can no longer be written.
    package func run(onServing: @Sendable (UniqueIdentifier) -> Void = { _ in }) async throws(SimulatedHostError) {
        try folder.requireUsable()
        let lock = try folder.takeLock()
        defer { withExtendedLifetime(lock) {} }
        let settings = try SimulatedHostSettings(path: folder.settings)
        let journal = try HostJournal(folder)
        var random = SystemRandomNumberGenerator()
        let boot = UniqueIdentifier(randomHigh: random.next(), randomLow: random.next())
        let model = SimulatedHostModel(
            capacity: settings.capacity, durations: settings.durations, boot: boot, seed: random.next(), dumpFolder: folder.dumps,
            imageFolder: folder.images, now: HostClock.now())
        let socket = try folder.listen()
        defer { folder.removeSocket() }
        try await serve(model, settings, journal, socket, boot: boot, onServing)
    }

    private func serve(
        _ model: SimulatedHostModel, _ settings: SimulatedHostSettings, _ journal: HostJournal, _ socket: OwnedDescriptor,
        boot: UniqueIdentifier, _ onServing: @Sendable (UniqueIdentifier) -> Void
    ) async throws(SimulatedHostError) {
        let loop = eventLoop
        let (hardware, folder) = (folder.hardware, folder)
        let outcome: Result<SimulatedHostError?, any Error>
        do {
            let (desk, channel) = try await loop.flatSubmit { () -> EventLoopFuture<(NIOLoopBound<HostDesk>, any Channel)> in
                let desk = NIOLoopBound(
                    HostDesk(
                        model: model, hardware: hardware, journal: journal, images: HostImages(folder, shared: settings.sharedFolder),
                        eventLoop: loop), eventLoop: loop)
                desk.value.settle()
                return Self.bootstrap(desk, loop, socket).map { channel in
                    desk.value.listener = channel
                    if desk.value.failure != nil { channel.close(promise: nil) }
                    return (desk, channel)
                }
            }.get()
            onServing(boot)
            try await withTaskCancellationHandler {
                try await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
            outcome = .success(try await loop.submit { desk.value.end() }.get())
        } catch {
            outcome = .failure(error)
        }
        switch outcome {
        case .success(nil): return
        case .success(.some(let failure)): throw failure
        case .failure(let error): throw .system(operation: "serve", path: folder.socket, code: (error as? IOError)?.errnoCode ?? EIO)
        }
    }

    private static func bootstrap(
        _ desk: NIOLoopBound<HostDesk>, _ loop: any EventLoop, _ socket: OwnedDescriptor
    ) -> EventLoopFuture<any Channel> {
        // NIO closes the descriptor that it is given, so it gets one of its own.
        let descriptor = fcntl(socket.number, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { return loop.makeFailedFuture(IOError(errnoCode: errno, reason: "fcntl")) }
        return ServerBootstrap(group: loop, childGroup: loop)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: HostDesk.unreadBytes))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HostConnection(desk: desk.value, channel: channel))
                }
            }
            .withBoundSocket(descriptor)
    }
}
