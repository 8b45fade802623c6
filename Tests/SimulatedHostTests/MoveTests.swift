import AgentCore
import AgentPorts
import Foundation
import PoolModel
import Synchronization
import Testing

@testable import SimulatedHost

/// A way between two agents in one process: what one end writes the other reads.
private final class MemoryWay: TransferStream {
    private struct State {
        var failure: TransferFailure?
        var written = 0
    }

    private let state = Mutex(State())
    private let pieces: AsyncStream<[UInt8]>
    private let piece: AsyncStream<[UInt8]>.Continuation

    var written: Int { state.withLock { $0.written } }
    var failure: TransferFailure? { state.withLock { $0.failure } }

    init() { (pieces, piece) = AsyncStream.makeStream(of: [UInt8].self) }

    func read() async throws(TransferFailure) -> [UInt8]? {
        if let failure { throw failure }
        for await bytes in pieces { return bytes }
        if let failure { throw failure }
        if Task.isCancelled { throw TransferFailure("It was cancelled.") }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws(TransferFailure) {
        if let failure { throw failure }
        state.withLock { $0.written += bytes.count }
        piece.yield(bytes)
    }

    func finish() async throws(TransferFailure) { piece.finish() }

    func close(_ failure: TransferFailure?) {
        state.withLock { $0.failure = $0.failure ?? failure }
        piece.finish()
    }
}

extension Scene {
    fileprivate static func transfer(isLive: Bool = true, memory: Int = 1_024) throws -> DomainTransfer {
        DomainTransfer(
            machine: VirtualMachineID(7), name: try required(VirtualMachineName("machine-7")), epoch: PlacementEpoch(2), peer: ServerID(2),
            isLive: isLive, bandwidth: nil, memory: Mebibytes(memory))
    }

    fileprivate static var moving: Scene {
        var durations = Scene.durations
        durations.sendGibibyte = SimulatedSpan(.milliseconds(600))
        return Scene(durations: durations)
    }

    fileprivate mutating func cancel(_ id: DomainOperationID) -> [SimulatedHostChange] {
        model.cancel(id, now: now)
        return elapse(0)
    }

    fileprivate mutating func deliver(_ travelling: TravellingDomain, to id: DomainOperationID) -> [SimulatedHostChange] {
        model.deliver(travelling, to: id, now: now)
        return elapse(0)
    }
}

extension [SimulatedHostChange] {
    fileprivate var travelling: [TravellingDomain] {
        compactMap { if case .sent(_, let domain) = $0 { domain } else { nil } }
    }
    fileprivate var kinds: [String] {
        compactMap { if case .event(let event) = $0 { event.kind.word } else { nil } }
    }
}

private let cancelled = DomainOperationResult.failed(cause: "The move was cancelled.")

@Suite("domains that move between simulated hosts") struct MoveTests {
    @Test("a domain that is sent runs on for as long as it has memory to send, then stands suspended, and goes on only if it is told to")
    func sendsLive() throws {
        var scene = Scene.moving
        let domain = try scene.runningDomain(7, memory: 2_048)
        let id = scene.begin(.sendDomain(domain: domain, try Scene.transfer()))

        let before = scene.elapse(1_199)
        let during = scene.state(of: domain)
        let after = scene.elapse(1)

        #expect(before.isEmpty && during == .running && scene.state(of: domain) == .suspended)
        #expect(after.kinds == ["paused", "sent"] && after.results == [.done] && after.last == .completed(id, .done))
        let travelling = try required(after.travelling.first)
        #expect(travelling.name == "machine-7" && travelling.memory == Mebibytes(2_048) && travelling.hasRun == .milliseconds(1_200))
        #expect(scene.perform(.unpause(domain: domain)) != .done)
        #expect(scene.perform(.suspend(domain: domain, to: DomainImage(root: nil, pool: Scene.pool, stem: "m", epoch: .none))) != .done)
        #expect(scene.state(of: domain) == .suspended)
        #expect(scene.perform(.unsuspend(domain: domain)) == .done && scene.state(of: domain) == .running)
    }

    @Test("one that does not move live stands still from the beginning")
    func sendsStill() throws {
        var scene = Scene.moving
        let domain = try scene.runningDomain(7)

        _ = scene.begin(.sendDomain(domain: domain, try Scene.transfer(isLive: false)))
        let first = scene.elapse(0)
        let rest = scene.elapse(600)

        #expect(first.kinds == ["paused"] && rest.kinds == ["sent"] && rest.results == [.done])
        #expect(rest.travelling.map(\.hasRun) == [.zero])
    }

