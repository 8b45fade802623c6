import Glibc
import NIOCore
import PoolModel

/// How the kernel finds out that the other end is gone without a word, as after a loss of power.
enum LostPeerDetection {
    private static let secondsBetweenQuestions = 2
    private static let questionsAtMost = 3

    /// TCP's own timers (tcp(7)).
    static func socketOptions(_ limits: PeerLimits) -> [(ChannelOptions.Types.SocketOption, Int)] {
        [
            (.socketOption(.so_keepalive), 1),
            (tcp(TCP_KEEPIDLE), Int(limits.silence.components.seconds)),
            (tcp(TCP_KEEPINTVL), secondsBetweenQuestions),
            (tcp(TCP_KEEPCNT), questionsAtMost),
            (tcp(TCP_USER_TIMEOUT), Int(limits.unacknowledged.wholeNanoseconds / 1_000_000)),
        ]
    }

    private static func tcp(_ name: CInt) -> ChannelOptions.Types.SocketOption { .tcpOption(NIOBSDSocket.Option(rawValue: name)) }
}
