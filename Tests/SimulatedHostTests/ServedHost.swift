import AgentCore
import AgentPorts
import Foundation
import PoolModel

@testable import SimulatedHost

/// A host served from a folder of its own under the system's temporary one; both end with `withServedHost`.
struct ServedHost {
    let folder: SimulatedHostFolder
    let server: Task<SimulatedHostError?, Never>

    /// A client of its own; whoever makes it closes it.
    func client(patience: Duration = .seconds(20)) async throws -> SimulatedHypervisor {
        try await SimulatedHypervisor.connect(socketPath: folder.socket, patience: patience)
    }

    static func start(_ folder: SimulatedHostFolder) -> ServedHost {
        ServedHost(
            folder: folder,
            server: Task {
                do throws(SimulatedHostError) {
                    try await SimulatedHostServer(folder: folder).run()
                    return nil
                } catch {
                    return error
                }
            })
    }

    /// What the server ends with by itself; a test that runs out of time ends it.
    func outcome() async -> SimulatedHostError? {
        let server = server
        return await withTaskCancellationHandler {
            await server.value
        } onCancel: {
            server.cancel()
        }
    }

    /// Ends the server and gives what it ended with.
    func stop() async -> SimulatedHostError? {
        server.cancel()
        return await server.value
    }

    func journal() throws -> [HostJournalLine] { try HostJournalLine.read(path: folder.journal) }
}

/// A folder of mode 0700 for the time of `body`.
func withFolder<Value>(_ body: (SimulatedHostFolder) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/ovm-host-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Missing() }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeFolder(path) }
    return try await body(SimulatedHostFolder(path))
}

private func removeFolder(_ path: String) {
    do {
        try FileManager.default.removeItem(atPath: path)
    } catch {
        print("the folder \(path) of a test is left over: \(error)")
    }
}

/// A served host with brief durations, and a client of it.
func withServedHost(
    durations: String = #"{"create":[1,1],"unpause":[1,1],"shutdown":[1,1],"destroy":[1,1],"guestShutdown":[1,1]}"#,
    _ body: (ServedHost, SimulatedHypervisor) async throws -> Void
) async throws {
    try await withFolder { (folder) async throws in
        try Data(#"{"durations":\#(durations)}"#.utf8).write(to: URL(filePath: folder.settings))
        let host = ServedHost.start(folder)
        do {
            let client = try await host.client()
            try await body(host, client)
            client.close()
        } catch {
            _ = await host.stop()
            throw error
        }
        _ = await host.stop()
    }
}

/// Waits until `condition` holds, for as long as a loaded machine may need.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(5))
    }
    return false
}

/// A connection that writes bytes of its own choosing.
final class RawConnection {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard result == 0 else { throw Missing() }
    }

    deinit { close(descriptor) }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What arrives until `count` lines are there or the other side closes.
    func read(lines count: Int) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) < count {
            let received = recv(descriptor, &buffer, buffer.count, 0)
            guard received > 0 else { break }
            text += String(decoding: buffer[..<received], as: UTF8.self)
        }
        return text
    }

    /// Whether the other side has closed, having said nothing more.
    func isClosed() -> Bool {
        var byte: UInt8 = 0
        let received = recv(descriptor, &byte, 1, 0)
        return received == 0 || (received < 0 && errno == ECONNRESET)
    }
}
