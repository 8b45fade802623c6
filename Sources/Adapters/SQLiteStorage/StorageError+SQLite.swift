internal import AgentPorts
import CSQLite
import GRDB
import Glibc

extension StorageError {
    /// Translates an error of SQLite's; `row` is what was being read or written.
    init(_ error: DatabaseError, path: String, row: String) {
        switch error.resultCode.rawValue {
        case SQLITE_FULL: self = .diskFull(path: path)
        case SQLITE_BUSY, SQLITE_LOCKED: self = .inUse(path: path)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged(path: path, row: row)
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
            self = .cannotOpen(path: path, reason: error.message ?? "SQLite code \(error.extendedResultCode.rawValue)")
        default: self = .inputOutput(path: path, code: error.extendedResultCode.rawValue)
        }
    }

    /// Whether it was the disk that refused, and not SQLite that lacked something else.
    var isRefusalOfDisk: Bool {
        guard case .inputOutput(_, let code) = self else { return false }
        // Of a folder's sync, `code` is the system's.
        return code & 0xFF == SQLITE_IOERR || code == EIO
    }

    /// Runs `body`; whatever it throws comes out as a `StorageError`.
    static func translating<Result>(path: String, row: String, _ body: () throws -> Result) throws(StorageError) -> Result {
        do {
            return try body()
        } catch let error as StorageError {
            throw error
        } catch let error as DatabaseError {
            throw StorageError(error, path: path, row: row)
        } catch {
            // GRDB throws nothing else from the calls made here; should a later release do so, it must still end the storage.
            throw .inputOutput(path: path, code: SQLITE_ERROR)
        }
    }
}
