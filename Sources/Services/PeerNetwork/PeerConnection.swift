import NIOCore
import PoolModel
import WireFormat

/// Counts the connections of this process.
struct PeerConnectionID: Hashable, Comparable, Sendable {
    let number: UInt64

    static func < (left: PeerConnectionID, right: PeerConnectionID) -> Bool { left.number < right.number }
}

/// One of the two ways to a peer.
struct PeerRoute: Hashable, Sendable {
    let server: ServerID
    let channel: PeerChannel
}

/// One connection, opened or accepted, from before its TLS handshake to its end.
struct PeerConnection {
    let channel: any Channel
    /// Where it leads; nil for an accepted one.
    let route: PeerRoute?
    /// Ends the connection if it has not been introduced by then.
    let introductionTimer: Scheduled<Void>
    /// Who its certificate says it is, once that is a member.
    var server: ServerID?
    /// What an accepted one carries.
    var channelKind: PeerChannel?
    var isIntroduced = false
    var saidGoodbye = false
    /// Carries one console, and no messages.
    var isConsole = false
    /// Carries the memory of a domain, and no messages: the attempt that it belongs to.
    var transfer: TransferAttempt?
    /// Was to carry one.
    var isRefusedTransfer = false
    /// Bytes that were written and not handed to the kernel yet.
    var queuedBytes = 0
    var isFlushScheduled = false
    /// Why we ended it.
    var refusal: PeerRefusal?
    /// What went wrong with it otherwise.
    var failure: String?

    init(channel: any Channel, route: PeerRoute?, introductionTimer: Scheduled<Void>) {
        self.channel = channel
        self.route = route
        self.introductionTimer = introductionTimer
    }

    /// Whether somebody outside opened it and has not shown yet that it is a member.
    var isStranger: Bool { route == nil && !isIntroduced }
    /// Whether it carries messages, once it is introduced.
    var isForMessages: Bool { !isConsole && transfer == nil && !isRefusedTransfer }
    var cause: String? { refusal?.message ?? failure }
}
