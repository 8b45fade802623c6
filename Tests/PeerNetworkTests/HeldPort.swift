import Glibc

/// A port on 127.0.0.1 that nobody else is given while this lives.
///
/// It is bound and not listened on: connecting to it is refused, and an agent that is told its number can listen on it.
final class HeldPort {
    let number: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) | getsockname(descriptor, $0, &length) }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        if result != 0 { throw PortNotHeld(code: errno) }
    }

    /// From now on the system completes connections to it, which nobody takes.
    func listen() throws {
        if Glibc.listen(descriptor, 16) != 0 { throw PortNotHeld(code: errno) }
    }

    deinit { close(descriptor) }
}

/// The system gave no port.
struct PortNotHeld: Error {
    let code: Int32
}
