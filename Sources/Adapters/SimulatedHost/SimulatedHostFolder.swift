import Glibc
import PoolModel

/// The data directory of a simulated host: its names, and whom it belongs to.
package struct SimulatedHostFolder: Hashable, Sendable {
    package let path: String

    package init(_ path: String) {
        var text = path
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        self.path = text
    }

    package var socket: String { "\(path)/simulated.sock" }
    package var settings: String { "\(path)/\(SimulatedHostSettings.fileName)" }
    package var journal: String { "\(path)/journal.jsonl" }
    package var images: String { "\(path)/save" }
    package var dumps: String { "\(path)/dump" }
    package var lock: String { "\(path)/simulated.lock" }

    /// Refuses a folder that others may use, and a socket path that no system call takes.
    func requireUsable() throws(SimulatedHostError) {
        guard socket.utf8.count <= SimulatedHostLimits.socketPathBytes else { throw .socketPathTooLong(path: socket) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .system(operation: "look at", path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(operation: "use", path: path, code: ENOTDIR) }
        guard status.st_uid == geteuid() else { throw .notOwned(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .notPrivate(path: path, mode: status.st_mode & 0o777) }
    }

    /// Takes the folder for this process until the descriptor is closed, at the latest when the process ends (flock(2)).
    func takeLock() throws(SimulatedHostError) -> OwnedDescriptor {
        let descriptor = OwnedDescriptor(open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
        guard descriptor.number >= 0 else { throw .system(operation: "open", path: lock, code: errno) }
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .system(operation: "lock", path: lock, code: errno) }
            throw .inUse(folder: path)
        }
        return descriptor
    }

    /// A listening socket under its name, mode 0600; replaces what an ended process left there.
    ///
    /// It takes its name once it listens, so that whoever sees the file can connect.
    func listen() throws(SimulatedHostError) -> OwnedDescriptor {
        let draft = socket + ".new"
        guard unlink(draft) == 0 || errno == ENOENT else { throw .system(operation: "remove", path: draft, code: errno) }
        let descriptor = OwnedDescriptor(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
        guard descriptor.number >= 0 else { throw .system(operation: "make", path: draft, code: errno) }
        // On Linux the file takes the mode of the descriptor: there is no instant in which others could connect.
        guard fchmod(descriptor.number, 0o600) == 0 else { throw .system(operation: "protect", path: draft, code: errno) }
        try bind(descriptor.number, to: draft)
        guard Glibc.listen(descriptor.number, 16) == 0 else { throw .system(operation: "listen on", path: draft, code: errno) }
        guard rename(draft, socket) == 0 else { throw .system(operation: "rename", path: draft, code: errno) }
        return descriptor
    }

    private func bind(_ descriptor: Int32, to path: String) throws(SimulatedHostError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isFitting = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        guard isFitting else { throw .socketPathTooLong(path: path) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw .system(operation: "bind", path: path, code: errno) }
    }

    /// Takes the socket's name away, so that nobody waits for a host that has ended.
    func removeSocket() { unlink(socket) }
}

/// An open file descriptor that is closed with its owner.
final class OwnedDescriptor: Sendable {
    /// Below zero where opening it failed; `errno` then says why.
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { if number >= 0 { close(number) } }
}

/// Reading small files whole.
enum BoundedFile {
    /// - Returns: nil where there is no such file.
    static func read(_ path: String, limit: Int) throws(SimulatedHostError) -> [UInt8]? {
        // O_NONBLOCK: a pipe under this name must not hold up the start.
        let descriptor = OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        guard descriptor.number >= 0 else {
            if errno == ENOENT { return nil }
            throw .system(operation: "read", path: path, code: errno)
        }
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else { throw .system(operation: "look at", path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .badSettings(path: path, reason: "it is not a plain file") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(descriptor.number, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system(operation: "read", path: path, code: errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw .badSettings(path: path, reason: "it has more than \(limit) bytes") }
        }
    }
}
