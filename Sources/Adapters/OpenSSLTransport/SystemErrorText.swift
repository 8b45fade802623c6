internal import Glibc

/// The C library's words for its error numbers.
enum SystemErrorText {
    private static let limit = 128

    /// The text for `number`, such as "No space left on device".
    ///
    /// `strerror` keeps its answer in storage shared by all threads; `strerror_r` writes into the caller's own.
    static func text(of number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: limit)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
