import NIOCore
import Testing

@testable import PoolCommands

@Suite("A parser of server-sent events")
struct EventStreamParserTests {
    private let text = ": a comment\r\nretry: 250\r\n\r\nid: 4\r\nevent: x\ndata: one\ndata:two\n\nid: 9\n\ndata: three\r\r"

    @Test("pieces of any size give the same events", arguments: [1, 2, 3, 7, 1_000])
    func readsPieces(size: Int) throws {
        var parser = EventStreamParser()
        var events: [EventStreamParser.Event] = []

        for start in stride(from: 0, to: text.utf8.count, by: size) {
            events += try parser.feed(ByteBuffer(bytes: Array(text.utf8.dropFirst(start).prefix(size))))
        }

        #expect(events == [.init(id: "4", data: "one\ntwo"), .init(id: "9", data: ""), .init(id: nil, data: "three")])
        #expect(parser.retry == .milliseconds(250))
    }

    @Test("an event beyond the bound and one that is not UTF-8 are refused")
    func refusesTheUnreadable() {
        var parser = EventStreamParser()
        var other = EventStreamParser()

        #expect(throws: EventStreamParser.Unreadable.self) {
            try parser.feed(ByteBuffer(repeating: 65, count: EventStreamParser.eventLimit + 1))
        }
        #expect(throws: EventStreamParser.Unreadable.self) { try other.feed(ByteBuffer(bytes: [0x64, 0xFF, 0x0A])) }
    }
}
