package import AgentCore
package import AgentPorts
import NIOCore
import PoolModel

/// The two ends of a move. Each has a connection of its own to the host: what breaks it, as the agent's end does, cancels the operation.
///
/// What travels is lines of text: blank ones that stand for memory, as long as the host is at work, then the domain as a JSON document.
extension SimulatedHypervisor {
    package func send(
        _ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream
    ) async -> DomainOperationResult {
        let link = makeLink()
        defer { close(link) }
        return await withTaskGroup(of: Void.self) { group in
            let (events, event) = AsyncStream.makeStream(of: SendEvent.self)
            group.addTask {
                let operation = DomainOperation.sendDomain(domain: domain, transfer)
                event.yield(.told(await self.ask(.perform(OperationDocument(operation)), on: link)))
            }
            event.yield(.tick)
            defer { group.cancelAll() }
            return await self.send(events, transfer, to: stream, link) {
                // One at a time: a stream that is slow must not keep the host's answer behind a queue of them.
                group.addTask {
                    do { try await Task.sleep(for: TravellingText.pause) } catch { return }
                    event.yield(.tick)
                }
            }
        }
    }

    private enum SendEvent: Sendable {
        /// It is time to send some memory.
        case tick
        case told(Result<HostReply, LinkFailure>)
    }

    private func send(
        _ events: AsyncStream<SendEvent>, _ transfer: DomainTransfer, to stream: any TransferStream,
        _ link: NIOLoopBoundBox<HypervisorLink>, tickLater: () -> Void
    ) async -> DomainOperationResult {
        var text = TravellingText(memory: transfer.memory)
        var failure: TransferFailure?
        for await event in events {
            switch event {
            case .tick where failure == nil:
                do throws(TransferFailure) {
                    if let piece = text.nextPiece() { try await stream.write(piece) }
                    tickLater()
                } catch {
                    failure = error
                    // Whoever hears of the end acts on the domain next: so the host has to have stopped before.
                    guard case .success = await ask(.cancelMove, on: link, within: patience) else { return .failed(cause: error.cause) }
                    tickLater()
                }
            case .tick:
                // The first may have overtaken the request itself, and then it has cancelled nothing.
                guard case .success = await ask(.cancelMove, on: link, within: patience) else {
                    return .failed(cause: failure?.cause ?? LinkFailure.cancelled.operationCause)
                }
                tickLater()
            case .told(.success(.sent(let document))):
                if let failure { return .failed(cause: failure.cause) }
                do throws(TransferFailure) { try await stream.write(text.end(document)) } catch { return .failed(cause: error.cause) }
                return .done
            case .told(.success(.performed(let cause?))): return .failed(cause: failure?.cause ?? Self.bounded(cause))
            case .told(.success): return .failed(cause: LinkFailure.nonsense.operationCause)
            case .told(.failure(let loss)): return .failed(cause: failure?.cause ?? loss.operationCause)
            }
        }
        return .failed(cause: LinkFailure.cancelled.operationCause)
    }

