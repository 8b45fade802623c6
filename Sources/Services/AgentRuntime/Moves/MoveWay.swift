import AgentPorts

/// The stream of one move, which the cancelling closes, whichever comes first.
actor MoveWay {
    private var stream: (any TransferStream)?
    private(set) var isCancelled = false

    static let cancelled = TransferFailure("The move was cancelled.")

    /// Keeps the stream; closes it at once where the move has been cancelled.
    func take(_ stream: any TransferStream) throws(TransferFailure) {
        self.stream = stream
        guard isCancelled else { return }
        stream.close(Self.cancelled)
        throw Self.cancelled
    }

    /// - Returns: whether there was a stream to close.
    func cancel() -> Bool {
        isCancelled = true
        stream?.close(Self.cancelled)
        return stream != nil
    }
}
