import Glibc
import NIOCore
import NIOPosix
import OpenSSLTransport

/// Addresses read, and errors said.
extension PeerNetwork {
    /// Cuts `HOST:PORT` or `[ADDRESS]:PORT` in two; nil when it is neither.
    static func hostAndPort(_ address: String) -> (String, Int)? {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else { return nil }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, (1...65_535).contains(port) else { return nil }
        return (String(host), port)
    }

    /// One sentence's worth of an error from below.
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as TLSError: error.message
        case let error as PeerRefusal: error.message
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first {
                describe(first.error)
            } else {
                "the name \(error.host) was not resolved: \(error.dnsAError ?? error.dnsAAAAError ?? error)"
            }
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: "it did not answer in time"
        default: "\(error)"
        }
    }
}
