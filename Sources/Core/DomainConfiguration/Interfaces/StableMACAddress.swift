/// MAC addresses for interfaces that were given none.
package enum StableMACAddress {
    /// Xen's range, 00:16:3e (xl-network-configuration(5)), of which tools leave the upper half to Xen itself.
    private static let prefix: UInt64 = 0x0016_3E00_0000
    private static let mask: UInt64 = 0x7F_FFFF

    /// The address of an interface: the same ever after, as it is a hash (FNV-1a) of the virtual machine's UUID and the interface's place.
    package static func value(of uuid: (high: UInt64, low: UInt64), interface: Int, avoiding used: inout Set<UInt64>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for word in [uuid.high, uuid.low, UInt64(truncatingIfNeeded: interface)] {
            for shift in stride(from: 56, through: 0, by: -8) {
                hash = (hash ^ (word >> UInt64(shift) & 0xFF)) &* 0x0000_0100_0000_01B3
            }
        }
        // The upper bits are the better mixed ones.
        var low = (hash >> 32 ^ hash) & mask
        while !used.insert(prefix | low).inserted { low = (low + 1) & mask }
        return prefix | low
    }
}
