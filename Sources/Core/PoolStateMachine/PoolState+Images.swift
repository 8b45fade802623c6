import Placement
package import PoolModel

// Suspend to an image, resume from it, and what becomes of the image otherwise. One image is resumed from once: the placement that resumes
// takes it, and only that server's word that nothing of it ever ran gives it back.
extension PoolState {
    // MARK: Looking

    /// Where the memory of a machine would be written to now, as a suspend decides it; nil for one that is placed nowhere.
    package func suspensionTarget(of machine: VirtualMachine) -> SuspendedImage? {
        guard let placement = machine.placement else { return nil }
        let roots = (servers[placement.server]?.facts?.storageRoots ?? []).filter { root in
            root.isShared && root.capacity >= machine.reserved.memory + Self.imageOverhead
        }
        // Beside its disks, where one of them lies on shared storage: whoever starts it needs that storage anyway.
        let home = roots.first { root in machine.requirements.diskPaths.contains { $0.hasPrefix(root.path + "/") } }
        return SuspendedImage(server: placement.server, epoch: placement.epoch, root: (home ?? roots.first)?.path)
    }

    /// What an image takes beside the guest's memory: pages' tables, and the state of an emulated computer.
    private static let imageOverhead = Mebibytes(128)

    /// The machines whose discarded image this server is to remove, by number.
    package func imagesToRemove(by server: ServerID) -> [VirtualMachine] {
        machinesWithImages.sorted().compactMap { machines[$0] }
            .filter { $0.placement == nil && $0.image?.server == server && $0.image?.phase == .discarded }
    }

    /// Which servers reach the image that a machine goes on from; nil where there is none.
    func imagePlace(of machine: VirtualMachine) -> ImagePlace? {
        guard let image = machine.image, image.phase == .whole, let server = servers[image.server] else { return nil }
        return ImagePlace(server: image.server, name: server.name, root: image.root, processor: server.facts?.processor)
    }

    func refusalOfImage(_ machine: VirtualMachine, _ participle: String) -> Refused {
        Refused(
            .machineStateForbids,
            """
            Virtual machine \(machine.name) cannot be \(participle): it is \(machine.status.rawValue), and its memory would be lost. \
            \(machine.placement == nil ? "Resume it" : "Wait until it has been done"); or stop it with --force, which throws its memory away.
            """)
    }

    // MARK: Asked for

