package import AgentCore

/// The ways that domains' memory takes between this server and others. One attempt to move one machine, named by machine and epoch, has one way.
package protocol TransferPort: Sendable {
    /// Opens the way of an attempt to the server that receives, and returns once that has said that it awaits it, within
    /// ``TransferLimits/meeting``. A cancelled caller gives up.
    func openTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream

    /// Waits until the server that sends has opened the way of an attempt; it may have done so before. Within the same bound.
    func awaitTransfer(_ transfer: DomainTransfer) async throws(TransferFailure) -> any TransferStream
}

/// One end of a way: bytes from the server that sends to the one that receives.
package protocol TransferStream: Sendable {
    /// Waits for bytes; nil after the last, once the other end has said that they were. One caller at a time. A cancelled caller closes the
    /// stream.
    func read() async throws(TransferFailure) -> [UInt8]?

    /// Hands bytes on, and returns when there is room for more. A cancelled caller closes the stream.
    func write(_ bytes: [UInt8]) async throws(TransferFailure)

    /// Says that these were all bytes, and returns once the other end has taken them. It may not have done anything with them yet.
    func finish() async throws(TransferFailure)

    /// Ends the stream within a bound of time; who reads or writes then is told so. Only the first call counts.
    ///
    /// - Parameter failure: what the other end is told; nil where all was taken.
    func close(_ failure: TransferFailure?)
}

/// Why a way was not opened, or does not go on. Nobody acts differently on one cause than on another: the attempt is over.
package struct TransferFailure: Error, Hashable, Sendable {
    /// A sentence.
    package let cause: String

    package init(_ cause: String) { self.cause = cause }
}

/// The bounds of the ways that domains' memory takes.
package enum TransferLimits {
    /// Domains that a server sends at a time, and receives.
    package static let sessions = 8
    /// Bytes that are handed on at once: other work of an event loop waits for no more.
    package static let pieceBytes = 64 * 1_024
    /// Bytes that are kept for whoever does not take them.
    package static let bufferBytes = 1_024 * 1_024
    /// How long the end that is first waits for the other.
    package static let meeting = Duration.seconds(30)
    /// How long nothing may be taken of what was sent, or nothing be heard of who sends.
    package static let standstill = Duration.seconds(30)
    /// Bytes of a cause.
    package static let causeBytes = 1_024
}
