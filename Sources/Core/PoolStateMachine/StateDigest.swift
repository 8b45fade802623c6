package import PoolModel

/// A 64-bit digest that is the same in every process: FNV-1a over the values' bytes, stirred at the end (SplitMix64's finish).
///
/// It finds servers whose states differ by mistake; it is no defence against someone who wants them to.
package struct StateDigest: Sendable {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
    }

    package mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }
    package mutating func add(_ flag: Bool) { add(byte: flag ? 1 : 0) }

    /// The length goes first, so that "ab","c" differs from "a","bc".
    package mutating func add(_ text: String) {
        add(text.utf8.count)
        for byte in text.utf8 { add(byte: byte) }
    }

    package mutating func add(_ bytes: [UInt8]) {
        add(bytes.count)
        for byte in bytes { add(byte: byte) }
    }

    package mutating func add(_ identifier: UniqueIdentifier) {
        add(identifier.high)
        add(identifier.low)
    }

    private mutating func add(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

    package var result: UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
