import AgentPorts

/// One text console and all who look at it: each sees everything, and whoever types, types into the same line.
///
/// The guest waits for nobody, and none of them for another: whoever does not take what is printed loses the oldest of it, and is told so
/// in its place.
actor ConsoleHub {
    private enum State {
        case opening
        case open(any ConsoleStream)
        case ended(ConsoleFailure?)
    }

    /// One who looks on.
    private struct Seat {
        var kept: [UInt8] = []
        var lost = 0
        var reader: CheckedContinuation<Void, Never>?
    }

    private var state = State.opening
    private var seats: [UInt64: Seat] = [:]
    private var lastSeat: UInt64 = 0
    private var joining: [CheckedContinuation<Void, Never>] = []

    /// The seats of those who have closed their streams.
    private let leavings: AsyncStream<UInt64>
    private let leaving: AsyncStream<UInt64>.Continuation

    init() { (leavings, leaving) = AsyncStream.makeStream(of: UInt64.self) }

    /// Opens the console and hands out what it prints, until it ends, the last viewer has left or the task is cancelled.
    func run(_ open: @escaping @Sendable () async throws(ConsoleFailure) -> any ConsoleStream) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.pump(open) }
            group.addTask { [leavings] in
                for await seat in leavings { await self.leave(seat) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func pump(_ open: @Sendable () async throws(ConsoleFailure) -> any ConsoleStream) async {
        do throws(ConsoleFailure) {
            let stream = try await open()
            state = .open(stream)
            admit()
            while let bytes = try await stream.read() { hand(bytes) }
            end(nil)
        } catch {
            end(error)
        }
    }

    /// A place among those who look on; nil where the console has just ended, and may be opened anew.
    func join() async throws(ConsoleFailure) -> (any ConsoleStream)? {
        if case .opening = state { await withCheckedContinuation { joining.append($0) } }
        switch state {
        case .ended(let failure?): throw failure
        case .ended(nil), .opening: return nil
        case .open:
            lastSeat += 1
            seats[lastSeat] = Seat()
            return HubViewer(hub: self, seat: lastSeat, leaving: leaving)
        }
    }

    /// Gives up a console that nobody will open any more.
    func abandon() { end(.lost(cause: "This agent is stopping.")) }

    // MARK: One viewer

    func read(_ seat: UInt64) async throws(ConsoleFailure) -> [UInt8]? {
        while true {
            if let bytes = take(seat) { return bytes }
            if case .ended(let failure) = state {
                if let failure { throw failure }
                return nil
            }
            guard seats[seat] != nil else { return nil }
            await withCheckedContinuation { seats[seat]?.reader = $0 }
        }
    }

    private func take(_ seat: UInt64) -> [UInt8]? {
        guard let place = seats[seat] else { return nil }
        if place.lost > 0 {
            seats[seat]?.lost = 0
            return Array("\r\n[ovm: \(place.lost) bytes are missing here: they came faster than they were taken]\r\n".utf8)
        }
        guard !place.kept.isEmpty else { return nil }
        let bytes = Array(place.kept.prefix(ConsoleLimits.pieceBytes))
        seats[seat]?.kept.removeFirst(bytes.count)
        return bytes
    }

    func write(_ bytes: [UInt8], _ seat: UInt64) async throws(ConsoleFailure) {
        switch state {
        case .open(let stream) where seats[seat] != nil: try await stream.write(bytes)
        case .ended(let failure?): throw failure
        case .open, .opening, .ended: throw .lost(cause: "The console has ended.")
        }
    }

    private func leave(_ seat: UInt64) {
        seats.removeValue(forKey: seat)?.reader?.resume()
        guard seats.isEmpty, case .open(let stream) = state else { return }
        // From here on nobody joins: who comes now opens it anew.
        state = .ended(nil)
        stream.close(nil)
    }

    // MARK: All of them

    private func admit() {
        let waiting = joining
        joining = []
        for continuation in waiting { continuation.resume() }
    }

    private func hand(_ bytes: [UInt8]) {
        for id in Array(seats.keys) {
            guard var seat = seats.removeValue(forKey: id) else { continue }
            seat.kept += bytes
            let surplus = seat.kept.count - ConsoleLimits.bufferBytes
            if surplus > 0 {
                // A whole half goes, so that whoever is behind all the time is not moved for each byte.
                let gone = min(seat.kept.count, surplus + ConsoleLimits.bufferBytes / 2)
                seat.kept.removeFirst(gone)
                seat.lost += gone
            }
            let reader = seat.reader.take()
            seats[id] = seat
            reader?.resume()
        }
    }

    private func end(_ failure: ConsoleFailure?) {
        if case .ended = state {} else { state = .ended(failure) }
        admit()
        for id in Array(seats.keys) { seats[id]?.reader.take()?.resume() }
    }
}

/// What one viewer of a hub holds.
final class HubViewer: ConsoleStream {
    private let hub: ConsoleHub
    private let seat: UInt64
    private let leaving: AsyncStream<UInt64>.Continuation

    init(hub: ConsoleHub, seat: UInt64, leaving: AsyncStream<UInt64>.Continuation) {
        self.hub = hub
        self.seat = seat
        self.leaving = leaving
    }

    deinit { leaving.yield(seat) }

    func read() async throws(ConsoleFailure) -> [UInt8]? {
        do {
            return try await withTaskCancellationHandler {
                try await hub.read(seat)
            } onCancel: {
                close(nil)
            }
        } catch let failure as ConsoleFailure {
            throw failure
        } catch {
            throw .lost(cause: "The console has ended.")
        }
    }

    func write(_ bytes: [UInt8]) async throws(ConsoleFailure) { try await hub.write(bytes, seat) }

    func close(_ cause: ConsoleFailure?) { leaving.yield(seat) }
}
