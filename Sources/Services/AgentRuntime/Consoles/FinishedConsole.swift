import AgentPorts

/// A console that has printed all that it will, and takes nothing.
actor FinishedConsole: ConsoleStream {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    func read() async throws(ConsoleFailure) -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        let piece = rest.prefix(ConsoleLimits.pieceBytes)
        rest = rest.dropFirst(piece.count)
        return Array(piece)
    }

    func write(_ bytes: [UInt8]) async throws(ConsoleFailure) {}

    nonisolated func close(_ cause: ConsoleFailure?) {}
}
