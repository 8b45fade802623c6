package import AgentPorts
import Glibc

/// The files that xenconsoled writes what guests print to, where it is told to.
package enum ConsoleLogFile {
    static let folder = "/var/log/xen/console"

    /// The newest bytes of a log, at most ``ConsoleLimits/logBytes``.
    package static func tail(of path: String) throws(ConsoleFailure) -> [UInt8] {
        // Neither a link nor a pipe under this name leads anywhere else, or holds us up.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .noLog(cause: "The console's log \(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .noLog(cause: "The console's log \(path) is no plain file.")
        }
        var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size), ConsoleLimits.logBytes))
        var count = 0
        while count < bytes.count {
            let offset = status.st_size - bytes.count + count
            let read = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count, offset) }
            if read < 0, errno == EINTR { continue }
            // It was cut meanwhile, as by logrotate.
            guard read > 0 else { break }
            count += read
        }
        return Array(bytes[..<count])
    }
}
