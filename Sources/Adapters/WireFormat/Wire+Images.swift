import PoolModel

extension WireImage {
    init(_ image: SuspendedImage) {
        self.init()
        server = image.server.number
        epoch = image.epoch.number
        if let root = image.root { self.root = root }
        phase = image.phase.rawValue
    }

    func model() throws(WireError) -> SuspendedImage {
        guard let phase = SuspendedImagePhase(rawValue: phase) else { throw .unknown("image.phase") }
        return SuspendedImage(
            server: try WireField.server(server, "image.server"), epoch: PlacementEpoch(epoch), root: hasRoot ? root : nil, phase: phase)
    }
}

extension WireImageRemoved {
    init(_ machine: VirtualMachineID, _ server: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch, _ failure: String?) {
        self.init()
        self.machine = machine.number
        self.server = server.number
        self.session = session.number
        self.epoch = epoch.number
        if let failure { self.failure = failure }
    }
}
