package import AgentPorts
import ConsoleStreams
import Glibc
import NIOCore
import NIOPosix

/// The end of a pseudo-terminal that a console is read from and typed into.
package enum PseudoTerminal {
    private static let folder = "/dev/pts/"

    /// Opens a terminal raw: bytes pass as they are, and none of them is a signal to us.
    ///
    /// Its end is the usual end of a console: xenconsoled, or the device model, has let it go with its domain.
    package static func open(_ path: String) async throws(ConsoleFailure) -> any ConsoleStream {
        guard path.hasPrefix(folder), Int(path.dropFirst(folder.count)) != nil else {
            throw .noConsole(cause: "The domain's console is no pseudo-terminal.")
        }
        let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .lost(cause: "The domain's console \(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else {
            close(descriptor)
            throw .lost(cause: "The domain's console \(path) is no terminal.")
        }
        cfmakeraw(&settings)
        tcsetattr(descriptor, TCSANOW, &settings)
        do {
            return try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptor(inputOutput: descriptor) { channel in
                    channel.eventLoop.makeCompletedFuture { try ChannelConsoleStream(on: channel, lostCause: nil) }
                }
        } catch {
            close(descriptor)
            throw .lost(cause: "The domain's console \(path) cannot be read: \(error).")
        }
    }
}
