/// Counts the event streams, so that a crowd of watchers cannot take every connection.
actor EventStreamSeats {
    private let most: Int
    private(set) var taken = 0

    init(most: Int) { self.most = most }

    /// Whether there was a seat; it must be left again.
    func take() -> Bool {
        guard taken < most else { return false }
        taken += 1
        return true
    }

    func leave() { taken -= 1 }
}
