internal import COpenSSL

/// One entry of OpenSSL's error queue: its number and the fixed text that belongs to it.
///
/// Only the fixed text is kept. OpenSSL may attach data to an entry, and data can be what the call was about; a key must never reach a log.
package struct OpenSSLFailure: Hashable, Sendable, CustomStringConvertible {
    /// The packed number, as `openssl errstr` takes it.
    package let code: UInt
    /// The number of the reason inside its library.
    package let reason: Int32
    /// OpenSSL's fixed text, such as `error:0A000086:SSL routines::certificate verify failed`.
    package let description: String

    /// The most entries kept from one queue; OpenSSL itself holds 16.
    private static let queueLimit = 16
    private static let textLimit = 256

    /// Empties this thread's error queue, oldest entry first.
    static func takeQueue() -> [OpenSSLFailure] {
        var failures: [OpenSSLFailure] = []
        while failures.count < queueLimit {
            let code = ERR_get_error()
            if code == 0 { break }
            failures.append(OpenSSLFailure(code: UInt(code), reason: ovm_ERR_GET_REASON(code), description: text(of: code)))
        }
        ERR_clear_error()
        return failures
    }

    private static func text(of code: UInt) -> String {
        var buffer = [CChar](repeating: 0, count: textLimit)
        ERR_error_string_n(code, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension [OpenSSLFailure] {
    /// The queue as one clause for the end of a sentence; empty where OpenSSL said nothing.
    var clause: String { isEmpty ? "" : " (OpenSSL: \(map(\.description).joined(separator: "; ")))" }
}
