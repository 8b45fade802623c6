internal import AgentPorts
import Glibc

/// The files of a pool database and who may read them.
struct StorageFiles {
    let path: String

    /// SQLite's write-ahead log.
    var writeAheadLog: String { path + "-wal" }
    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
    private var companions: [String] { [writeAheadLog, path + "-shm", path + "-journal"] }

    /// Refuses a folder or a file that anyone but its owner may use.
    func requirePrivacy() throws(StorageError) {
        try requireFolderPrivacy()
        guard try requirePrivacy(of: path, expected: S_IFREG, cure: "chmod 600") else {
            throw failure("\(path): \(String(cString: strerror(ENOENT)))")
        }
        for companion in companions { _ = try requirePrivacy(of: companion, expected: S_IFREG, cure: "chmod 600") }
    }

    func requireFolderPrivacy() throws(StorageError) {
        guard try requirePrivacy(of: folder, expected: S_IFDIR, cure: "chmod 700") else {
            throw failure("the folder \(folder) does not exist")
        }
    }

    /// - Returns: whether `name` exists.
    private func requirePrivacy(of name: String, expected: mode_t, cure: String) throws(StorageError) -> Bool {
        var status = stat()
        guard stat(name, &status) == 0 else {
            if errno == ENOENT { return false }
            throw systemFailure(name)
        }
        guard status.st_mode & S_IFMT == expected else {
            throw failure("\(name) is not a \(expected == S_IFDIR ? "folder" : "plain file")")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw failure("\(name) has mode \(mode), so others than its owner may use it (run \(cure) \(name))")
        }
        return true
    }

    /// Stands there once the disk has refused a write or a sync.
    private var refusalMark: String { path + ".refused" }

    /// Refuses a database that the disk refused to store before: what is read of it may lie in the page cache alone, and the next sync,
    /// which would find nothing left to write, would call it stored (hazard B17).
    func requireNoRefusal() throws(StorageError) {
        var status = stat()
        guard lstat(refusalMark, &status) == 0 else { return }
        throw .refusedBefore(path: path, mark: refusalMark)
    }

    /// Keeps every later run from the database until an operator has looked at the disk.
    ///
    /// The mark is not synced, as nothing is asked of this disk any more: it lasts at least as long as the page cache that it warns of.
    func markRefusal() {
        let descriptor = open(refusalMark, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        // Where not even that can be made, no database can be written either: the next run ends as this one does.
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the database or something that belongs to it is there.
    func exist() throws(StorageError) -> Bool {
        for name in [path] + companions {
            var status = stat()
            if lstat(name, &status) == 0 { return true }
            if errno != ENOENT { throw systemFailure(name) }
        }
        return false
    }

    /// Makes an empty database file, mode 0600; the files that SQLite makes beside it take its mode.
    func createEmpty() throws(StorageError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFailure(path) }
        guard close(descriptor) == 0 else { throw systemFailure(path) }
    }

    /// Removes the database and all that belongs to it, where there.
    func remove() throws(StorageError) {
        for name in [path] + companions where unlink(name) != 0 && errno != ENOENT { throw systemFailure(name) }
    }

    /// Gives the database, closed and whole, its final name; refuses to replace one that is there.
    func publish(as final: StorageFiles) throws(StorageError) {
        // link(2) fails where rename(2) would replace.
        guard link(path, final.path) == 0 else { throw final.systemFailure(final.path) }
        try remove()
        try final.syncFolder()
    }

    /// Brings the folder's entries to stable storage: a file that was synced may still lose its name (hazard B18).
    func syncFolder() throws(StorageError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure(folder) }
        let isSynced = fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isSynced else { throw .inputOutput(path: folder, code: code) }
    }

    private func systemFailure(_ name: String) -> StorageError {
        failure("\(name): \(String(cString: strerror(errno)))")
    }

    private func failure(_ reason: String) -> StorageError { .cannotOpen(path: path, reason: reason) }
}
