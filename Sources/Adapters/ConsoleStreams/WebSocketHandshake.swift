import FoundationEssentials
import OpenSSLTransport

/// The words of the opening handshake of a WebSocket (RFC 6455 §4).
package enum WebSocketHandshake {
    /// The subprotocol of consoles: bytes both ways, message borders without meaning.
    package static let subprotocol = "ovm.console"
    package static let version = "13"

    /// A client's key: 16 random bytes.
    package static func makeKey() -> String {
        Data((0..<16).map { _ in UInt8.random(in: 0 ... .max) }).base64EncodedString()
    }

    /// Whether `key` is 16 bytes in Base64.
    package static func isKey(_ key: String) -> Bool { Data(base64Encoded: key)?.count == 16 }

    /// What a server answers a key with: it has understood that this is a WebSocket.
    package static func answer(to key: String) -> String {
        Data(SHA1.digest(of: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))).base64EncodedString()
    }
}