    @Test("only a running domain is sent, and one whose guest ends meanwhile has not been")
    func refusesToSend() throws {
        var scene = Scene.moving
        let domain = try scene.runningDomain(7)
        _ = scene.perform(.pause(domain: domain))
        #expect(
            scene.perform(.sendDomain(domain: domain, try Scene.transfer())) == .failed(cause: SimulatedRefusal.notRunning(domain).message))
        _ = scene.perform(.unpause(domain: domain))

        _ = scene.begin(.sendDomain(domain: domain, try Scene.transfer()))
        _ = scene.model.control(.endGuest(domain: domain, .powerOff), now: scene.now)
        let changes = scene.elapse(600)

        #expect(changes.travelling.isEmpty && changes.results == [.failed(cause: SimulatedRefusal.notRunning(domain).message)])
        #expect(scene.state(of: domain) == .ended(.powerOff))
    }

    @Test("what is received has its name and memory from the beginning, is whole once all was delivered, and goes on where it was")
    func receives() throws {
        var source = Scene.moving
        let domain = try source.runningDomain(7)
        // The guest acts on the request only after it has moved.
        _ = source.model.control(.ignoreShutdown(name: "machine-7", true), now: source.now)
        _ = source.perform(.reboot(domain: domain))
        _ = source.elapse(89_397)
        _ = source.begin(.sendDomain(domain: domain, try Scene.transfer()))
        let travelling = try required(source.elapse(600).travelling.first)

        var target = Scene.moving
        let id = target.begin(.receiveDomain(try Scene.specification(7, epoch: 2), try Scene.transfer()))
        _ = target.elapse(60_000)
        let during = target.state(of: 1)
        let free = target.model.freeMemory
        let early = target.perform(.unpause(domain: 1))
        let told = target.deliver(travelling, to: id) + target.elapse(100)
        let run = target.perform(.unpause(domain: 1))
        let usage = try required(target.model.usage(at: target.now).first)

        #expect(during == .paused && free == Mebibytes(61 * 1_024) && early == .failed(cause: SimulatedRefusal.stillBuilding(1).message))
        #expect(told.kinds == ["created", "received"] && told.results == [.done])
        #expect(run == .done && target.model.domainReports.first?.ownership?.epoch == PlacementEpoch(2))
        // An eighth of each of two CPUs, for 90 s elsewhere.
        #expect(usage.processorTime == .milliseconds(90_000 / 4))
        _ = target.elapse(500)
        #expect(target.state(of: 1) == .ended(.reboot))
    }

    @Test("another domain than was awaited is not taken, and of a failed receive nothing is left")
    func refusesAnother() throws {
        var scene = Scene.moving
        let specification = try Scene.specification(7, epoch: 2)
        let id = scene.begin(.receiveDomain(specification, try Scene.transfer()))
        let other = TravellingDomain(
            name: "machine-7", uuid: UniqueIdentifier(high: 9, low: 9), memory: Mebibytes(1), virtualCPUs: 1, disks: 0, interfaces: 0,
            hasRun: .zero, endAsked: nil)

        let told = scene.deliver(other, to: id)
        let again = scene.deliver(other, to: id)

        #expect(told.results == [.failed(cause: SimulatedRefusal.anotherDomainCame.message)] && told.kinds == ["stopped"])
        #expect(again.isEmpty && scene.model.domainReports.isEmpty)
    }

    @Test("a cancelled send leaves the domain as it is; a cancelled receive leaves nothing; nothing else can be cancelled")
    func cancels() throws {
        var scene = Scene.moving
        let domain = try scene.runningDomain(7)
        let live = scene.begin(.sendDomain(domain: domain, try Scene.transfer()))
        _ = scene.elapse(300)
        #expect(scene.cancel(live).results == [cancelled] && scene.state(of: domain) == .running)
        #expect(scene.elapse(600).isEmpty)

        let still = scene.begin(.sendDomain(domain: domain, try Scene.transfer(isLive: false)))
        _ = scene.elapse(300)
        #expect(scene.cancel(still).results == [cancelled] && scene.state(of: domain) == .suspended)
        #expect(scene.elapse(600).isEmpty)
        _ = scene.perform(.destroy(domain: domain))

        let receive = scene.begin(.receiveDomain(try Scene.specification(7, epoch: 2), try Scene.transfer()))
        let told = scene.cancel(receive)
        #expect(told.results == [cancelled] && told.kinds == ["stopped"] && scene.model.domainReports.isEmpty)
        #expect(scene.cancel(receive).isEmpty)

        let creation = scene.begin(.createPaused(try Scene.specification(8)))
        #expect(scene.cancel(creation).isEmpty && scene.elapse(100).results == [.done])
    }

