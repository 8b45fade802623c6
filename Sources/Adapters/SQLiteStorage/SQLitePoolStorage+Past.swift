package import AgentPorts
package import PoolModel
package import RaftCore

extension SQLitePoolStorage: PastPort {
    package func pastBeginning(before index: LogIndex) async throws(PastError) -> PastBeginning {
        let (record, raw) = try await inTurn { connection throws(PastError) in try connection.pastBeginning(before: index) }
        let first = max(record.pastIndex, LogIndex(1))
        guard let raw else { return PastBeginning(snapshot: nil, first: first) }
        do throws(StorageError) {
            return PastBeginning(snapshot: try raw.snapshot(coding: coding, path: path), first: first)
        } catch {
            throw .failed(error)
        }
    }

    package func pastEntries(after base: LogIndex, through last: LogIndex) async throws(PastError) -> [RaftEntry<PoolEntry>] {
        let piece = try await inTurn { connection throws(PastError) in try connection.pastPiece(after: base, through: last) }
        var entries: [RaftEntry<PoolEntry>] = []
        entries.reserveCapacity(piece.count)
        for raw in piece {
            do throws(StorageError) { entries.append(try raw.entry(coding: coding, path: path)) } catch { throw .failed(error) }
        }
        return entries
    }

    /// Runs `body` on the storage's own thread, between two of its writes. A failure of it is not the storage's.
    private func inTurn<Value: Sendable>(
        _ body: @escaping @Sendable (StorageConnection) throws(PastError) -> Value
    ) async throws(PastError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, PastError>, Never>) in
            readInTurn { connection in
                continuation.resume(
                    returning: connection.flatMap { connection in
                        Result { () throws(PastError) in try body(connection) }
                    })
            }
        }
        return try result.get()
    }
}
