import AgentCore
import AgentPorts
import Foundation
import Logging
import OpenSSLTransport
import PoolModel
import Synchronization

@testable import AgentRuntime

/// The certificate of server 7 in a temporary folder, a clock that the test moves, and what was logged.
final class RenewalScene: Sendable {
    /// When the pool was founded and the certificate issued.
    static let founded = CertificateTime(secondsSinceEpoch: 1_900_000_000)
    static let day = Duration.seconds(86_400)

    let folder: String
    let credential: RenewableCredential
    let renewal: CertificateRenewal
    let clock = MovedClock()
    let log = RenewalLog()

    var file: String { "\(folder)/server.pem" }

    init() throws {
        folder = "/tmp/ovm-renewal-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let authority = try CertificateAuthority.create(pool: "0b2e4a52-6a0e-4f8e-9f43-4a7a1c3f7d10", at: Self.founded)
        let key = try PrivateKey.generate()
        try key.write(to: "\(folder)/server.key")
        try authority.issueServerCertificate(id: 7, for: SigningRequest(key: key), at: Self.founded).write(to: "\(folder)/server.pem")
        credential = try RenewableCredential(
            authority: authority, certificateFile: "\(folder)/server.pem", keyFile: "\(folder)/server.key")
        renewal = CertificateRenewal(of: credential, clock: clock, log: log.logger)
    }

    deinit {
        // What cannot be removed lies in /tmp and is seen there.
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("could not remove \(folder)") }
    }

    /// Checks at so long after the founding.
    func check(_ offset: Duration) async -> Duration {
        clock.set(offset)
        return await renewal.check()
    }

    /// Makes every write of the certificate fail, also for root.
    func takeFolderAway() throws { try FileManager.default.moveItem(atPath: folder, toPath: folder + "-away") }

    func putFolderBack() throws { try FileManager.default.moveItem(atPath: folder + "-away", toPath: folder) }
}

/// Both clocks, so long after the founding as the test says.
final class MovedClock: ClockPort {
    private let offset = Mutex(Duration.zero)

    func set(_ value: Duration) { offset.withLock { $0 = value } }

    func now() -> AgentTime {
        let offset = offset.withLock { $0 }
        return AgentTime(
            monotonic: MonotonicInstant.zero + offset,
            wall: PoolTime(milliseconds: RenewalScene.founded.secondsSinceEpoch * 1_000) + offset)
    }
}

/// The lines that a renewal has logged.
final class RenewalLog: Sendable {
    private let state = Mutex<[String]>([])

    var lines: [String] { state.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: RenewalLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.state.withLock { $0.append("\(event.level): \(event.message)") } }
    }
}