    mutating func suspend(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.suspend, machine)
        try requireDevicesAtRest(machine, "suspend")
        guard machine.task.flatMap({ tasks[$0]?.kind }) != .resize else {
            throw Refused(.machineStateForbids, "Virtual machine \(machine.name) is changing its size. Wait until it has, then suspend it.")
        }
        guard let image = suspensionTarget(of: machine) else { return .none }
        takePlace(onMachine: machine)
        machines[id]?.intent = .suspended
        setImage(of: id, image)
        let task = begin(.suspend, machine, .suspending, doing: "writing its memory to an image", toBe: "suspended", entry)
        note(
            entry, .machine, machine.name.text, .machineSuspending,
            "Virtual machine \(machine.name) is to be suspended: its memory goes to \(words(for: image)).")
        return .task(task)
    }

    mutating func resume(_ id: VirtualMachineID, _ entry: PoolEntry) throws(Refused) -> CommandResult {
        let machine = try existing(id)
        try require(.resume, machine)
        try requireUnseen(machine, for: .resume)
        guard let image = machine.image else { return .none }
        let (server, decision) = try choice(for: machine, "resume")
        // From here on the image is this placement's: whatever becomes of its server, nobody else resumes from it.
        setImage(of: id, nil)
        place(
            id,
            MachinePlacement(server: server.id, session: server.session, epoch: machine.epoch.next, isStarted: false, image: image))
        machines[id]?.intent = .running
        machines[id]?.isStopForced = false
        let cause = "It is being resumed on server \(server.name)."
        setStatus(of: id, .resuming, cause: cause, entry, isNoted: false)
        let task = beginTask(.resume, machine, cause: cause, entry)
        note(
            entry, .machine, machine.name.text, .machinePlaced,
            "Virtual machine \(machine.name) was placed on server \(server.name), to be resumed: \(Self.explain(decision)).")
        return .task(task)
    }

    /// The part of a stop that is about an image: it is thrown away, by force only.
    ///
    /// - Returns: the task, where all of the stop is about it.
    mutating func discardImage(of machine: VirtualMachine, isForced: Bool, _ entry: PoolEntry) throws(Refused) -> TaskID? {
        guard let image = machine.image ?? machine.placement?.image else { return nil }
        guard isForced || image.phase == .discarded else { throw refusalOfImage(machine, "stopped") }
        guard machine.placement == nil else {
            // The server takes down what there is of it first.
            if machine.image != nil { machines[machine.id]?.image?.phase = .discarded }
            machines[machine.id]?.placement?.image?.phase = .discarded
            return nil
        }
        let task = machine.task ?? beginTask(.stop, machine, cause: "Its image is thrown away.", entry)
        let server = servers[image.server]
        guard let server, !server.isRemoved, server.isSessionOpen, server.isReachable else {
            forgetImage(
                of: machine, image, "server \(server?.name.text ?? "\(image.server)") is not heard, so the file is left there.", entry)
            return task
        }
        machines[machine.id]?.image?.phase = .discarded
        machines[machine.id]?.intent = .stopped
        setStatus(of: machine.id, .shuttingDown, cause: "Server \(server.name) is removing its image.", entry, isNoted: false)
        return task
    }

    // MARK: Said by servers

    /// Its memory is safe, and its domain may go.
    mutating func observeSuspended(_ machine: VirtualMachine, _ server: Server, _ entry: PoolEntry) {
        guard machine.intent == .suspended, let image = machine.image, image.phase == .writing else { return }
        machines[machine.id]?.image?.phase = .whole
        machines[machine.id]?.changedAt = appliedIndex
        guard server.isReachable else { return }
        setStatus(of: machine.id, .suspending, cause: "Its memory is in its image; its domain is being taken down.", entry)
    }

    /// Ends the placement of a machine whose image is whole, or is to be removed now that its domain is gone.
    ///
    /// - Returns: false where it has no such image.
    mutating func endedInImage(_ id: VirtualMachineID, cause: String, _ entry: PoolEntry) -> Bool {
        guard let machine = machines[id], let image = machine.image, image.epoch == machine.placement?.epoch else { return false }
        switch image.phase {
        case .writing: return false
        case .whole:
            endPlacement(of: id, status: .suspended, cause: "Its memory is in \(words(for: image)).", entry)
        case .discarded: awaitRemoval(of: machine, image, entry)
        }
        return true
    }

    /// A placement ended that was to resume: where nothing of it can have run, its image is as good as before.
    ///
    /// - Returns: false where there is no such image.
    mutating func tookImageBack(
        _ machine: VirtualMachine, _ reason: MachineStopReason, cause: String, _ entry: PoolEntry
    ) -> Bool {
        guard let placement = machine.placement, let image = placement.image, !placement.isStarted else { return false }
        switch reason {
        case .startFailed, .startInterrupted, .requested: break
        // Whoever ended or vanished had run, or may have.
        case .poweredOffItself, .rebootedItself, .crashed, .vanished: return false
        }
        guard image.phase != .discarded else {
            awaitRemoval(of: machine, image, entry)
            return true
        }
        endPlacement(of: machine.id, status: .suspended, cause: cause, entry)
        setImage(of: machine.id, image)
        return true
    }

    /// Its domain is gone; its image is removed by the server that wrote it, and until then it is not powered off.
    private mutating func awaitRemoval(of machine: VirtualMachine, _ image: SuspendedImage, _ entry: PoolEntry) {
        unplace(machine)
        setImage(of: machine.id, image)
        machines[machine.id]?.intent = .stopped
        let server = servers[image.server]
        guard let server, !server.isRemoved, server.isSessionOpen, server.isReachable else {
            return forgetImage(of: machine, image, "the server that wrote it is not heard, so the file is left there.", entry)
        }
        setStatus(of: machine.id, .shuttingDown, cause: "Server \(server.name) is removing its image.", entry)
    }

    mutating func removedImage(
        of id: VirtualMachineID, _ serverID: ServerID, _ session: SessionNumber, _ epoch: PlacementEpoch, failure: String?,
        _ entry: PoolEntry
    ) throws(Refused) -> CommandResult {
        let server = try server(serverID, in: session)
        let machine = try existing(id)
        guard let image = machine.image, image.epoch == epoch, image.server == serverID, image.phase == .discarded, machine.placement == nil
        else {
            throw Refused(
                .staleObservation,
                "Image \(epoch) of virtual machine \(machine.name) is not to be removed by server \(server.name). The agent reads the log anew."
            )
        }
        let rest = failure.map { "server \(server.name) could not remove the file: \(Self.bounded($0))" }
        forgetImage(of: machine, image, rest ?? "server \(server.name) has removed the file.", entry)
        return .none
    }

    // MARK: Within

    /// The only place where a machine gets an image, or loses it.
    mutating func setImage(of id: VirtualMachineID, _ image: SuspendedImage?) {
        guard machines[id] != nil else { return }
        machines[id]?.image = image
        machines[id]?.changedAt = appliedIndex
        if image == nil { machinesWithImages.remove(id) } else { machinesWithImages.insert(id) }
    }

    /// Its guest ended or goes on, as its server says: what was written of it is nobody's.
    ///
    /// - Returns: false where nothing was.
    mutating func giveUpImage(of machine: VirtualMachine) -> Bool {
        guard let image = machine.image, image.epoch == machine.placement?.epoch, image.phase != .discarded else { return false }
        setImage(of: machine.id, nil)
        if machines[machine.id]?.intent == .suspended { machines[machine.id]?.intent = .running }
        return true
    }

    /// A stop that would have thrown its image away is off: what was to be resumed is resumed, and what runs needs none.
    mutating func spareImage(of id: VirtualMachineID) {
        machines[id]?.placement?.image?.phase = .whole
        if machines[id]?.image?.phase == .discarded, machines[id]?.placement != nil { setImage(of: id, nil) }
    }

    private mutating func forgetImage(of machine: VirtualMachine, _ image: SuspendedImage, _ rest: String, _ entry: PoolEntry) {
        setImage(of: machine.id, nil)
        machines[machine.id]?.intent = .stopped
        endTask(of: machine.id, .done, cause: "Its image was thrown away: \(rest)")
        setStatus(of: machine.id, .poweredOff, cause: "Its image was thrown away: \(rest)", entry, isNoted: false)
        note(
            entry, .machine, machine.name.text, .machineImageDiscarded,
            "The memory of virtual machine \(machine.name) in \(words(for: image)) was thrown away: \(rest)")
    }

    /// Nobody waits for what a removed server was to remove.
    mutating func leaveDiscardedImages(of server: Server, _ entry: PoolEntry) {
        for machine in imagesToRemove(by: server.id) {
            guard let image = machine.image else { continue }
            forgetImage(of: machine, image, "server \(server.name) was removed from the pool, so the file is left there.", entry)
        }
    }

    /// Where an image lies, within a sentence.
    func words(for image: SuspendedImage) -> String {
        let name = servers[image.server]?.name.text ?? "\(image.server)"
        guard let root = image.root else { return "an image on the own disk of server \(name), where alone it can be resumed" }
        return "an image on the shared storage \(root)"
    }

    /// What lies on its own disk would be out of everybody's reach.
    func requireNoImages(on server: Server) throws(Refused) {
        let held = machinesWithImages.sorted().compactMap { machines[$0] }.filter { machine in
            machine.image.map { $0.server == server.id && $0.root == nil && $0.phase != .discarded } ?? false
        }
        guard let machine = held.first else { return }
        throw Refused(
            .serverInUse,
            """
            Server \(server.name) has the memory of the suspended virtual machine \(machine.name)\(held.count > 1 ? " and \(held.count - 1) more" : "") \
            on its own disk. Resume it, or stop it with --force, which throws its memory away.
            """)
    }
}
