import PoolModel

/// The only source of chance in a simulation (SplitMix64; Steele, Lea and Flood, 2014): a seed replays a whole pool.
struct SimulationRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `count`.
    ///
    /// - Precondition: `count` is one or more.
    mutating func below(_ count: Int) -> Int {
        precondition(count > 0, "a choice among none was asked for")
        return Int(next() % UInt64(count))
    }

    /// True this many times in a million.
    mutating func happens(_ millionths: Int) -> Bool { millionths > 0 && below(1_000_000) < millionths }

    mutating func nanoseconds(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func identifier() -> UniqueIdentifier { UniqueIdentifier(randomHigh: next(), randomLow: next()) }

    /// One of the choices, nil of none.
    mutating func choice<Element>(_ choices: [Element]) -> Element? { choices.isEmpty ? nil : choices[below(choices.count)] }
}
