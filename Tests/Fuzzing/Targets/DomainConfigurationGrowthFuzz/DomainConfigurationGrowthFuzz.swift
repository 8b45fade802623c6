import DomainConfiguration

/// Bytes of the text that is read, 64 times a long vm.cfg: work that grows with the square of it cannot end in time.
private let grownBytes = 262_144

/// What separates the parts of an input; no text that is accepted has this byte.
private let separator: UInt8 = 0x1F

/// libFuzzer's entrance: an input is a start, a unit and an end. The unit is repeated until the text is long.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzDomainConfigurationGrowth(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let parts = UnsafeBufferPointer(start: start, count: count).split(separator: separator, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty else { return 0 }
    var bytes = Array(parts[0])
    while bytes.count < grownBytes { bytes += parts[1] }
    bytes += parts[2]
    do {
        let configuration = try DomainConfigurationText.parse(bytes: bytes, file: "fuzz.cfg")
        // What can be read must also be written and shown in linear time.
        precondition(!configuration.canonicalText().isEmpty && !configuration.jsonText().isEmpty && !configuration.summaryText().isEmpty)
    } catch {
        precondition(error.message.utf8.count < 4_096, "a message of \(error.message.utf8.count) bytes")
    }
    return 0
}
