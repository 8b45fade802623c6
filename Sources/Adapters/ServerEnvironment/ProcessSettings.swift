import Glibc

/// Settings of this process that an agent needs.
package enum ProcessSettings {
    /// No core dumps: writing one would hold the process's connections open, and the others would notice its death late.
    ///
    /// The limit is one byte and not zero: Linux ignores a limit of zero where a program takes the dumps (`|` in core_pattern(5)),
    /// as systemd-coredump does, and takes one byte as its word for "none at all" (do_coredump in the kernel).
    package static func disableCoreDumps() {
        var limit = rlimit(rlim_cur: 1, rlim_max: 1)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) != 0 else { return }
        // Whoever started the agent has set the hard limit to zero, and only root may raise it.
        limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }

    /// Takes as many open files as the system allows this process.
    package static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// This server's name, up to the first dot.
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "server" }
        let bytes = buffer.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: ".")) }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? "server" : String(decoding: bytes, as: UTF8.self)
    }
}
