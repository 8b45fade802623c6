/// The bounds on what a client of the query port may cost.
package enum QueryLimits {
    /// Bytes of a request's body.
    package static let bodyBytes = 1_048_576
    /// Bytes of the body of a join, whose sender nobody knows yet.
    package static let joinBodyBytes = 65_536
    /// Bytes of a vm.cfg text.
    package static let configurationBytes = 65_536
    /// Bytes of a tag's value.
    package static let tagValueBytes = 1_024
    /// Tags of a machine that does not exist, where one asks for its placement.
    package static let explainedTags = 64
    /// Machines that are named where a rule is broken, for each server.
    package static let namedBreaches = 16
    /// Bytes of the `Ovm-Reason` header.
    package static let reasonBytes = 256
    /// Bytes of a request's path with its query.
    package static let pathBytes = 4_096
    /// Bytes of all header fields together, and of each.
    package static let headerBytes = 16_384
    package static let headerFields = 64
    /// How long a client may take to send a request's head, from its first byte on, or from connecting.
    package static let headPatience = Duration.seconds(10)
    /// How long a client may take to send a request's body.
    package static let bodyPatience = Duration.seconds(30)
    /// How long a client may leave an answer unread once the buffers are full.
    package static let readPatience = Duration.seconds(20)
    /// How long a connection may carry nothing.
    package static let idlePatience = Duration.seconds(60)
    /// Connections at a time; further ones are closed at once.
    package static let connections = 1_024
    /// Of them, from one address (or IPv6 network of 64 bits).
    package static let connectionsOfAddress = 128
    /// Requests of one principal, a second on the long run and at once.
    package static let requestsPerSecond = 1_000
    package static let requestBurst = 2_000
    /// Requests of one address whose credential this server does not know, a second on the long run and at once.
    package static let failuresPerSecond = 10
    package static let failureBurst = 100
    /// As how many of these the description counts, which is long: a hundred of them at once hold up everybody's writes for a tenth of a second.
    package static let descriptionCost = 5
    /// Principals and addresses whose requests are counted at a time.
    package static let payers = 4_096
    package static let addresses = 4_096
    /// Event streams at a time, and of one principal.
    package static let eventStreams = 64
    package static let eventStreamsOfPrincipal = 32
    /// How long a seat is kept for a stream that was promised and has not begun.
    package static let eventStreamBeginning = Duration.seconds(10)
    /// Seconds after which a watcher without a seat may try again.
    package static let eventStreamRetrySeconds = 30
    /// Consoles at a time, and of one principal.
    package static let consoles = 64
    package static let consolesOfPrincipal = 32
    /// How soon after one change of the pool's state a console's right is looked at again.
    package static let consoleReview = Duration.milliseconds(100)
    /// Elements of a list in one answer.
    package static let listElements = 1_000
    /// Elements of the pool's state in one answer, and about so many bytes of them.
    package static let stateElements = 10_000
    package static let stateBytes = 4 * 1_024 * 1_024
    /// Events in one answer or one step of a stream.
    package static let eventsAtOnce = 1_000
    /// Virtual machines that are named with their server.
    package static let machinesOfServer = 1_000
    /// Virtual machines that metrics name: more would cost whoever watches more than they tell.
    package static let machinesOfMetrics = 1_000
    /// Disks and interfaces of virtual machines that metrics name, all together.
    package static let devicesOfMetrics = 4_096
    /// Objects in one answer about what changed.
    package static let objectsOfDiff = 1_000
    /// Entries that are named with each of them.
    package static let entriesOfDiff = 100
    /// Characters of a field that changed.
    package static let fieldCharacters = 1_024
    /// How often an event stream that has nothing to say shows that it lives.
    package static let eventStreamPulse = Duration.seconds(15)
    /// How far a joiner's clock may be from this server's.
    package static let clockDifference = Duration.seconds(30)
    /// How old this server's state may be for it to call itself ready without asking the master.
    package static let readyAge = Duration.seconds(2)
    /// How long it may take to ask.
    package static let readyPatience = Duration.seconds(1)
    /// Seconds after which a client may try again when no master was found.
    package static let retryAfterSeconds = 1
}