    package func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        let link = makeLink()
        defer { close(link) }
        return await withTaskGroup(of: Void.self) { group in
            let (events, event) = AsyncStream.makeStream(of: ReceiveEvent.self)
            group.addTask {
                let operation = DomainOperation.receiveDomain(specification, transfer)
                event.yield(.told(await self.ask(.perform(OperationDocument(operation)), on: link)))
            }
            group.addTask {
                do throws(TransferFailure) {
                    event.yield(.came(.success(try await TravellingText.read(from: stream))))
                } catch {
                    event.yield(.came(.failure(error)))
                }
            }
            defer { group.cancelAll() }
            return await self.receive(events, from: stream, link) { error in
                // The first may have overtaken the request itself, and then it has cancelled nothing.
                group.addTask {
                    do { try await Task.sleep(for: TravellingText.pause) } catch { return }
                    event.yield(.came(.failure(error)))
                }
            }
        }
    }

    private enum ReceiveEvent: Sendable {
        case came(Result<TravellingDocument, TransferFailure>)
        case told(Result<HostReply, LinkFailure>)
    }

    private func receive(
        _ events: AsyncStream<ReceiveEvent>, from stream: any TransferStream, _ link: NIOLoopBoundBox<HypervisorLink>,
        cancelLater: (TransferFailure) -> Void
    ) async -> DomainOperationResult {
        var failure: TransferFailure?
        for await event in events {
            switch event {
            case .came(.success(let document)):
                // What is wrong with it the operation's own answer says.
                _ = await ask(.deliver(document), on: link, within: patience)
            case .came(.failure(let error)):
                failure = error
                guard case .success = await ask(.cancelMove, on: link, within: patience) else { return .failed(cause: error.cause) }
                cancelLater(error)
            case .told(.success(.performed(nil))): return failure.map { .failed(cause: $0.cause) } ?? .done
            case .told(.success(.performed(let cause?))):
                let cause = failure?.cause ?? Self.bounded(cause)
                stream.close(TransferFailure(cause))
                return .failed(cause: cause)
            case .told(.success): return .failed(cause: LinkFailure.nonsense.operationCause)
            case .told(.failure(let loss)):
                stream.close(TransferFailure(loss.operationCause))
                return .failed(cause: failure?.cause ?? loss.operationCause)
            }
        }
        return .failed(cause: LinkFailure.cancelled.operationCause)
    }

    // MARK: The connection of a move

    private func makeLink() -> NIOLoopBoundBox<HypervisorLink> {
        NIOLoopBoundBox.makeBoxSendingValue(HypervisorLink(path: socketPath, eventLoop: eventLoop), eventLoop: eventLoop)
    }

    private func close(_ link: NIOLoopBoundBox<HypervisorLink>) { eventLoop.execute { link.value.close() } }

    private func ask(
        _ call: HostCall, on link: NIOLoopBoundBox<HypervisorLink>, within patience: Duration? = nil
    ) async -> Result<HostReply, LinkFailure> {
        do throws(LinkFailure) { return .success(try await ask(call, link, within: patience)) } catch { return .failure(error) }
    }
}

/// What travels between two agents of simulated hosts.
struct TravellingText: Sendable {
    /// Between two pieces of memory: 3 MiB a second.
    static let pause = Duration.milliseconds(20)
    /// What stands for memory at most, in MiB: more would only burn CPUs.
    private static let mostMemory = 64
    private static let pieceBytes = 64 * 1_024

    private var piecesLeft: Int

    init(memory: Mebibytes) { piecesLeft = min(memory.count, Self.mostMemory) * (1_024 * 1_024 / Self.pieceBytes) }

    /// A blank line; nil once enough was sent.
    mutating func nextPiece() -> [UInt8]? {
        guard piecesLeft > 0 else { return nil }
        piecesLeft -= 1
        var line = [UInt8](repeating: UInt8(ascii: " "), count: Self.pieceBytes)
        line[Self.pieceBytes - 1] = UInt8(ascii: "\n")
        return line
    }

    func end(_ document: TravellingDocument) -> [UInt8] { HostLine.encode(document) }

    /// Reads to the end of the stream, of which the document must be the last line.
    static func read(from stream: any TransferStream) async throws(TransferFailure) -> TravellingDocument {
        var lines = LineCutter()
        var found: TravellingDocument?
        while let bytes = try await stream.read() {
            lines.append(ByteBuffer(bytes: bytes))
            do throws(DocumentFault) {
                while let line = try lines.next() {
                    if line.readableBytesView.allSatisfy({ $0 == UInt8(ascii: " ") }) { continue }
                    guard found == nil, let document = HostLine.decode(TravellingDocument.self, from: line) else {
                        throw DocumentFault("it is no domain")
                    }
                    _ = try document.domain()
                    found = document
                }
            } catch {
                throw TransferFailure("What came is not the domain of a simulated host: \(error.reason).")
            }
        }
        guard let found else { throw TransferFailure("The stream ended before the domain of a simulated host had come.") }
        return found
    }
}
