import PoolModel

extension WireMigrateMachine {
    init(_ machine: VirtualMachineID, _ wish: MigrationWish) {
        self.init()
        self.machine = machine.number
        if let target = wish.target { self.target = target.number }
        if let bandwidth = wish.bandwidth { self.bandwidth = Int64(bandwidth) }
    }

    func model() throws(WireError) -> MigrationWish {
        MigrationWish(
            target: hasTarget ? try WireField.server(target, "migrate_machine.target") : nil,
            bandwidth: hasBandwidth ? try WireField.amount(bandwidth, "migrate_machine.bandwidth") : nil)
    }
}

extension WireMigrationReported {
    init(_ machine: VirtualMachineID, _ server: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch, _ word: MigrationWord) {
        self.init()
        self.machine = machine.number
        self.server = server.number
        self.session = session.number
        self.epoch = epoch.number
        switch word {
        case .received: received = true
        case .failed(let cause): failed = cause
        }
    }

    func wordModel() throws(WireError) -> MigrationWord {
        switch word {
        case .received: .received
        case .failed(let cause): .failed(cause: cause)
        case nil: throw .unknown("migration_reported.word")
        }
    }
}

extension WireRemnantGone {
    init(_ machine: VirtualMachineID, _ server: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch) {
        self.init()
        self.machine = machine.number
        self.server = server.number
        self.session = session.number
        self.epoch = epoch.number
    }
}

extension WireMigration {
    init(_ migration: MachineMigration) {
        self.init()
        target = migration.target.number
        session = migration.session.number
        epoch = migration.epoch.number
        isLive = migration.isLive
        if let bandwidth = migration.bandwidth { self.bandwidth = Int64(bandwidth) }
    }

    func model() throws(WireError) -> MachineMigration {
        MachineMigration(
            target: try WireField.server(target, "migration.target"), session: SessionNumber(session), epoch: PlacementEpoch(epoch),
            isLive: isLive, bandwidth: try knownBandwidth())
    }
}

extension WireMigration {
    private func knownBandwidth() throws(WireError) -> Int? {
        guard hasBandwidth else { return nil }
        guard (1...Int64(MigrationWish.mostBandwidth)).contains(bandwidth) else { throw .outOfRange("migration.bandwidth") }
        return Int(bandwidth)
    }
}

extension WireRemnant {
    init(_ remnant: MachineRemnant) {
        self.init()
        server = remnant.server.number
        epoch = remnant.epoch.number
        memoryMebibytes = Int64(remnant.memory.count)
    }

    func model() throws(WireError) -> MachineRemnant {
        MachineRemnant(
            server: try WireField.server(server, "remnant.server"), epoch: PlacementEpoch(epoch),
            memory: Mebibytes(try WireField.amount(memoryMebibytes, "remnant.memory")))
    }
}
