package import QueryModel

/// Events as text for people.
package enum EventText {
    package static func table(of events: [EventDocument]) -> TextTable {
        var table = TextTable([
            .init("INDEX", .right), .init("TIME"), .init("EVENT"), .init("TARGET", isWide: true), .init("BY"), .init("MESSAGE"),
        ])
        for event in events {
            table.add([String(event.index), QuantityText.time(event.time), event.kind, event.target, event.principal, message(of: event)])
        }
        return table
    }

    package static func line(of event: EventDocument) -> String {
        TextTable.printable("\(event.index)  \(QuantityText.time(event.time))  \(event.kind)  \(event.principal)  \(message(of: event))")
    }

    private static func message(of event: EventDocument) -> String {
        event.reason.map { "\(event.message) Reason: \($0)" } ?? event.message
    }
}
