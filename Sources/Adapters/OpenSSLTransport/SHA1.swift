internal import COpenSSL

/// SHA-1, for the handshake of WebSocket alone, where it proves nothing but that the other end knows the protocol (RFC 6455 §10.8).
package enum SHA1 {
    /// The digest's 20 bytes (FIPS 180-4).
    package static func digest(of message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        let result = message.withUnsafeBytes { EVP_Digest($0.baseAddress, $0.count, &digest, nil, EVP_sha1(), nil) }
        precondition(result == 1, "OpenSSL has no SHA-1")
        return digest
    }
}
