import NIOCore

/// How many lines may still be logged in this minute.
struct LineBudget {
    private let linesPerMinute: Int
    private var windowEnds = NIODeadline.now()
    private var written = 0
    private var suppressed = 0

    init(linesPerMinute: Int) { self.linesPerMinute = linesPerMinute }

    /// Whether one line more may be logged, and how many were not since the last that was.
    mutating func admit(at now: NIODeadline) -> (isAdmitted: Bool, suppressed: Int) {
        if now >= windowEnds {
            windowEnds = now + .minutes(1)
            written = 0
        }
        guard written < linesPerMinute else {
            suppressed += 1
            return (false, 0)
        }
        written += 1
        defer { suppressed = 0 }
        return (true, suppressed)
    }
}
