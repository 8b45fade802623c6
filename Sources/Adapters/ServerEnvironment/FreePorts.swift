import Foundation

/// Finds ports that nobody listens on, below the range from which the system takes ports for outgoing connections.
package enum FreePorts {
    /// The lowest port that is offered.
    private static let lowest = 10_000

    /// - Returns: `count` different ports that are free on 127.0.0.1 at this moment.
    package static func choose(_ count: Int) throws(EnvironmentError) -> [Int] {
        var ports: [Int] = []
        // A start that differs from process to process keeps pools that start together out of each other's way.
        let top = max(lowest + 1_000, ephemeralStart())
        var candidate = lowest + Int(getpid()) * 37 % (top - lowest)
        for _ in 0..<(top - lowest) where ports.count < count {
            if isFree(candidate) { ports.append(candidate) }
            candidate = candidate + 1 < top ? candidate + 1 : lowest
        }
        guard ports.count == count else { throw .noFreePort }
        return ports
    }

    /// Whether nobody listens on the port of 127.0.0.1.
    package static func isFree(_ port: Int) -> Bool { obstacle(host: "127.0.0.1", port: port) == nil }

    /// Tries to listen as an agent would: on the first address that the host's name has.
    ///
    /// - Parameter host: a name, an IPv4 or an IPv6 address.
    /// - Returns: why nobody can listen there now; nil where one can.
    package static func obstacle(host: String, port: Int) -> ListeningObstacle? {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &wanted, &found)
        defer { if found != nil { freeaddrinfo(found) } }
        guard code == 0, let first = found?.pointee else { return .unknownHost(reason: String(cString: gai_strerror(code))) }
        let descriptor = socket(first.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return ListeningObstacle(code: errno) }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, first.ai_addr, first.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
            return ListeningObstacle(code: errno)
        }
        return nil
    }

    static func ephemeralStart() -> Int {
        let file = "/proc/sys/net/ipv4/ip_local_port_range"
        let standard = 32_768
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            return text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? standard
        } catch {
            return standard
        }
    }
}
