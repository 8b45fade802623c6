import PoolModel

/// One direction between two servers.
struct NetworkLink: Hashable {
    let sender: ServerID
    let receiver: ServerID
}

/// Which servers cannot reach which.
struct SimulatedNetwork {
    private var cuts: [(number: Int, links: Set<NetworkLink>)] = []
    private var nextCut = 1
    /// Senders that are about to be told that a receiver is out of reach.
    var pendingNotices: Set<NetworkLink> = []
    /// When the last of the messages that are or were under way arrives.
    private var lastArrivals: [NetworkLink: Int64] = [:]

    func isCut(_ sender: ServerID, _ receiver: ServerID) -> Bool {
        let link = NetworkLink(sender: sender, receiver: receiver)
        return cuts.contains { $0.links.contains(link) }
    }

    /// A message is sent that arrives then.
    ///
    /// - Returns: whether it overtakes one that was sent before it.
    mutating func send(_ link: NetworkLink, arrivingAt instant: Int64) -> Bool {
        let last = lastArrivals[link] ?? instant
        lastArrivals[link] = max(last, instant)
        return instant < last
    }

    var hasCuts: Bool { !cuts.isEmpty }

    /// Cuts these directions until `heal` is called with the number that is returned.
    mutating func cut(_ links: Set<NetworkLink>) -> Int {
        defer { nextCut += 1 }
        cuts.append((nextCut, links))
        return nextCut
    }

    mutating func heal(_ number: Int) { cuts.removeAll { $0.number == number } }
    mutating func healAll() { cuts = [] }
}
