/// The bounds of a pool, checked where commands are applied. They are part of the format version: another number is another format.
package enum PoolLimits {
    package static let servers = 64
    package static let machines = 10_000
    package static let configurationBytes = 64 * 1024
    package static let virtualCPUs = 512
    /// 64 TiB.
    package static let memoryMebibytes = 64 * 1024 * 1024
    package static let diskPaths = 256
    package static let interfaces = 64
    /// In kilobits a second: the sum over all machines of a pool stays far from overflow.
    package static let interfaceRate = 1 << 40
    package static let tagValueBytes = 1_024
    package static let tagsPerMachine = 32_768
    package static let tagBytes = 64 * 1024 * 1024
    package static let rules = 1_000
    /// That one rule names, and tags that it selects by.
    package static let machinesPerRule = 128
    package static let tagsPerRule = 16
    /// That one change of a virtual machine enters it into, or takes it out of.
    package static let rulesPerChange = 64
    package static let tokens = 1_000
    package static let credentials = 1_000
    package static let tasks = 1_000
    package static let events = 10_000
    package static let eventBytes = 16 * 1024 * 1024
    package static let requestsPerMember = 16_384
    package static let idempotencyKeys = 100_000
    package static let idempotencyLifetimeMilliseconds: Int64 = 24 * 60 * 60 * 1_000
    /// For how long a key is kept at least, however many come after it.
    package static let leastIdempotencyMilliseconds: Int64 = 60 * 1_000
    package static let tokenLifetimeMilliseconds: ClosedRange<Int64> = 60_000...(30 * 24 * 60 * 60 * 1_000)
    package static let reasonBytes = 256
    package static let addressBytes = 260
    /// Of a path on a server, as Linux bounds it (PATH_MAX).
    package static let pathBytes = 4_096
    /// Of a name that a server reports: a card, a bridge, its hypervisor, its agent's version.
    package static let factBytes = 255
    package static let cards = 256
    package static let bridges = 1_024
    package static let storageRoots = 256
    /// Of all that a server reports: its HELLO must fit into an entry.
    package static let factsBytes = 256 * 1024
    /// Of an entry of the log, as `approximateSize` counts it: half of the frame (1 MiB) that takes it to the other servers.
    package static let entryBytes = 512 * 1024
    /// How long a guest may be given to end by itself.
    package static let stopPatience: ClosedRange<Duration> = .seconds(1)...(.seconds(24 * 60 * 60))
    package static let overcommitRatio = 1...64
    package static let voterLimits = [1, 3, 5, 7]
    /// Longer than a server that starts anew is silent; in whole seconds, as people say it.
    package static let voterReplacementSeconds = 10...2_592_000
    /// One element of a configuration's `disk` or `vif`, and what it is called.
    package static let deviceElementBytes = 8 * 1_024
    package static let deviceNameBytes = 64
    package static let causeBytes = 1_024
    /// What migrations of one machine may leave on servers that do not take it down.
    package static let remnants = 8
}
