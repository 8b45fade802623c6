import DequeModule
import PoolModel

/// The configurations that stand in the log, oldest first, behind the one that was in force before them.
///
/// A configuration is in force from the moment it is appended; a truncation brings its predecessor back (hazards B2, B11).
struct ConfigurationHistory: Sendable {
    struct Item: Sendable {
        let index: LogIndex
        let configuration: RaftConfiguration
    }

    /// What holds before the first item of `later`: a snapshot's configuration, or none.
    private var oldest: Item
    private var later: Deque<Item> = []

    init(index: LogIndex, configuration: RaftConfiguration) { oldest = Item(index: index, configuration: configuration) }

    /// The configuration in force, and the entry that brought it.
    var latest: Item { later.last ?? oldest }

    /// The configuration as of `index`.
    func item(asOf index: LogIndex) -> Item { later.last { $0.index <= index } ?? oldest }

    /// Whether the server votes in the configuration as of `index`, or in any that was appended since.
    func isVoter(_ server: ServerID, since index: LogIndex) -> Bool {
        if item(asOf: index).configuration.isVoter(server) { return true }
        return later.reversed().prefix { $0.index > index }.contains { $0.configuration.isVoter(server) }
    }

    mutating func append(_ configuration: RaftConfiguration, at index: LogIndex) {
        later.append(Item(index: index, configuration: configuration))
    }

    /// Forgets the configurations at `index` and after it.
    ///
    /// - Returns: whether the configuration in force is another one now.
    mutating func truncate(from index: LogIndex) -> Bool {
        let count = later.count
        while let last = later.last, last.index >= index { later.removeLast() }
        return later.count != count
    }

    /// Forgets what a snapshot at `index` stands for, but the one that holds there.
    mutating func drop(through index: LogIndex) {
        while let first = later.first, first.index <= index {
            oldest = first
            later.removeFirst()
        }
    }
}
