import OpenSSLTransport
import PoolModel
import Testing

@testable import AgentRuntime

@Suite("The renewal of this server's certificate")
struct CertificateRenewalTests {
    private let day = RenewalScene.day
    private let hour = Duration.seconds(3_600)

    @Test("before two thirds of the year nothing is renewed, and the clock is looked at every minute")
    func waits() async throws {
        let scene = try RenewalScene()
        let before = scene.credential.certificate

        let pause = await scene.check(day * 243)

        #expect(pause == .seconds(60))
        #expect(scene.credential.certificate == before)
        #expect(scene.log.lines == [])
    }

    @Test("the last look before the renewal comes at its very second")
    func looksInTime() async throws {
        let scene = try RenewalScene()
        let due = scene.credential.certificate.lifetime.renewalTime.secondsSinceEpoch - RenewalScene.founded.secondsSinceEpoch

        #expect(await scene.check(.seconds(due - 20)) == .seconds(20))
        #expect(scene.log.lines == [])
        #expect(await scene.check(.seconds(due)) == .seconds(60))
        #expect(scene.log.lines.count == 1)
    }

    @Test("from two thirds on it is renewed once, for a year from then, and the file holds what is shown")
    func renews() async throws {
        let scene = try RenewalScene()
        let before = scene.credential.certificate

        _ = await scene.check(day * 244)
        let after = scene.credential.certificate
        _ = await scene.check(day * 245)

        #expect(after != before && after.notAfter == RenewalScene.founded.advanced(by: day * (244 + 365)))
        #expect(scene.credential.certificate == after)
        #expect(try Certificate(file: scene.file) == after)
        #expect(scene.log.lines.count == 1 && scene.log.lines[0].hasPrefix("info: the certificate of this server was renewed: valid until"))
    }

    @Test("an agent that was down when its certificate ended renews it too")
    func renewsWhatEnded() async throws {
        let scene = try RenewalScene()

        _ = await scene.check(day * 900)

        #expect(scene.credential.certificate.notAfter == RenewalScene.founded.advanced(by: day * (900 + 365)))
    }

    @Test("a certificate that was renewed under a clock far ahead is replaced at the first look after the clock is set")
    func heals() async throws {
        let scene = try RenewalScene()
        _ = await scene.check(day * 5_000)

        let pause = await scene.check(day * 10)

        #expect(pause == .seconds(60))
        #expect(scene.credential.certificate.notAfter == RenewalScene.founded.advanced(by: day * (10 + 365)))
    }

    @Test("a failure is said once a day with cause and cure, tried again every hour, and over when it succeeds")
    func saysFailureDaily() async throws {
        let scene = try RenewalScene()
        let before = scene.credential.certificate
        try scene.takeFolderAway()

        for hours in 0..<49 {
            #expect(await scene.check(day * 244 + hour * hours) == hour)
        }
        let warnings = scene.log.lines
        try scene.putFolderBack()
        _ = await scene.check(day * 244 + hour * 49)

        #expect(warnings.count == 3)
        for line in warnings {
            #expect(line.hasPrefix("warning: the certificate of this server, valid until \(before.notAfter), could not be renewed. "))
            #expect(line.contains("server.pem") && line.contains("Correct that, then try again."))
        }
        #expect(scene.credential.certificate != before)
        #expect(scene.log.lines.count == 4)
    }

    @Test("with less than a twelfth of the year left every failure is said, as an error")
    func saysFailureEveryTimeNearTheEnd() async throws {
        let scene = try RenewalScene()
        try scene.takeFolderAway()

        for hours in 0..<5 { _ = await scene.check(day * 340 + hour * hours) }
        let lines = scene.log.lines
        try scene.putFolderBack()

        #expect(lines.count == 5)
        #expect(lines.allSatisfy { $0.hasPrefix("error: ") })
    }

    @Test("the duty looks again by itself, and ends when it is cancelled")
    func runs() async throws {
        let scene = try RenewalScene()
        let before = scene.credential.certificate
        scene.clock.set(day * 244)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await scene.renewal.run(after: .zero) }
            let deadline = ContinuousClock.now + .seconds(30)
            while scene.credential.certificate == before, ContinuousClock.now < deadline { await Task.yield() }
            group.cancelAll()
            try await group.waitForAll()
        }

        #expect(scene.credential.certificate != before)
    }
}

@Suite("Which failures of a renewal are said")
struct RenewalFailureReportsTests {
    private let start = MonotonicInstant.zero

    @Test("the first one is, then one a day")
    func daily() {
        var reports = RenewalFailureReports()

        let said = [0, 1, 23, 24, 25, 47, 48].filter { reports.isDue(at: start + .seconds($0 * 3_600), isNearEnd: false) }

        #expect(said == [0, 24, 48])
    }

    @Test("near the end all are")
    func nearEnd() {
        var reports = RenewalFailureReports()

        let said = [0, 1, 2].filter { reports.isDue(at: start + .seconds($0 * 3_600), isNearEnd: true) }

        #expect(said == [0, 1, 2])
    }

    @Test("after a success the next failure is news")
    func newRow() {
        var reports = RenewalFailureReports()
        _ = reports.isDue(at: start, isNearEnd: false)

        reports.end()
        let isSaid = reports.isDue(at: start + .seconds(1), isNearEnd: false)

        #expect(isSaid)
    }
}
