package import PoolModel

/// The consoles of this server's domains.
package protocol ConsolePort: Sendable {
    /// Opens a console of a domain. What comes from it is the guest's, and hostile: it is passed on unread.
    ///
    /// - Parameters:
    ///   - domain: its number on this server.
    ///   - kind: `.text` has one reader at a time; a second call may take bytes away from the first. Of `.log` there is a bounded tail.
    func console(of domain: UInt32, _ kind: ConsoleKind) async throws(ConsoleFailure) -> any ConsoleStream

    /// The tail of what the text console of the newest domain of that name has printed, at most ``ConsoleLimits/logBytes``: also after
    /// the domain has gone.
    func consoleLog(ofDomainNamed name: String) async throws(ConsoleFailure) -> [UInt8]
}

/// Bytes both ways, until one end closes.
package protocol ConsoleStream: Sendable {
    /// Waits for bytes; nil after the last. One caller at a time. A cancelled caller closes the stream.
    func read() async throws(ConsoleFailure) -> [UInt8]?

    /// Hands bytes on, and returns when there is room for more. A cancelled caller closes the stream.
    func write(_ bytes: [UInt8]) async throws(ConsoleFailure)

    /// Ends the stream after what was written has gone, within a bound of time. Only the first call counts.
    ///
    /// - Parameter cause: what the other end is told; nil where the console ended as consoles do.
    func close(_ cause: ConsoleFailure?)
}

/// A console that somebody wants to look at.
package struct ConsoleRequest: Hashable, Sendable {
    package let kind: ConsoleKind
    package let machine: VirtualMachineID
    package let name: VirtualMachineName
    /// Of the placement whose domain is meant: its successors are others.
    package let epoch: PlacementEpoch
    /// Who looks, for the log of the server that shows it.
    package let principal: String

    package init(
        _ kind: ConsoleKind, of machine: VirtualMachineID, name: VirtualMachineName, epoch: PlacementEpoch, principal: String
    ) {
        self.kind = kind
        self.machine = machine
        self.name = name
        self.epoch = epoch
        self.principal = principal
    }
}

/// How the query port reaches the consoles of the pool's machines, wherever they run.
package protocol ConsoleGateway: Sendable {
    /// Opens a console on the server that the machine is placed on.
    func open(_ request: ConsoleRequest, on server: ServerID) async throws(ConsoleFailure) -> any ConsoleStream
}

/// A console that another member has asked this server for, and that nobody has answered yet.
package protocol ConsoleCall: Sendable {
    var request: ConsoleRequest { get }
    /// The member that asks.
    var caller: ServerID { get }

    /// Says that the console is open; the stream leads to the member.
    func accept() -> any ConsoleStream
    func refuse(_ failure: ConsoleFailure)
}

/// Takes calls of other members.
package protocol ConsoleCallReceiver: Sendable {
    /// Called on the network's event loop; must not block.
    func received(_ call: any ConsoleCall)
}

/// The bounds of consoles.
package enum ConsoleLimits {
    /// Consoles that a server shows at a time, and that a member carries for others.
    package static let sessions = 64
    /// Bytes that are kept for whoever does not take them, each way of each session.
    package static let bufferBytes = 256 * 1_024
    /// Bytes that are handed on at once: other work of an event loop waits for no more.
    package static let pieceBytes = 16 * 1_024
    /// Bytes of a log's tail.
    package static let logBytes = 64 * 1_024
    /// Bytes of a principal's text.
    package static let principalBytes = 256
    /// Bytes of a cause.
    package static let causeBytes = 1_024
    /// How long opening may take.
    package static let opening = Duration.seconds(10)
}

/// Why a console is not shown, or no longer. Each cause is a sentence.
package enum ConsoleFailure: Error, Hashable, Sendable {
    /// The machine has no domain, or not any more.
    case notRunning(cause: String)
    /// The domain has no such console.
    case noConsole(cause: String)
    /// Nothing of what its text console printed was kept.
    case noLog(cause: String)
    case tooMany(cause: String)
    /// Who looked may look no longer.
    case notAllowed(cause: String)
    /// What carries it broke, or did not answer.
    case lost(cause: String)

    package var cause: String {
        switch self {
        case .notRunning(let cause), .noConsole(let cause), .noLog(let cause), .tooMany(let cause), .notAllowed(let cause),
            .lost(let cause):
            cause
        }
    }

    /// One sentence for what to do.
    package var cure: String {
        switch self {
        case .notRunning: "Start the virtual machine, then ask again."
        case .noConsole: "Give it one in its vm.cfg (serial = 'pty' for a text console of HVM, vnc = 1 for a display), then restart it."
        case .noLog: "Let xenconsoled keep logs of guests (--log=guest) on that server, then start the virtual machine anew."
        case .tooMany: "Close one, or try again later."
        case .notAllowed: "Ask with a credential whose role allows it."
        case .lost: "Ask again: another member may reach it, or its agent is back in a moment."
        }
    }

    package var message: String { "\(cause) \(cure)" }
}
