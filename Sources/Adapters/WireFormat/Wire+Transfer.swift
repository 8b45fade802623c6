import AgentPorts
package import PoolModel

/// How an agent introduces itself on a connection that it opens to send one domain. Who it is says its certificate; this must agree with it.
package struct PeerTransferCall: Hashable, Sendable {
    package let pool: PoolID
    package let server: ServerID
    package let wireVersion: UInt32
    package let machine: VirtualMachineID
    /// Of the placement at the other end: with the machine it names the attempt.
    package let epoch: PlacementEpoch

    package init(
        pool: PoolID, server: ServerID, machine: VirtualMachineID, epoch: PlacementEpoch, wireVersion: UInt32 = WireVersion.frames
    ) {
        self.pool = pool
        self.server = server
        self.machine = machine
        self.epoch = epoch
        self.wireVersion = wireVersion
    }
}

extension WireTransferCall {
    init(_ call: PeerTransferCall) {
        self.init()
        pool = WireUuid(call.pool)
        server = call.server.number
        wireVersion = call.wireVersion
        machine = call.machine.number
        epoch = call.epoch.number
    }

    func model() throws(WireError) -> PeerTransferCall {
        PeerTransferCall(
            pool: pool.model, server: try WireField.server(server, "transfer_call.server"), machine: VirtualMachineID(machine),
            epoch: PlacementEpoch(epoch), wireVersion: wireVersion)
    }
}

extension WireTransferEnd {
    init(_ failure: TransferFailure?) {
        self.init()
        guard let failure else { return }
        var cause = failure.cause
        while cause.utf8.count > TransferLimits.causeBytes { cause.removeLast() }
        self.cause = cause
    }

    func model() throws(WireError) -> TransferFailure? {
        guard hasCause else { return nil }
        guard cause.utf8.count <= TransferLimits.causeBytes else { throw .outOfRange("transfer_end.cause") }
        return TransferFailure(cause)
    }
}
