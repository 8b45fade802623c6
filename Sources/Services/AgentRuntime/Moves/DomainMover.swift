import AgentCore
import AgentPorts
import PoolModel

/// Performs the two operations of a move: brings the hypervisor and the way to the other server together.
struct DomainMover: Sendable {
    let hypervisor: any HypervisorPort
    let transfers: any TransferPort

    /// Performs `.sendDomain` or `.receiveDomain` to its end.
    ///
    /// - Parameters:
    ///   - progress: told the MiB so far, about once a second.
    ///   - cancellation: ends where the operation is to end early. It then still waits for the hypervisor, which a closed stream ends soon:
    ///     whoever hears of the end acts on the domain next. Where the task itself is cancelled, as at the agent's end, it waits for nobody.
    func perform(
        _ operation: DomainOperation, progress: @escaping @Sendable (Int) -> Void, cancellation: AsyncStream<Never>
    ) async -> DomainOperationResult {
        let way = MoveWay()
        return await withTaskGroup(of: DomainOperationResult?.self) { group in
            group.addTask { await perform(operation, way, progress) }
            group.addTask {
                for await _ in cancellation {}
                return nil
            }
            while let ended = await group.next() {
                if let result = ended {
                    group.cancelAll()
                    return result
                }
                // Before there is a way, nothing else would end the wait for it.
                if await !way.cancel() { group.cancelAll() }
            }
            preconditionFailure("a move ended without a result")
        }
    }

    private func perform(
        _ operation: DomainOperation, _ way: MoveWay, _ progress: @escaping @Sendable (Int) -> Void
    ) async -> DomainOperationResult {
        do throws(TransferFailure) {
            switch operation {
            case .sendDomain(let domain, let transfer):
                let stream = MeteredTransfer(try await transfers.openTransfer(transfer), at: transfer.bandwidth, progress)
                try await way.take(stream)
                return await send(domain, transfer, stream, way)
            case .receiveDomain(let specification, let transfer):
                let stream = MeteredTransfer(try await transfers.awaitTransfer(transfer), at: nil, progress)
                try await way.take(stream)
                return await receive(specification, transfer, stream, way)
            default: preconditionFailure("\(operation) moves no domain")
            }
        } catch {
            return .failed(cause: error.cause)
        }
    }

    private func send(
        _ domain: UInt32, _ transfer: DomainTransfer, _ stream: MeteredTransfer, _ way: MoveWay
    ) async -> DomainOperationResult {
        let result = await hypervisor.send(domain, transfer, to: stream)
        guard case .done = result else { return await end(stream, result, way) }
        do throws(TransferFailure) {
            // The other end has all of it from here on, and may be building for a long time yet: nothing here waits for that.
            try await stream.finish()
        } catch {
            return await end(stream, .failed(cause: error.cause), way)
        }
        stream.close(nil)
        return .done
    }

    private func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, _ stream: MeteredTransfer, _ way: MoveWay
    ) async -> DomainOperationResult {
        let result = await hypervisor.receive(specification, transfer, from: stream)
        guard case .done = result else { return await end(stream, result, way) }
        stream.close(nil)
        return .done
    }

    /// Tells the other end why it ends.
    private func end(_ stream: MeteredTransfer, _ result: DomainOperationResult, _ way: MoveWay) async -> DomainOperationResult {
        guard case .failed(let cause) = result else { return result }
        stream.close(TransferFailure(cause))
        // What followed from the cancelling is not what happened.
        return await way.isCancelled ? .failed(cause: MoveWay.cancelled.cause) : result
    }
}
