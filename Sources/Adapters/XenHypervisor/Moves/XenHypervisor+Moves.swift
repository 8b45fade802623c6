package import AgentCore
package import AgentPorts
import CXenLight
import PoolModel

extension XenHypervisor {
    package func send(
        _ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream
    ) async -> DomainOperationResult {
        let operation = DomainOperation.sendDomain(domain: domain, transfer)
        return await move(operation, stream) { socket in
            await socket.pump(to: stream)
        } with: { socket, context throws(XenFailure) in
            try self.send(domain, transfer, to: socket.libxls, operation.words, context)
        }
    }

    package func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult {
        await move(.receiveDomain(specification, transfer), stream) { socket in
            await socket.pump(from: stream)
        } with: { socket, context throws(XenFailure) in
            try self.create(specification, from: socket.libxls, context)
        }
    }

    /// Lets libxl work at one end of a pair of sockets while the other is pumped, and waits for both.
    private func move(
        _ operation: DomainOperation, _ stream: any TransferStream, pump: @escaping @Sendable (TransferSocket) async -> PumpEnd,
        with call: @escaping @Sendable (TransferSocket, XenContext) throws(XenFailure) -> Void
    ) async -> DomainOperationResult {
        let socket: TransferSocket
        do throws(FileFailure) { socket = try TransferSocket() } catch {
            return .failed(cause: XenFailure(operation.words, reason: error.reason).sentence)
        }
        return await TransferCall.run(stream) {
            await pump(socket)
        } beside: {
            // Also where it was never begun: the pump would wait for ever.
            defer { socket.finish() }
            return await self.run(operation.words, on: self.movers) { context throws(XenFailure) in
                // At the end of libxl's call, and not of the wait for it, which ends with the agent.
                defer { socket.finish() }
                try call(socket, context)
                return .done
            }
        }
    }

    /// Has libxl suspend a domain into a descriptor. Whatever fails, its guest is not let go on here: the other end may have all of it.
    private func send(
        _ domain: UInt32, _ transfer: DomainTransfer, to descriptor: Int32, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        try requireOwnership(of: domain, what, context)
        guard try !isSuspended(domain, what, context) else { throw XenFailure(what, reason: "its guest is suspended already") }
        // Before the guest is suspended, or an agent that ends meanwhile would leave one that shows as paused, and that nobody lets go on. It
        // stays where this fails: a guest that was asked may suspend itself later than libxl waits for it.
        try XenStore(library).write("\(transfer.epoch)", to: "/local/domain/\(domain)/\(OwnershipRecord.sendNode)")
        let flags = transfer.isLive ? LIBXL_SUSPEND_LIVE : 0
        try context.require(library.libxl.libxl_domain_suspend(context.handle, domain, descriptor, flags, nil), what)
    }

    /// Whether the agent had a domain suspended to send it.
    func isSent(_ domain: UInt32, _ store: XenStore) -> Bool {
        store.permissions("/local/domain/\(domain)/\(OwnershipRecord.sendNode)").map { OwnershipRecord.isOurs($0) } ?? false
    }
}

/// One call of libxl and the pump that serves it.
package enum TransferCall {
    private enum Part: Sendable {
        case pumped(PumpEnd)
        case called(DomainOperationResult)
    }

    /// Runs both to their ends.
    ///
    /// - Returns: the call's result; why the stream ended early, where it did, as that is what the call failed of.
    package static func run(
        _ stream: any TransferStream, pump: @escaping @Sendable () async -> PumpEnd,
        beside call: @escaping @Sendable () async -> DomainOperationResult
    ) async -> DomainOperationResult {
        await withTaskGroup(of: Part.self) { group in
            group.addTask { .pumped(await pump()) }
            group.addTask { .called(await call()) }
            var result = DomainOperationResult.done
            var pumped = PumpEnd.whole
            for await part in group {
                switch part {
                case .pumped(let end): pumped = end
                case .called(let ended):
                    result = ended
                    // A pump that waits for the other server would go on waiting.
                    if case .failed(let cause) = ended { stream.close(TransferFailure(cause)) }
                }
            }
            switch (pumped, result) {
            case (.streamFailed(let failure), _): return .failed(cause: failure.cause)
            case (.brokeOff, .done): return .failed(cause: "The memory of a domain broke off on its way to or from Xen.")
            case (.brokeOff, _), (.whole, _): return result
            }
        }
    }
}