    @Test("sends and receives meet with faults like other operations, and one that hangs can be cancelled")
    func meetsFaults() throws {
        var scene = Scene.moving
        let domain = try scene.runningDomain(7)
        for fault in [.fails(cause: "No."), .hangs, .doneButReportsFailure(cause: "Who knows.")] as [SimulatedFault] {
            _ = scene.model.control(.inject(.send, fault), now: scene.now)
        }

        #expect(scene.perform(.sendDomain(domain: domain, try Scene.transfer())) == .failed(cause: "No."))
        let hanging = scene.begin(.sendDomain(domain: domain, try Scene.transfer()))
        #expect(scene.elapse(60_000).isEmpty && scene.cancel(hanging).results == [cancelled])
        #expect(scene.state(of: domain) == .running)
        _ = scene.begin(.sendDomain(domain: domain, try Scene.transfer()))
        let told = scene.elapse(600)
        #expect(told.travelling.count == 1 && told.results == [.failed(cause: "Who knows.")] && scene.state(of: domain) == .suspended)
    }

    @Test("a domain that is destroyed while it is received fails the receive, and a power cut ends everything")
    func ends() throws {
        var scene = Scene.moving
        let receive = scene.begin(.receiveDomain(try Scene.specification(7, epoch: 2), try Scene.transfer()))
        let destroy = scene.begin(.destroy(domain: 1))

        let told = scene.elapse(40)

        #expect(told.contains(.completed(destroy, .done)))
        #expect(told.contains(.completed(receive, .failed(cause: SimulatedRefusal.destroyedWhileBuilt(1).message))))
        let second = scene.begin(.receiveDomain(try Scene.specification(7, epoch: 2), try Scene.transfer()))
        _ = scene.model.powerCut(newBoot: UniqueIdentifier(high: 1, low: 1), now: scene.now)
        #expect(scene.cancel(second).isEmpty && scene.model.domainReports.isEmpty)
    }
}

