import Glibc
import Testing

@testable import XenHypervisor

@Suite("What libxl starts inherits nothing of the agent", .timeLimit(.minutes(1)))
struct ChildDescriptorTests {
    @Test("a socket that nobody has marked is closed at the exec of a child; standard output is not")
    func closesAtExec() throws {
        try #require(XenLibrary.isKeepingDescriptors)
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(socket > 2)
        defer { close(socket) }
        try #require(fcntl(socket, F_GETFD) & FD_CLOEXEC == 0)
        // 0: the descriptor is open in what was started.
        #expect(try exitStatus(of: "[ -e /proc/self/fd/\(socket) ]") == 1)
        #expect(try exitStatus(of: "[ -e /proc/self/fd/1 ]") == 0)
        #expect(fcntl(socket, F_GETFD) & FD_CLOEXEC == 0, "the agent's own was marked")
    }

    /// Forks as libxl does, and runs a shell there.
    private func exitStatus(of script: String) throws -> Int32 {
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
        try #require(status & 0x7F == 0, "the child was killed")
        return status >> 8 & 0xFF
    }
}
