import Glibc
import Testing

@testable import XenHypervisor

@Suite("What libxl starts inherits nothing of the agent", .timeLimit(.minutes(1)))
struct ChildProcessTests {
    @Test("a socket that nobody has marked is closed at the exec of a child; standard output is not")
    func closesAtExec() throws {
        try #require(XenLibrary.isPreparingChildren)
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(socket > 2)
        defer { close(socket) }
        try #require(fcntl(socket, F_GETFD) & FD_CLOEXEC == 0)
        // 0: the descriptor is open in what was started.
        #expect(try end(of: "[ -e /proc/self/fd/\(socket) ]") == .exited(1))
        #expect(try end(of: "[ -e /proc/self/fd/1 ]") == .exited(0))
        #expect(fcntl(socket, F_GETFD) & FD_CLOEXEC == 0, "the agent's own was marked")
    }

    @Test("a signal that this thread blocks, or the agent ignores, ends a child", arguments: [SIGHUP, SIGTERM])
    func hearsSignals(_ signal: Int32) throws {
        try #require(XenLibrary.isPreparingChildren)
        var (all, former) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        #expect(try end(of: "kill -\(signal) $$; exit 0") == .killed(signal))
    }

    private enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
    }

    /// Forks as libxl does, and runs a shell there.
    private func end(of script: String) throws -> End {
        typealias Fork = @convention(c) () -> pid_t
        let fork = unsafeBitCast(try #require(dlsym(nil, "fork")), to: Fork.self)
        let program = try #require(strdup("/bin/sh"))
        var words: [UnsafeMutablePointer<CChar>?] = [program, strdup("-c"), strdup(script), nil]
        defer { words.forEach { free($0) } }
        // Nothing is allocated between the fork and the exec: other threads may have held the allocator's lock.
        let child = words.withUnsafeMutableBufferPointer { words in
            let list = words.baseAddress
            let child = fork()
            if child == 0 {
                if let list { execv(program, list) }
                _exit(127)
            }
            return child
        }
        try #require(child > 0)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 { try #require(errno == EINTR) }
        return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
    }
}
