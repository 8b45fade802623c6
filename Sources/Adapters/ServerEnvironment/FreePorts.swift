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
    package static func isFree(_ port: Int, host: String = "127.0.0.1") -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return true }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        return isBound && listen(descriptor, 1) == 0
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
