import DomainConfiguration

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Lengths of the texts that are read: as long as a string may be, so that the readers inside a string see it whole, and four
/// times that.
private let grownBytes = [65_000, 262_144]

/// Nanoseconds of processor time for one text. Linear work takes some ten milliseconds; work that grows with the square takes seconds.
private let allowance = 400_000_000

/// What separates the parts of an input; no text that is accepted has this byte.
private let separator: UInt8 = 0x1F

/// libFuzzer's entrance: an input is a start, a unit and an end. The unit is repeated until the text is long.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzDomainConfigurationGrowth(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let parts = UnsafeBufferPointer(start: start, count: count).split(separator: separator, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty else { return 0 }
    for length in grownBytes {
        var bytes = Array(parts[0])
        while bytes.count + parts[1].count + parts[2].count <= length { bytes += parts[1] }
        bytes += parts[2]
        let begun = processorTime()
        readAndWrite(bytes)
        let taken = processorTime() - begun
        precondition(taken < allowance, "\(bytes.count) bytes took \(taken / 1_000_000) ms of processor time")
    }
    return 0
}

/// What can be read must also be written and shown in linear time.
private func readAndWrite(_ bytes: [UInt8]) {
    do {
        let configuration = try DomainConfigurationText.parse(bytes: bytes, file: "fuzz.cfg")
        precondition(!configuration.canonicalText().isEmpty && !configuration.jsonText().isEmpty && !configuration.summaryText().isEmpty)
    } catch {
        precondition(error.message.utf8.count < 4_096, "a message of \(error.message.utf8.count) bytes")
    }
}

/// The time that this thread has had a processor, in nanoseconds: a busy machine hardly changes it.
private func processorTime() -> Int {
    var time = timespec()
    precondition(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0, "the clock of the thread cannot be read")
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