@Suite("domains that move between served hosts", .serialized, .timeLimit(.minutes(2))) struct ServedMoveTests {
    private static let durations =
        #"{"create":[1,1],"unpause":[1,1],"destroy":[1,1],"guestShutdown":[1,1],"sendGibibyte":[TIME,TIME]}"#

    /// Two hosts, of which the first has a running domain.
    private func withHosts(
        _ milliseconds: Int, _ body: (ServedHost, SimulatedHypervisor, ServedHost, SimulatedHypervisor) async throws -> Void
    ) async throws {
        let durations = Self.durations.replacingOccurrences(of: "TIME", with: "\(milliseconds)")
        try await withServedHost(durations: durations) { source, sender in
            try await withServedHost(durations: durations) { target, receiver in
                #expect(await sender.perform(.createPaused(try Scene.specification(7))) == .done)
                #expect(await sender.perform(.unpause(domain: 1)) == .done)
                try await body(source, sender, target, receiver)
            }
        }
    }

    /// What the runtime does at the sending end.
    private func send(_ hypervisor: SimulatedHypervisor, _ way: MemoryWay) async throws -> DomainOperationResult {
        let result = await hypervisor.send(1, try Scene.transfer(), to: way)
        guard case .failed(let cause) = result else {
            try await way.finish()
            return result
        }
        way.close(TransferFailure(cause))
        return result
    }

    @Test("a domain moves from one host to the other, and never runs on both, as their journals tell")
    func moves() async throws {
        try await withHosts(100) { source, sender, target, receiver in
            let way = MemoryWay()
            async let sent = send(sender, way)
            let received = await receiver.receive(try Scene.specification(7, epoch: 2), try Scene.transfer(), from: way)

            #expect(try await sent == .done && received == .done)
            #expect(try await sender.listDomains().map(\.state) == [.suspended])
            let arrived = try await receiver.listDomains()
            #expect(arrived.map(\.state) == [.paused] && arrived.first?.ownership?.epoch == PlacementEpoch(2))
            #expect(await receiver.perform(.unpause(domain: 1)) == .done)
            #expect(await sender.perform(.destroy(domain: 1)) == .done)
            #expect(try source.journal().map(\.kind) == ["booted", "created", "started", "paused", "sent", "stopped"])
            #expect(try target.journal().map(\.kind) == ["booted", "created", "received", "started"])
            let end = try required(source.journal().first { $0.kind == "paused" }).written
            let begin = try required(target.journal().first { $0.kind == "started" }).at
            #expect(end < begin)
        }
    }

    @Test("a way that breaks in the middle ends both: the domain runs on here, and nothing is left of it there")
    func breaks() async throws {
        try await withHosts(3_600_000) { source, sender, target, receiver in
            let way = MemoryWay()
            async let sent = send(sender, way)
            async let received = receiver.receive(try Scene.specification(7, epoch: 2), try Scene.transfer(), from: way)
            #expect(try await eventually { try await receiver.listDomains().count == 1 && way.written > 0 })
            way.close(TransferFailure("It broke."))

            let results = try await [sent, received]

            #expect(results == [.failed(cause: "It broke."), .failed(cause: "It broke.")])
            #expect(try await sender.listDomains().map(\.state) == [.running])
            #expect(try await receiver.listDomains().isEmpty)
            #expect(try source.journal().map(\.kind) == ["booted", "created", "started"])
        }
    }

    @Test("an agent that ends in the middle cancels its end on the host")
    func endsWithTheAgent() async throws {
        try await withHosts(3_600_000) { source, sender, target, receiver in
            let way = MemoryWay()
            let sending = Task { try await send(sender, way) }
            let receiving = Task { await receiver.receive(try Scene.specification(7, epoch: 2), try Scene.transfer(), from: way) }
            #expect(try await eventually { try await receiver.listDomains().count == 1 && way.written > 0 })

            sending.cancel()
            receiving.cancel()

            guard case .failed = try await sending.value, case .failed = try await receiving.value else { throw Missing() }
            #expect(try await eventually { try await receiver.listDomains().isEmpty })
            // The host does nothing more with it: a send of its own begins anew.
            #expect(try await sender.control(.inject(.send, .takes(.milliseconds(1)))) == nil)
            #expect(try await send(sender, MemoryWay()) == .done)
        }
    }

    @Test("a host that refuses to receive says why to the other end, before anything was sent")
    func refuses() async throws {
        try await withHosts(3_600_000) { _, sender, _, receiver in
            #expect(await receiver.perform(.createPaused(try Scene.specification(8, name: "machine-7"))) == .done)
            let way = MemoryWay()
            async let sent = send(sender, way)
            let received = await receiver.receive(try Scene.specification(7, epoch: 2), try Scene.transfer(), from: way)

            let refusal = DomainOperationResult.failed(cause: SimulatedRefusal.nameTaken("machine-7", by: 1).message)
            #expect(try await sent == refusal && received == refusal)
            #expect(try await sender.listDomains().map(\.state) == [.running])
        }
    }

    @Test(
        "what is not a domain, or more than one, or a part of one is refused, and leaves nothing",
        arguments: ["", "   \n", "{}\n", "{\"name\":\"machine-7\"", "DOCUMENT\nDOCUMENT\n", "DOCUMENT\nx\n", "NEGATIVE\n"])
    func refusesNonsense(text: String) async throws {
        try await withServedHost { _, receiver in
            let domain = TravellingDomain(
                name: "machine-7", uuid: UniqueIdentifier(high: 0, low: 7), memory: Mebibytes(64), virtualCPUs: 1, disks: 0, interfaces: 0,
                hasRun: .zero, endAsked: nil)
            let document = String(decoding: HostLine.encode(TravellingDocument(domain)).dropLast(), as: UTF8.self)
            let negative = document.replacingOccurrences(of: #""memory":64"#, with: #""memory":-64"#)
            let way = MemoryWay()
            let bytes = text.replacingOccurrences(of: "DOCUMENT", with: document).replacingOccurrences(of: "NEGATIVE", with: negative)
            try await way.write(Array(bytes.utf8))
            try await way.finish()

            let result = await receiver.receive(try Scene.specification(7, epoch: 2), try Scene.transfer(), from: way)

            guard case .failed(let cause) = result else { throw Missing() }
            #expect(cause.contains("domain of a simulated host"))
            #expect(try await receiver.listDomains().isEmpty)
        }
    }

    @Test("a move without a stream is refused")
    func needsAStream() async throws {
        try await withServedHost { _, client in
            guard case .failed = await client.perform(.sendDomain(domain: 1, try Scene.transfer())) else { throw Missing() }
        }
    }
}
