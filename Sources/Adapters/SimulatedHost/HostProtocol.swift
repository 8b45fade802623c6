import FoundationEssentials
import NIOCore

/// A request to a served host: one line of JSON.
struct HostRequest: Codable, Sendable {
    /// Comes back in the answer.
    let id: UInt64
    let call: HostCall
}

/// What a served host can be asked.
enum HostCall: Codable, Sendable {
    /// From here on `changed` is told whenever domains may have changed.
    case subscribe
    case list
    case facts
    case usage
    case boot
    case hardware
    case perform(OperationDocument)
    /// What the receive brings to its end that this connection has asked for.
    case deliver(TravellingDocument)
    /// Ends the send or the receive early that this connection has asked for. So does the connection's end.
    case cancelMove
    case control(SimulatedHostControl)
    /// From the answer on the connection is the domain's text console, and carries lines no more.
    case attachText(domain: UInt32)
    /// The same with its display.
    case attachDisplay(domain: UInt32)
    case consoleLog(name: String)
}

/// An answer of a served host, or a word that nobody asked for: one line of JSON.
struct HostAnswer: Codable, Sendable {
    /// The request's; nil for what nobody asked for.
    let id: UInt64?
    let reply: HostReply
}

/// What a served host says.
enum HostReply: Codable, Sendable {
    case subscribed
    case domains([DomainDocument])
    case facts(FactsDocument)
    case usage([UsageDocument])
    case boot(String)
    case hardware(String)
    /// The operation has ended; `failure` is a sentence where it failed.
    case performed(failure: String?)
    /// A send has ended, and this is to be delivered to the other host.
    case sent(TravellingDocument)
    /// It was delivered, or cancelled, if there was a move to do so with; the operation itself has an answer of its own.
    case moved
    /// The memory of a domain is in this file.
    case dumped(path: String)
    /// `refusal` is a sentence where nothing was done.
    case controlled(refusal: String?)
    case changed
    /// `refusal` is a sentence where nothing was attached.
    case attached(refusal: String?)
    /// The tail; nil where no domain of that name is known.
    case consoleLog(Data?)
}

/// Lines of JSON.
enum HostLine {
    /// A value as one line with its end. JSON escapes line ends within texts.
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("a message of our own cannot be written as JSON: \(error)")
        }
    }

    /// Nil for a line that is not such a value.
    static func decode<Value: Decodable>(_ type: Value.Type, from line: ByteBuffer) -> Value? {
        do {
            return try JSONDecoder().decode(type, from: Data(line.readableBytesView))
        } catch {
            return nil
        }
    }
}

/// Cuts a stream of bytes into lines, none longer than the bound.
struct LineCutter: Sendable {
    private var buffer = ByteBuffer()
    /// How much of `buffer` is known to hold no line end.
    private var searched = 0

    mutating func append(_ bytes: ByteBuffer) {
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(bytes)
    }

    /// What has come after the last line.
    mutating func takeRest() -> ByteBuffer {
        let rest = buffer
        buffer = ByteBuffer()
        searched = 0
        return rest
    }

    /// The next whole line without its end; nil when more bytes are needed.
    ///
    /// - Throws: ``DocumentFault`` when a line is too long.
    mutating func next() throws(DocumentFault) -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) else {
            searched = view.count
            guard searched <= SimulatedHostLimits.lineBytes else { throw DocumentFault("a line is longer than the bound") }
            return nil
        }
        let length = end - view.startIndex
        searched = 0
        guard length <= SimulatedHostLimits.lineBytes, let line = buffer.readSlice(length: length) else {
            throw DocumentFault("a line is longer than the bound")
        }
        buffer.moveReaderIndex(forwardBy: 1)
        return line
    }
}
