/// Searches by bytes. Searching by characters is slower, and misses a comma that a combining mark follows, where xl sees the comma.
extension Substring {
    func firstIndex(ofByte character: Unicode.Scalar) -> Index? {
        utf8.firstIndex(of: UInt8(ascii: character))
    }

    func lastIndex(ofByte character: Unicode.Scalar) -> Index? {
        utf8.lastIndex(of: UInt8(ascii: character))
    }

    /// The text after `prefix`, nil if it starts otherwise.
    func dropping(prefix: String) -> Substring? {
        utf8.starts(with: prefix.utf8) ? Substring(utf8.dropFirst(prefix.utf8.count)) : nil
    }

    /// The text without the spaces at its start.
    var withoutLeadingSpaces: Substring {
        Substring(utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n") })
    }

    /// The text without the spaces around it.
    var trimmed: Substring {
        var bytes = withoutLeadingSpaces.utf8
        while let last = bytes.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") || last == UInt8(ascii: "\n") {
            bytes = bytes.dropLast()
        }
        return Substring(bytes)
    }
}
