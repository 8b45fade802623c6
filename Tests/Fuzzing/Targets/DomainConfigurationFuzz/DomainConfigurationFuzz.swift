import DomainConfiguration

/// libFuzzer's entrance: reads one text, and demands that what was accepted survives writing and reading.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzDomainConfiguration(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = accepted(bytes) else { return 0 }
    let canonical = first.canonicalText()
    guard let again = accepted(Array(canonical.utf8)) else { preconditionFailure("the canonical text is refused:\n\(canonical)") }
    precondition(again.settings == first.settings, "the canonical text says something else:\n\(canonical)")
    // The rest costs as much again, so that one input in eight has to do: the same ones in every run.
    guard count % 8 == 0 else { return 0 }
    precondition(again.canonicalText() == canonical, "the canonical text is not canonical:\n\(canonical)")
    precondition(accepted(Array(first.canonicalText(for: .xl).utf8)) != nil, "the text for xl is refused:\n\(canonical)")
    precondition(!first.jsonText().isEmpty && !first.summaryText().isEmpty)
    return 0
}

/// What the text means, nil where it is refused; a refusal must name its place.
private func accepted(_ bytes: [UInt8]) -> DomainConfiguration? {
    do {
        return try DomainConfigurationText.parse(bytes: bytes, file: "fuzz.cfg")
    } catch {
        precondition(error.line >= 1 && error.column >= 1 && !error.found.isEmpty && !error.expected.isEmpty, "no place: \(error.message)")
        return nil
    }
}
