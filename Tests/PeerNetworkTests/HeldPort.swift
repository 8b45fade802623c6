import Glibc

/// A port on 127.0.0.1 that nobody else is given while this lives.
///
/// It is bound and not listened on: connecting to it is refused, and an agent that is told its number can listen on it.
final class HeldPort {
    let number: Int
    private let descriptor: Int32
    private var fillers: [Int32] = []

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) | getsockname(descriptor, $0, &length) }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        if result != 0 { throw PortNotHeld(code: errno) }
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }

    /// From now on the system completes connections to it, which nobody takes.
    func listen() throws {
        if Glibc.listen(descriptor, 16) != 0 { throw PortNotHeld(code: errno) }
    }

    /// From now on no connection to it is completed, and none is refused: the system drops every further SYN, as it is for one who
    /// connects to a server that lost its power.
    func swallow() throws {
        if Glibc.listen(descriptor, 0) != 0 { throw PortNotHeld(code: errno) }
        // A queue of none holds one connection all the same; once it does, the kernel drops what comes (listen(2), tcp(7)).
        for _ in 0..<2 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            fillers.append(filler)
            var address = Self.address(port: number)
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
            if result != 0 && errno != EINPROGRESS { throw PortNotHeld(code: errno) }
        }
    }

    deinit { (fillers + [descriptor]).forEach { close($0) } }
}

/// The system gave no port.
struct PortNotHeld: Error {
    let code: Int32
}
