/// The name of an Oracle VM Server: 1 to 63 of `[A-Za-z0-9._-]`, beginning with a letter or a digit.
package struct ServerName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil when `text` is outside the bounds above.
    package init?(_ text: String) {
        guard NameRule.accepts(text, longest: 63) else { return nil }
        self.text = text
    }

    package static func < (left: ServerName, right: ServerName) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    package var description: String { text }
}

/// The name of a virtual machine, unique in its pool: 1 to 80 of `[A-Za-z0-9._-]`, beginning with a letter or a digit.
package struct VirtualMachineName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil when `text` is outside the bounds above.
    package init?(_ text: String) {
        guard NameRule.accepts(text, longest: 80) else { return nil }
        self.text = text
    }

    package static func < (left: VirtualMachineName, right: VirtualMachineName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
    package var description: String { text }
}

/// The key of a tag on a virtual machine: 1 to 128 of `[A-Za-z0-9._/-]`.
package struct TagKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Nil when `text` is outside the bounds above.
    package init?(_ text: String) {
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ NameRule.isNameByte($0) || $0 == UInt8(ascii: "/") }) else {
            return nil
        }
        self.text = text
    }

    package static func < (left: TagKey, right: TagKey) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    package var description: String { text }
}

/// What the bytes of a name may be.
package enum NameRule {
    /// Whether `text` has 1 to `longest` bytes of `[A-Za-z0-9._-]` and begins with a letter or a digit.
    package static func accepts(_ text: String, longest: Int) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longest else { return false }
        return isAlphanumeric(first) && text.utf8.allSatisfy(isNameByte)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
