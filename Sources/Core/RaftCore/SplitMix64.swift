import PoolModel

/// A small deterministic generator (Steele, Lea and Flood, 2014): the same seed gives the same numbers everywhere, for ever.
struct SplitMix64: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A duration from `least` to `most`, in whole nanoseconds. The bias of the remainder is below one in a billion here.
    mutating func duration(from least: Duration, to most: Duration) -> Duration {
        let span = UInt64(max(0, most.wholeNanoseconds - least.wholeNanoseconds))
        return least + .nanoseconds(Int64(next() % (span + 1)))
    }
}
