import DomainConfiguration

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The configurations found in the field, beside this file.
enum Samples {
    static let accepted = ["oracle-hvm.cfg", "xm-pv-pygrub.cfg", "xm-hvm-windows.cfg", "xl-hvm.cfg", "xl-pvh.cfg"]

    static func bytes(_ name: String, here: String = #filePath) throws -> [UInt8] {
        let folder = here.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        guard let stream = fopen("\(folder)/Samples/\(name)", "r") else { throw SampleError.missing(name) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { return bytes }
            bytes += buffer[0..<count]
        }
    }

    static func read(_ name: String) throws -> DomainConfiguration {
        try DomainConfigurationText.parse(bytes: bytes(name), file: name)
    }
}

enum SampleError: Error {
    case missing(String)
}

/// The settings of a domain `t` with `lines` added.
func configuration(_ lines: String) throws -> DomainConfiguration {
    try DomainConfigurationText.parse("name = 't'; memory = 64\n\(lines)", file: "t.cfg")
}

/// The message that refuses `text`, nil if it is accepted.
func refusal(_ text: String) -> String? {
    do {
        _ = try DomainConfigurationText.parse(text, file: "t.cfg")
        return nil
    } catch {
        return error.message
    }
}

/// Reproducible random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
