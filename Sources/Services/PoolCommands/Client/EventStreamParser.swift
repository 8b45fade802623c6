import NIOCore

/// Reads a stream of server-sent events (WHATWG HTML §9.2.6).
struct EventStreamParser {
    /// One event of the stream, or a place to resume from alone: then its data are empty.
    struct Event: Hashable {
        /// What to resume from; nil where the event bears none.
        var id: String?
        var data: String
    }

    /// Bytes of one event's lines together.
    static let eventLimit = 1_048_576

    /// An event is longer than the limit, or not UTF-8.
    struct Unreadable: Error {}

    /// How long the server asks its clients to wait before they return; nil where it has not said.
    private(set) var retry: Duration?
    private var line: [UInt8] = []
    private var data: [String] = []
    private var id: String?
    private var eventBytes = 0
    private var lastWasCarriageReturn = false

    /// Takes the next bytes, and returns the events that they complete.
    mutating func feed(_ bytes: ByteBuffer) throws(Unreadable) -> [Event] {
        var events: [Event] = []
        for byte in bytes.readableBytesView {
            defer { lastWasCarriageReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where lastWasCarriageReturn: break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = try endLine() { events.append(event) }
            default:
                line.append(byte)
                eventBytes += 1
                guard eventBytes <= Self.eventLimit else { throw Unreadable() }
            }
        }
        return events
    }

    private mutating func endLine() throws(Unreadable) -> Event? {
        guard let text = String(validating: line, as: UTF8.self) else { throw Unreadable() }
        line.removeAll(keepingCapacity: true)
        guard !text.isEmpty else { return dispatch() }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : ""
        if value.hasPrefix(" ") { value = value.dropFirst() }
        switch parts[0] {
        case "data": data.append(String(value))
        case "id": id = String(value)
        // A server may not keep its clients away for longer than half a minute.
        case "retry": retry = Int(value).map { .milliseconds(min(max($0, 100), 30_000)) } ?? retry
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> Event? {
        defer {
            data = []
            id = nil
            eventBytes = 0
        }
        return data.isEmpty && id == nil ? nil : Event(id: id, data: data.joined(separator: "\n"))
    }
}
