import Foundation
import NIOCore
import NIOPosix
import OpenSSLTransport
import Testing

@Suite("The certificate of a running agent")
struct CertificateRenewalTests {
    /// A server's certificate that is past its half now, and due in some seconds.
    private static func nearlyDue(_ authority: CertificateAuthority, _ key: PrivateKey, in seconds: Int64) throws -> Certificate {
        // It lives 900 s, so that it is due 600 s after it began; validity begins before it is issued.
        let backdating = CertificateAuthority.backdating
        let issued = CertificateTime.now.advanced(by: .seconds(seconds - 600) + backdating)
        return try authority.issueServerCertificate(
            id: 1, for: SigningRequest(key: key), names: ["127.0.0.1"], at: issued, validity: .seconds(900) - backdating)
    }

    @Test("is renewed when two thirds have passed, and served without a restart")
    func renewsWhileRunning() async throws {
        let scene = try ProgramScene()
        let directory = "\(scene.folder)/a"
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
        let authority = try Self.authority(in: directory)
        let file = "\(directory)/certificates/server.pem"
        let key = try PrivateKey(file: "\(directory)/certificates/server.key")
        _ = try scene.start("simulated-host", "--data", directory)
        try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }
        let pool = "\(directory)/pool.json"
        let port = Int(try KillLoad.queryPort(of: pool))

        let first = try Self.nearlyDue(authority, key, in: 10)
        try first.write(to: file)
        try scene.begin(agentIn: directory)
        try scene.eventually("the agent to listen") { KillLoad.canConnect(to: UInt16(port)) }
        let shownFirst = try await Self.certificateShown(on: port, authority)
        try scene.eventually("the renewal") { try Certificate(file: file) != first }
        let second = try Certificate(file: file)
        // The file is written before it is used, by an instant.
        var shownSecond = try await Self.certificateShown(on: port, authority)
        let deadline = ContinuousClock.now + .seconds(10)
        while shownSecond != second.fingerprint, ContinuousClock.now < deadline {
            shownSecond = try await Self.certificateShown(on: port, authority)
        }

        #expect(shownFirst == first.fingerprint)
        #expect(shownSecond == second.fingerprint)
        #expect(second.notAfter > first.notAfter && second.identity == first.identity && second.names == first.names)
        #expect(second.publicKeyFingerprint == first.publicKeyFingerprint)
        #expect(scene.agent?.isRunning == true)
        #expect(try scene.run("pool", "status", "--pool", pool).status == 0)
    }

    @Test("that ended while the agent was down is renewed before the ports open")
    func renewsAtStart() async throws {
        let scene = try ProgramScene()
        let directory = "\(scene.folder)/a"
        try #require(try BootstrapTests.bootstrap(scene, "a").status == 0)
        let authority = try Self.authority(in: directory)
        let file = "\(directory)/certificates/server.pem"
        let key = try PrivateKey(file: "\(directory)/certificates/server.key")
        _ = try scene.start("simulated-host", "--data", directory)
        try scene.eventually("the simulated host") { FileManager.default.fileExists(atPath: "\(directory)/simulated.sock") }

        let ended = try Self.nearlyDue(authority, key, in: -1_000)
        try ended.write(to: file)
        try scene.begin(agentIn: directory)
        let port = try KillLoad.queryPort(of: "\(directory)/pool.json")
        try scene.eventually("the agent to listen") { KillLoad.canConnect(to: port) }

        #expect(ended.notAfter < .now)
        #expect(try Certificate(file: file).notAfter > CertificateTime.now.advanced(by: .seconds(360 * 86_400)))
        #expect(try await Self.certificateShown(on: Int(port), authority) == Certificate(file: file).fingerprint)
    }

    private static func authority(in directory: String) throws -> CertificateAuthority {
        let server = try Certificate(file: "\(directory)/certificates/server.pem")
        return try CertificateAuthority(
            pool: try #require(server.identity).pool, certificate: Certificate(file: "\(directory)/certificates/authority.pem"),
            key: PrivateKey(file: "\(directory)/certificates/authority.key"))
    }

    /// The digest of the certificate that the query port shows now.
    private static func certificateShown(on port: Int, _ authority: CertificateAuthority) async throws -> SHA256Digest? {
        let context = try TLSContext(.queryClient(pool: authority.pool, authority: authority.certificate))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let shown = loop.makePromise(of: SHA256Digest?.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([try context.makeHandler(.connecting), HandshakeReader(shown)])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let certificate = try await shown.futureResult.get()
        channel.close(promise: nil)
        return certificate
    }
}

/// Fulfils a promise with the certificate of the other end.
private final class HandshakeReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let shown: EventLoopPromise<SHA256Digest?>

    init(_ shown: EventLoopPromise<SHA256Digest?>) { self.shown = shown }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let handshake = event as? TLSHandshakeCompleted { shown.succeed(handshake.peer?.certificateFingerprint) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shown.fail(error)
        context.close(promise: nil)
    }

    // One that succeeded already stays as it is.
    func channelInactive(context: ChannelHandlerContext) {
        shown.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
