internal import COpenSSL

/// DER, the binary form of everything in X.509.
enum DER {
    /// Runs one of OpenSSL's `i2d` functions: once for the length, once for the bytes.
    static func encode(_ function: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        let length = Int(function(nil))
        precondition(length > 0, "OpenSSL could not encode what it holds")
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var position = buffer.baseAddress
            count = max(0, Int(function(&position)))
        }
    }

    /// Runs one of OpenSSL's `d2i` functions; nil where it refuses, or where bytes follow the value.
    static func decode(
        _ bytes: [UInt8], free: (OpaquePointer) -> Void,
        _ function: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        bytes.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let value = function(&position, buffer.count) else { return nil }
            guard let start = buffer.baseAddress, position == start + buffer.count else {
                free(value)
                return nil
            }
            return value
        }
    }
}

/// PEM, the text form, through memory BIOs.
enum PEM {
    /// Lets `body` read `bytes` through a BIO.
    static func read<Result>(_ bytes: [UInt8], _ body: (OpaquePointer?) -> Result) -> Result {
        bytes.withUnsafeBytes { buffer in
            let bio = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count))
            defer { BIO_free(bio) }
            return body(bio)
        }
    }

    /// What `body` wrote into a BIO.
    static func write(_ body: (OpaquePointer?) -> Int32) -> [UInt8] {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        precondition(body(bio) == 1, "OpenSSL could not write what it holds as PEM")
        var start: UnsafeMutablePointer<CChar>?
        let count = ovm_BIO_get_mem_data(bio, &start)
        return Array(UnsafeRawBufferPointer(start: start, count: max(0, count)))
    }
}
