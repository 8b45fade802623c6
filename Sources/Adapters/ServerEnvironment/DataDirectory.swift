import Foundation

/// An agent's data directory, mode 0700: configuration, database, certificates, lock.
package struct DataDirectory: Hashable, Sendable {
    /// Absolute, without a trailing slash.
    package let path: String

    /// Where an agent keeps its data unless told otherwise.
    package static let standardPath = "/var/lib/ovm"

    /// Relative paths are taken from the working directory.
    package init(_ path: String) {
        let url = URL(filePath: path).standardizedFileURL
        var text = url.path
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        self.path = text
    }

    package var configurationFile: String { "\(path)/agent.json" }
    package var databaseFile: String { "\(path)/pool.sqlite" }
    package var poolFile: String { "\(path)/pool.json" }
    package var simulatedFile: String { "\(path)/simulated.json" }
    package var simulatedSocket: String { "\(path)/simulated.sock" }
    package var lockFile: String { "\(path)/lock" }
    package var certificateFolder: String { "\(path)/certificates" }
    package var operatorFolder: String { "\(path)/operator" }
    package var authorityCertificate: String { "\(certificateFolder)/authority.pem" }
    package var authorityKey: String { "\(certificateFolder)/authority.key" }
    package var serverCertificate: String { "\(certificateFolder)/server.pem" }
    package var serverKey: String { "\(certificateFolder)/server.key" }

    /// Whether a pool was founded or joined here.
    package var isFounded: Bool {
        FileManager.default.fileExists(atPath: configurationFile) || FileManager.default.fileExists(atPath: databaseFile)
    }

    /// Makes the directory and its folders, mode 0700, unless they are there; refuses what is not private.
    package func create() throws(EnvironmentError) {
        for folder in [path, certificateFolder, operatorFolder] {
            if mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw .refused(operation: "make", path: folder, reason: String(cString: strerror(errno)))
            }
            try requirePrivacy(of: folder)
        }
    }

    /// Refuses a directory that is not ours alone.
    package func requirePrivacy() throws(EnvironmentError) { try requirePrivacy(of: path) }

    private func requirePrivacy(of folder: String) throws(EnvironmentError) {
        var status = stat()
        guard lstat(folder, &status) == 0 else {
            throw .refused(operation: "look at", path: folder, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .refused(operation: "use", path: folder, reason: "it is no directory") }
        guard status.st_uid == geteuid() else { throw .notOwned(path: folder) }
        guard status.st_mode & 0o077 == 0 else { throw .notPrivate(path: folder, mode: status.st_mode) }
    }

    /// Takes the directory for this process, until the lock is released or the process ends.
    package func lock() throws(EnvironmentError) -> DirectoryLock { try DirectoryLock(self) }

    /// Writes a file of mode 0600 whole or not at all: a draft, fsync, rename, fsync of the directory.
    package func write(_ bytes: [UInt8], to file: String) throws(EnvironmentError) {
        let draft = file + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .refused(operation: "write", path: draft, reason: String(cString: strerror(errno))) }
        let code = Self.writeDurably(bytes, to: descriptor)
        close(descriptor)
        guard code == 0, rename(draft, file) == 0 else {
            let reason = code == 0 ? errno : code
            unlink(draft)
            throw .refused(operation: "write", path: file, reason: String(cString: strerror(reason)))
        }
        try synchronize((file as NSString).deletingLastPathComponent)
    }

    /// - Returns: 0, or the number of the error.
    private static func writeDurably(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            done += count
        }
        return fsync(descriptor) == 0 ? 0 : errno
    }

    /// Brings a directory's entries to the disk.
    private func synchronize(_ folder: String) throws(EnvironmentError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .refused(operation: "open", path: folder, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .refused(operation: "sync", path: folder, reason: String(cString: strerror(errno)))
        }
    }

    /// Reads a file of at most `limit` bytes that nobody else may read.
    package func read(_ file: String, limit: Int) throws(EnvironmentError) -> [UInt8] {
        // O_NONBLOCK: a pipe under this name must not hold up the start.
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .refused(operation: "read", path: file, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .refused(operation: "read", path: file, reason: "it is no file")
        }
        guard status.st_uid == geteuid() else { throw .notOwned(path: file) }
        guard status.st_mode & 0o077 == 0 else { throw .notPrivate(path: file, mode: status.st_mode) }
        guard Int(status.st_size) <= limit else { throw .refused(operation: "read", path: file, reason: "it has more than \(limit) bytes") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count else { throw .refused(operation: "read", path: file, reason: "it changed meanwhile") }
        return bytes
    }
}

/// Holds a data directory for one process (flock(2)); the system releases it when the process ends, however it ends.
package final class DirectoryLock: Sendable {
    private let descriptor: Int32

    init(_ directory: DataDirectory) throws(EnvironmentError) {
        for _ in 0..<Self.attempts {
            let locked = try Self.lock(directory)
            if Self.isStillThere(locked, directory.lockFile) {
                descriptor = locked
                return
            }
            // A setup that is undone takes its lock's file away: whoever had opened it by then holds what nobody else would ever look at.
            close(locked)
        }
        throw .inUse(path: directory.path)
    }

    /// How often a lock is taken anew whose file went away meanwhile.
    private static let attempts = 10

    private static func lock(_ directory: DataDirectory) throws(EnvironmentError) -> Int32 {
        let file = directory.lockFile
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .refused(operation: "open", path: file, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw .refused(operation: "lock", path: file, reason: String(cString: strerror(code)))
            }
            throw .inUse(path: directory.path)
        }
        return descriptor
    }

    /// Whether the file of this name is the opened one.
    private static func isStillThere(_ descriptor: Int32, _ file: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && lstat(file, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    deinit { close(descriptor) }
}
