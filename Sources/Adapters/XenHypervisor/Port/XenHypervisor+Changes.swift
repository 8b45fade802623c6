import CXenLight
import Foundation
import Glibc
import Synchronization

extension XenHypervisor {
    /// Yields when a domain appears, ends or goes: xenstored tells it by two special watches, on which libxl's own events rest too.
    package func changes() -> AsyncStream<Void> {
        let library = library
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let watch = DomainWatch(library, continuation)
            continuation.onTermination = { _ in watch.stop() }
            watch.start()
        }
    }
}

/// A thread that waits for xenstored's word.
private final class DomainWatch: Sendable {
    private let library: XenLibrary
    private let continuation: AsyncStream<Void>.Continuation
    private let isOver = Mutex(false)

    /// How long the thread waits at a time, before it looks whether anyone still listens.
    private static let patienceMilliseconds: Int32 = 1_000

    init(_ library: XenLibrary, _ continuation: AsyncStream<Void>.Continuation) {
        self.library = library
        self.continuation = continuation
    }

    func start() {
        let thread = Thread { self.run() }
        thread.name = "ovm.xen.watch"
        thread.start()
    }

    func stop() { isOver.withLock { $0 = true } }

    private func run() {
        while !isOver.withLock({ $0 }) {
            follow()
            // xenstored is never restarted on a running Xen, so a broken connection is the rarest of things: the agent polls meanwhile.
            continuation.yield()
            usleep(UInt32(Self.patienceMilliseconds) * 1_000)
        }
        continuation.finish()
    }

    /// Follows one connection until it breaks, or nobody listens.
    private func follow() {
        guard let handle = library.store.xs_open(0) else { return }
        defer { library.store.xs_close(handle) }
        for path in ["@introduceDomain", "@releaseDomain"] {
            guard library.store.xs_watch(handle, path, "ovm") else { return }
        }
        var entry = pollfd(fd: library.store.xs_fileno(handle), events: Int16(POLLIN), revents: 0)
        while !isOver.withLock({ $0 }) {
            let count = poll(&entry, 1, Self.patienceMilliseconds)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0, entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) == 0 else { return }
            if count > 0 {
                guard drain(handle) else { return }
                continuation.yield()
            }
        }
    }

    /// Takes all that has come; false where the connection is broken.
    private func drain(_ handle: OpaquePointer) -> Bool {
        while let event = library.store.xs_check_watch(handle) { free(event) }
        return errno == EAGAIN
    }
}
