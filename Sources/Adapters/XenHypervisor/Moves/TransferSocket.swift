package import AgentPorts
import Glibc
import NIOCore
import NIOPosix

/// A pair of connected sockets: libxl has one end for the time of its call, and the other is pumped to or from the stream to another server.
///
/// Sockets and not a pipe, since a socket can be shut down: a process that libxl has forked meanwhile and that still holds a copy of its end
/// keeps nobody waiting for the end of the bytes. Both ends are closed at an exec; libxl itself hands its own to the helper that needs it.
package final class TransferSocket: Sendable {
    /// Libxl's end; open for as long as this object lives.
    package let libxls: Int32
    private let ours: Int32

    /// Bytes that are read from libxl at once.
    private static let readBytes = 256 * 1_024

    package init() throws(FileFailure) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw FileFailure("make a pair of sockets", errno)
        }
        (libxls, ours) = (ends[0], ends[1])
    }

    deinit { close(libxls) }

    /// Whether a program that is started meanwhile gets none of the two.
    var isClosedOnExec: Bool { [libxls, ours].allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 } }

    /// Ends libxl's end: what it has written is still read, then comes the end; and nobody waits for it to read any more.
    package func finish() { shutdown(libxls, Int32(SHUT_RDWR)) }

    /// Writes to a stream what libxl writes, to its end. To be called once, in place of the other pump.
    ///
    /// Where it ends early, libxl's next write fails.
    package func pump(to stream: any TransferStream) async -> PumpEnd {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBytes))
                .withConnectedSocket(ours) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                    }
                }
            try await channel.executeThenClose { inbound in
                for try await buffer in inbound { try await stream.write(Array(buffer.readableBytesView)) }
                try Task.checkCancellation()
            }
            return .whole
        } catch {
            return PumpEnd(error)
        }
    }

    /// Writes to libxl what a stream brings, to its end. To be called once, in place of the other pump.
    ///
    /// Where it ends early, libxl reads an end where none may be.
    package func pump(from stream: any TransferStream) async -> PumpEnd {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .withConnectedSocket(ours).get()
            defer { channel.close(promise: nil) }
            // Each piece is waited for until the socket has it: what it holds is all that is under way.
            while let bytes = try await stream.read() { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }
            return .whole
        } catch {
            return PumpEnd(error)
        }
    }
}

/// How a pump ended.
package enum PumpEnd: Hashable, Sendable {
    /// Everything was passed on.
    case whole
    /// The stream broke.
    case streamFailed(TransferFailure)
    /// Libxl's end was closed, or the pump was cancelled: why, its call says.
    case brokeOff

    fileprivate init(_ error: any Error) {
        self = if let failure = error as? TransferFailure { .streamFailed(failure) } else { .brokeOff }
    }
}
