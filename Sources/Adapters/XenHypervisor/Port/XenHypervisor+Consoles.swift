package import AgentPorts
import CXenLight
import ConsoleStreams
import Glibc
import NIOCore
import NIOPosix
package import PoolModel

extension XenHypervisor: ConsolePort {
    package func console(of domain: UInt32, _ kind: ConsoleKind) async throws(ConsoleFailure) -> any ConsoleStream {
        switch kind {
        case .text:
            let path = try await find("find the text console of domain \(domain)") { context throws(XenFailure) in
                try self.terminal(of: domain, context)
            }
            return try await PseudoTerminal.open(path)
        case .display:
            let address = try await find("find the display of domain \(domain)") { context throws(XenFailure) in
                try self.display(of: domain, context)
            }
            return try await Self.connect(to: address)
        case .log: throw .noLog(cause: "A log is read by its domain's name.")
        }
    }

    package func consoleLog(ofDomainNamed name: String) async throws(ConsoleFailure) -> [UInt8] {
        guard VirtualMachineName(name) != nil else { throw .noLog(cause: "No domain of the pool bears such a name.") }
        return try ConsoleLogFile.tail(of: "\(ConsoleLogFile.folder)/guest-\(name).log")
    }

    /// Looks something up; nil of `work` means that there is no such thing.
    private func find<Value: Sendable>(
        _ what: String, _ work: @escaping @Sendable (XenContext) throws(XenFailure) -> Value?
    ) async throws(ConsoleFailure) -> Value {
        let found: Value?
        do throws(HypervisorError) {
            found = try await look(what, work)
        } catch {
            throw .lost(cause: error.message)
        }
        guard let found else { throw .noConsole(cause: "The domain has no such console.") }
        return found
    }

    /// The pseudo-terminal of the primary console: xenconsoled's for PV and PVH, the emulated serial port's for HVM.
    private func terminal(of domain: UInt32, _ context: XenContext) throws(XenFailure) -> String? {
        try requireOwnership(of: domain, "show its console", context)
        let store = try XenStore(library)
        // Where the guest could have written it, it could lead anybody's keys to any terminal of Domain-0.
        for node in ["console/tty", "serial/0/tty"] {
            guard let permissions = store.permissions("/local/domain/\(domain)/\(node)") else { continue }
            guard OwnershipRecord.isOurs(permissions) else { return nil }
        }
        var path: UnsafeMutablePointer<CChar>?
        guard library.libxl.libxl_primary_console_get_tty(context.handle, domain, &path) == 0, let path else { return nil }
        defer { free(path) }
        return String(cString: path)
    }

    /// Where the domain's VNC server listens: on this server, on whatever address it was given.
    private func display(of domain: UInt32, _ context: XenContext) throws(XenFailure) -> DisplayAddress? {
        try requireOwnership(of: domain, "show its display", context)
        let store = try XenStore(library)
        let folder = "/local/domain/\(domain)/console"
        guard let permissions = store.permissions("\(folder)/vnc-port"), OwnershipRecord.isOurs(permissions),
            let port = store.number("\(folder)/vnc-port")
        else { return nil }
        // Where the guest could have written it, a viewer would be led to any address that this server reaches.
        if let permissions = store.permissions("\(folder)/vnc-listen"), !OwnershipRecord.isOurs(permissions) { return nil }
        let listen = store.bytes("\(folder)/vnc-listen", longest: 64).map { String(decoding: $0, as: UTF8.self) }
        return DisplayAddress(listen: listen, port: port)
    }

    private static func connect(to address: DisplayAddress) async throws(ConsoleFailure) -> any ConsoleStream {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try ChannelConsoleStream(on: channel, lostCause: nil) }
                }
        } catch {
            throw .lost(cause: "The domain's VNC server does not answer on \(address.host) port \(address.port).")
        }
    }
}

/// Where a VNC server is reached from this server.
package struct DisplayAddress: Hashable, Sendable {
    package let host: String
    package let port: Int

    /// - Parameter listen: the address that it listens on, as libxl has noted it; nil where it has not.
    /// - Returns: nil for what is no address of TCP.
    package init?(listen: String?, port: Int) {
        guard (1...65_535).contains(port) else { return nil }
        self.port = port
        switch listen {
        case nil, "", "0.0.0.0", "::", "localhost": host = "127.0.0.1"
        case .some(let text):
            // A name would be looked up, perhaps elsewhere.
            guard Self.isAddress(text) else { return nil }
            host = text
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        var bytes = in6_addr()
        return inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
    }
}
