internal import COpenSSL

/// The few primitives that the rest of the project needs beside TLS. All of them are OpenSSL's.
package enum Cryptography {
    /// `count` bytes from OpenSSL's random generator, fit for secrets and keys.
    ///
    /// - Precondition: `count` is zero or more, and the system's entropy source works: no secret may be made without it.
    package static func randomBytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0 && count <= Int(Int32.max), "\(count) random bytes were asked for")
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the system has no source of random bytes")
        return bytes
    }

    /// HMAC-SHA-256 (RFC 2104) of `message` under `key`, 32 bytes.
    package static func authenticationCode(for message: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        let message = Array(message)
        precondition(key.count <= Int(Int32.max), "the key of an authentication code has \(key.count) bytes")
        var code = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        // OpenSSL takes a null key for "the key of the last call", so an empty array needs an address of its own.
        let result = (key + [0]).withUnsafeBytes { key in
            HMAC(EVP_sha256(), key.baseAddress, Int32(key.count - 1), message, message.count, &code, nil)
        }
        precondition(result != nil, "OpenSSL has no HMAC-SHA-256")
        return code
    }

    /// Compares two secrets in a time that depends on their lengths only.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return CRYPTO_memcmp(left, right, left.count) == 0
    }
}
