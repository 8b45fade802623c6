import AgentCore
import AgentPorts
import NIOCore
import PoolModel
import QueryModel

/// Where a client comes from, as far as its costs are counted together: an IPv4 address, or the 64 bits of an IPv6 network, of which
/// one client may own every address.
struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }

    /// Clients without an address (there should be none) count as one.
    init(_ address: SocketAddress?) {
        let text = address?.ipAddress ?? "unknown"
        guard case .v6 = address else {
            self.init(text)
            return
        }
        // As inet_ntop(3) writes an IPv4 address that came to an IPv6 socket.
        if text.hasPrefix("::ffff:"), text.contains(".") {
            self.init(String(text.dropFirst(7)))
        } else {
            self.init(Self.network(of: text))
        }
    }

    /// The first four of the eight groups of an IPv6 address, where `::` stands for as many zeros as are missing.
    private static func network(of text: String) -> String {
        let halves = text.prefix { $0 != "%" }.components(around: "::")
        let head = halves.before.split(separator: ":")
        let tail = halves.after.split(separator: ":")
        let zeros = Array(repeating: Substring("0"), count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":") + "::/64"
    }
}

extension Substring {
    /// What stands before and after the first `mark`; all of it before where there is none.
    fileprivate func components(around mark: String) -> (before: Substring, after: Substring) {
        guard let found = ranges(of: mark).first else { return (self, "") }
        return (self[..<found.lowerBound], self[found.upperBound...])
    }
}

/// Counts what clients cost, and says when it is too much.
actor ClientGates {
    private(set) var connections = 0
    /// Connections that were closed at once, since the server started.
    private(set) var refusedConnections = 0
    private var connectionsOf: [ClientAddress: Int] = [:]
    private var requests = TokenBuckets<Caller.Payer>(
        rate: QueryLimits.requestsPerSecond, burst: QueryLimits.requestBurst, capacity: QueryLimits.payers)
    private var failures = TokenBuckets<ClientAddress>(
        rate: QueryLimits.failuresPerSecond, burst: QueryLimits.failureBurst, capacity: QueryLimits.addresses)

    /// Whether a connection may stay; it must leave again if so.
    func enter(_ address: ClientAddress) -> Bool {
        guard connections < QueryLimits.connections, connectionsOf[address, default: 0] < QueryLimits.connectionsOfAddress else {
            refusedConnections += 1
            return false
        }
        connections += 1
        connectionsOf[address, default: 0] += 1
        return true
    }

    func leave(_ address: ClientAddress) {
        connections -= 1
        guard let count = connectionsOf[address], count > 1 else {
            connectionsOf[address] = nil
            return
        }
        connectionsOf[address] = count - 1
    }

    /// Counts one request; how long to wait where it is one too many.
    func request(of payer: Caller.Payer, at now: MonotonicInstant) -> Duration? { requests.take(payer, at: now) }

    /// Counts what somebody wants whom this server does not know, as so many attempts; how long to wait where it is too much.
    func attempt(from address: ClientAddress, costing attempts: Int, at now: MonotonicInstant) -> Duration? {
        failures.take(address, attempts, at: now)
    }
}

extension Caller {
    /// Whose requests are counted together.
    enum Payer: Hashable, Sendable {
        case credential(CredentialID)
        case server(ServerID)
    }

    var payer: Payer {
        switch self {
        case .operator(_, let credential, _): .credential(credential)
        case .server(let server): .server(server)
        }
    }
}

extension QueryService {
    /// Counts a request of a known caller.
    func admit(_ caller: Caller) async throws(QueryRefusal) {
        guard let wait = await gates.request(of: caller.payer, at: clock.now().monotonic) else { return }
        throw Self.tooMany("You ask more than \(QueryLimits.requestsPerSecond) times a second.", wait: wait)
    }

    /// Counts an attempt of a stranger: finding out whether the pool knows him costs the master a message.
    ///
    /// - Parameter attempts: as how many it counts.
    func admitStranger(_ request: QueryRequest, costing attempts: Int = 1) async throws(QueryRefusal) {
        guard let wait = await gates.attempt(from: request.address, costing: attempts, at: clock.now().monotonic) else { return }
        throw Self.tooMany("Too many requests of unknown callers come from \(request.address).", wait: wait)
    }

    /// - Parameter wait: how long until there may be another request.
    static func tooMany(_ cause: String, wait: Duration) -> QueryRefusal {
        let seconds = Int((wait.wholeNanoseconds + 999_999_999) / 1_000_000_000)
        var refusal = QueryRefusal(.tooMany, cause: cause, cure: "Wait \(seconds) s, then ask more slowly.")
        refusal.retryAfterSeconds = max(1, seconds)
        return refusal
    }
}
