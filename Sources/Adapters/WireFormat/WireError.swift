/// Bytes that are no message this agent knows, or are outside its bounds.
package struct WireError: Error, Hashable, Sendable {
    /// One sentence: which field, and what is wrong with it.
    package let message: String
    /// Whether it holds a kind, a field or a version that this agent does not know: a newer agent wrote it.
    package let isNewer: Bool

    package init(_ message: String, isNewer: Bool = false) {
        self.message = message
        self.isNewer = isNewer
    }

    static func unknown(_ what: String) -> WireError {
        WireError("The field \(what) holds a kind that this agent does not know.", isNewer: true)
    }
    static var unknownField: WireError { WireError("It holds a field that this agent does not know.", isNewer: true) }
    static func missing(_ what: String) -> WireError { WireError("The field \(what) is missing.") }
    static func outOfRange(_ what: String) -> WireError { WireError("The field \(what) is outside its range.") }
}

/// The versions of what is written and sent. They only grow.
package enum WireVersion {
    /// Of the peers' frames: what this agent says of itself in its HELLO. It speaks to another in the older of both versions.
    package static let frames: UInt32 = 1
    /// The oldest version of frames that this agent still speaks.
    package static let oldestFrames: UInt32 = 1
    /// Of snapshots.
    package static let snapshot: UInt32 = 1
}
