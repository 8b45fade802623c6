import Glibc
package import ServerEnvironment

/// Another process of this same program, in a session of its own, so that it outlives the terminal.
package struct ChildProcess: Hashable, Sendable {
    package let pid: Int32

    package init(pid: Int32) { self.pid = pid }

    /// Starts `executable` with its output appended to a log file.
    package static func start(executable: String, arguments: [String], log: String) throws(EnvironmentError) -> ChildProcess {
        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        // POSIX_SPAWN_SETSID (spawn.h): Swift does not import the macro.
        posix_spawnattr_setflags(&attributes, 0x80)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words = copies([executable] + arguments)
        // A backtracer would keep a dead agent's connections open, and the others would notice its death late.
        var surroundings = copies(["PATH=/usr/bin:/bin", "SWIFT_BACKTRACE=enable=no"] + libraryPath())
        defer { (words + surroundings).forEach { free($0) } }
        keepOwnFiles()
        var pid: pid_t = 0
        let code = posix_spawn(&pid, executable, &actions, &attributes, &words, &surroundings)
        guard code == 0 else { throw .refused(operation: "run", path: executable, reason: String(cString: strerror(code))) }
        return ChildProcess(pid: pid)
    }

    /// Hands down none of the files that this process was given: whoever waits for the end of a pipe to it must not wait for a child
    /// that outlives it.
    private static func keepOwnFiles() {
        for descriptor in 3..<Int32(1_024) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }

    /// Copies of the words as C wants them, with a null at the end; the caller frees them.
    private static func copies(_ words: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var copies: [UnsafeMutablePointer<CChar>?] = []
        for word in words { copies.append(strdup(word)) }
        copies.append(nil)
        return copies
    }

    private static func libraryPath() -> [String] {
        guard let path = getenv("LD_LIBRARY_PATH") else { return [] }
        return ["LD_LIBRARY_PATH=" + String(cString: path)]
    }

    /// Whether the process runs and was started with `word` among its arguments: a number that was given to another process is not it.
    package func isRunning(with word: String) -> Bool {
        guard let file = fopen("/proc/\(pid)/cmdline", "r") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        return bytes.prefix(count).split(separator: 0).contains { String(decoding: $0, as: UTF8.self) == word }
    }

    package func send(_ signal: Int32) { kill(pid, signal) }

    /// Takes note of a child's end, if it has ended.
    package func reap() { waitpid(pid, nil, WNOHANG) }
}
