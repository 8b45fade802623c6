import PoolModel

/// How long something takes: drawn anew each time, evenly between the bounds.
package struct SimulatedSpan: Hashable, Sendable, Codable {
    package let least: Duration
    package let most: Duration

    /// - Precondition: neither is below zero, and `most` is not below `least`.
    package init(_ least: Duration, _ most: Duration) {
        precondition(least >= .zero && most >= least, "a span was \(least) to \(most)")
        self.least = least
        self.most = most
    }

    /// Always the same.
    package init(_ length: Duration) { self.init(length, length) }

    /// Reads both bounds and refuses what `init` would not take: the bytes may come from anyone who reaches the socket.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        least = try container.decode(Duration.self, forKey: .least)
        most = try container.decode(Duration.self, forKey: .most)
        guard least >= .zero, most >= least, most <= SimulatedDurations.longest else {
            throw DecodingError.dataCorruptedError(forKey: .most, in: container, debugDescription: "the span is out of bounds")
        }
    }
}

/// How long the operations of a simulated host take.
package struct SimulatedDurations: Hashable, Sendable, Codable {
    package var create: SimulatedSpan
    package var unpause: SimulatedSpan
    package var pause = SimulatedSpan(.milliseconds(1), .milliseconds(5))
    package var resize = SimulatedSpan(.milliseconds(5), .milliseconds(50))
    /// To attach or detach a device, or to change a medium.
    package var changeDevice = SimulatedSpan(.milliseconds(5), .milliseconds(50))
    /// To hand the request to end or to reboot to the guest; what the guest does then takes `guestShutdown`.
    package var shutdown: SimulatedSpan
    package var destroy: SimulatedSpan
    /// To suspend a guest and write its memory to an image; to read it takes as long, beside `create`.
    package var suspend = SimulatedSpan(.milliseconds(100), .milliseconds(500))
    /// To send a GiB of memory to another host; what is received takes `create` once all has come.
    package var sendGibibyte = SimulatedSpan(.milliseconds(400), .seconds(1))
    /// To write an ended guest's memory to a file.
    package var dump = SimulatedSpan(.milliseconds(100), .milliseconds(500))
    /// From the request until the guest has powered itself off.
    package var guestShutdown: SimulatedSpan

    /// The most that any of them may be set to.
    package static let longest: Duration = .seconds(24 * 60 * 60)

    package init(
        create: SimulatedSpan = SimulatedSpan(.milliseconds(50), .milliseconds(150)),
        unpause: SimulatedSpan = SimulatedSpan(.milliseconds(1), .milliseconds(5)),
        shutdown: SimulatedSpan = SimulatedSpan(.milliseconds(1), .milliseconds(5)),
        destroy: SimulatedSpan = SimulatedSpan(.milliseconds(20), .milliseconds(60)),
        guestShutdown: SimulatedSpan = SimulatedSpan(.milliseconds(300), .milliseconds(800))
    ) {
        self.create = create
        self.unpause = unpause
        self.shutdown = shutdown
        self.destroy = destroy
        self.guestShutdown = guestShutdown
    }

    /// The usual span of an operation of this kind.
    func span(of kind: SimulatedOperationKind) -> SimulatedSpan {
        switch kind {
        case .create: create
        case .unpause: unpause
        case .pause: pause
        case .resize: resize
        case .changeDevice: changeDevice
        case .shutdown, .reboot: shutdown
        case .destroy: destroy
        case .dump: dump
        case .suspend: suspend
        case .unsuspend: unpause
        case .removeImage: pause
        case .send: sendGibibyte
        case .receive: create
        }
    }
}

/// A seeded source of numbers (SplitMix64): the same seed gives the same host, on every machine.
struct SeededGenerator: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A length between the bounds of `span`. The remainder's slight bias is of no consequence here.
    mutating func draw(from span: SimulatedSpan) -> Duration {
        let (least, most) = (span.least.wholeNanoseconds, span.most.wholeNanoseconds)
        let drawn = next()
        guard most > least else { return span.least }
        return .nanoseconds(least + Int64(drawn % UInt64(most - least + 1)))
    }
}
