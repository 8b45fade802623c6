/// CRC-32C (Castagnoli; RFC 3720 appendix B.4) over the fields of one stored record.
///
/// It finds every single flipped bit and every burst of up to 32 bits; it guards against disks, not against people.
struct RecordChecksum {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? (rest >> 1) ^ 0x82F6_3B78 : rest >> 1 }
    }

    private var register: UInt32 = 0xFFFF_FFFF

    /// The checksum of everything added so far, as SQLite stores it.
    var value: Int64 { Int64(~register) }

    mutating func add(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { addByte(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }

    /// Adds the count of `bytes`, then the bytes: two fields that follow one another cannot be mistaken for others.
    mutating func add(_ bytes: some Collection<UInt8>) {
        add(UInt64(bytes.count))
        let isContiguous = bytes.withContiguousStorageIfAvailable { addAll($0) } != nil
        if !isContiguous { for byte in bytes { addByte(byte) } }
    }

    private mutating func addAll(_ bytes: UnsafeBufferPointer<UInt8>) {
        var rest = register
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes { rest = (rest >> 8) ^ table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)] }
        }
        register = rest
    }

    private mutating func addByte(_ byte: UInt8) {
        register = (register >> 8) ^ Self.table[Int(UInt8(truncatingIfNeeded: register) ^ byte)]
    }
}
