import DequeModule
import PoolModel

/// State digests at equal indices: this server's own, and what the others said of theirs (hazard B20).
struct DigestComparison: Sendable {
    /// A digest of the pool's state once this index was applied.
    struct Saying: Hashable, Sendable {
        let index: LogIndex
        let digest: UInt64
    }

    /// A difference that is not decided yet, and since when.
    struct Doubt: Sendable {
        let index: LogIndex
        let since: MonotonicInstant
    }

    /// Own digests at the newest multiples of the interval, oldest first.
    private var own: Deque<Saying> = []
    /// What each server said, oldest first. Bounded by server: nobody can push out what another one said.
    private var heard: [ServerID: Deque<Saying>] = [:]
    private(set) var doubts: Deque<Doubt> = []
    /// At which index a difference of this server was written to the log last.
    private var noticed: [ServerID: LogIndex] = [:]
    /// How many digests of others were compared with an own one in this run.
    private(set) var compared = 0

    /// How many digests of each server are kept, for one that is behind or ahead.
    static let kept = 64

    mutating func restored() { own.removeAll() }

    mutating func keepOwn(_ digest: UInt64, at index: LogIndex) {
        own.append(Saying(index: index, digest: digest))
        if own.count > Self.kept { own.removeFirst() }
        compared += heard.values.reduce(0) { $0 + ($1.contains { $0.index == index } ? 1 : 0) }
    }

    /// Keeps what a server said; the same said again takes the place of what it said before.
    mutating func hear(_ digest: UInt64, at index: LogIndex, of sender: ServerID) {
        var sayings = heard[sender] ?? []
        sayings.removeAll { $0.index == index }
        sayings.append(Saying(index: index, digest: digest))
        if sayings.count > Self.kept { sayings.removeFirst() }
        heard[sender] = sayings
        if ownDigest(at: index) != nil { compared += 1 }
    }

    func ownDigest(at index: LogIndex) -> UInt64? { own.last { $0.index == index }?.digest }

    func digest(of server: ServerID, at index: LogIndex) -> UInt64? { heard[server]?.last { $0.index == index }?.digest }

    mutating func doubt(_ index: LogIndex, since instant: MonotonicInstant) {
        guard !doubts.contains(where: { $0.index == index }) else { return }
        doubts.append(Doubt(index: index, since: instant))
        if doubts.count > Self.kept { doubts.removeFirst() }
    }

    mutating func decided(_ index: LogIndex) { doubts.removeAll { $0.index == index } }

    /// - Returns: whether the difference is news.
    mutating func notice(_ server: ServerID, at index: LogIndex) -> Bool {
        let isNews = noticed[server] != index
        noticed[server] = index
        return isNews
    }

    /// Forgets what servers said that are not peers any more.
    mutating func keepOnly(_ servers: [ServerID]) { heard = heard.filter { servers.contains($0.key) } }
}
