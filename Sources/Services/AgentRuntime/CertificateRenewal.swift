import AgentCore
package import AgentPorts
package import Logging
package import OpenSSLTransport
import PoolModel

/// Renews this server's certificate when it is due, as long as the agent runs. It never ends the agent: a certificate that cannot be
/// renewed has months left, and the virtual machines need their agent more than the agent needs its next certificate.
package actor CertificateRenewal {
    let credential: RenewableCredential
    private let clock: any ClockPort
    private let log: Logger
    private var reports = RenewalFailureReports()

    /// The longest time between two looks at the clock. A look costs nothing, and a certificate that was issued under a wrong clock keeps
    /// this server from its pool until the first look after the clock is set.
    static let longestPause = Duration.seconds(60)
    /// So that a clock that stands still or creeps cannot make us look without rest.
    static let shortestPause = Duration.seconds(1)
    /// The time after an attempt that failed.
    static let pauseAfterFailure = Duration.seconds(3_600)

    package init(of credential: RenewableCredential, clock: any ClockPort, log: Logger) {
        self.credential = credential
        self.clock = clock
        self.log = log
    }

    /// Checks again and again until the task is cancelled.
    ///
    /// - Parameter pause: what the latest ``check()`` returned.
    package func run(after pause: Duration) async {
        var pause = pause
        while !Task.isCancelled {
            do { try await Task.sleep(for: pause) } catch { return }
            pause = check()
        }
    }

    /// Renews the certificate if that is due.
    ///
    /// - Returns: how long to wait before the next check.
    package func check() -> Duration {
        let now = clock.now()
        let time = CertificateTime(secondsSinceEpoch: now.wall.milliseconds / 1_000)
        let lifetime = credential.certificate.lifetime
        guard lifetime.isRenewalDue(at: time, authority: credential.authority.certificate.lifetime) else {
            reports.end()
            return pause(until: lifetime.renewalTime, from: time)
        }
        do {
            try credential.renew(at: time)
        } catch {
            report(error, lifetime, isNearEnd: lifetime.isNearEnd(at: time), at: now.monotonic)
            return Self.pauseAfterFailure
        }
        reports.end()
        let next = credential.certificate.lifetime
        log.info("the certificate of this server was renewed: valid until \(next.notAfter), next renewal at \(next.renewalTime)")
        return pause(until: next.renewalTime, from: time)
    }

    private func report(_ error: TLSError, _ lifetime: CertificateLifetime, isNearEnd: Bool, at now: MonotonicInstant) {
        guard reports.isDue(at: now, isNearEnd: isNearEnd) else { return }
        log.log(
            level: isNearEnd ? .error : .warning,
            """
            the certificate of this server, valid until \(lifetime.notAfter), could not be renewed. \(error.message) \
            The agent tries again every hour; after that date no other server and no client accepts this one.
            """)
    }

    private func pause(until renewal: CertificateTime, from time: CertificateTime) -> Duration {
        let wait = Duration.seconds(renewal.secondsSinceEpoch - time.secondsSinceEpoch)
        return min(Self.longestPause, max(Self.shortestPause, wait))
    }
}

/// Which of many failures in a row are said: one a day, and near the end of the certificate every one.
struct RenewalFailureReports: Hashable, Sendable {
    private var lastSaid: MonotonicInstant?

    static let interval = Duration.seconds(24 * 3_600)

    /// Whether a failure at `now` is to be said; the answer yes counts as having said it.
    mutating func isDue(at now: MonotonicInstant, isNearEnd: Bool) -> Bool {
        if !isNearEnd, let lastSaid, now - lastSaid < Self.interval { return false }
        lastSaid = now
        return true
    }

    /// The row of failures is over: the next one is news.
    mutating func end() { lastSaid = nil }
}
