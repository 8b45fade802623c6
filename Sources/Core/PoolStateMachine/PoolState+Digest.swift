import DequeModule
import PoolModel

extension PoolState {
    /// The digest of the whole state: equal on servers whose states are equal, different (but for 1 in 2^64) where they are not.
    ///
    /// Tags and events bring digests of their own that are kept up to date, so that this stays cheap enough for every 1,000 entries.
    package var digest: UInt64 {
        var digest = StateDigest()
        digest.add(appliedIndex.number)
        digest.add(formatVersion)
        digest.add(UInt64(bitPattern: poolTime.milliseconds))
        digest.add(settings.overcommitRatio)
        digest.add(settings.voterLimit)
        digest.add(pool != nil)
        if let pool {
            digest.add(pool.pool)
            digest.add(pool.name)
            digest.add(pool.authority.bytes)
        }
        digest.add(nextServer)
        digest.add(nextMachine)
        digest.add(servers.count)
        for id in servers.keys.sorted() { servers[id]?.add(to: &digest) }
        digest.add(machines.count)
        for id in machines.keys.sorted() { machines[id]?.add(to: &digest) }
        digest.add(tokens.count)
        for id in tokens.keys.sorted() { tokens[id]?.add(to: &digest) }
        digest.add(credentials.count)
        for id in credentials.keys.sorted() { credentials[id]?.add(to: &digest) }
        digest.add(tasks.count)
        for id in tasks.keys.sorted() { tasks[id]?.add(to: &digest) }
        digest.add(events.digest)
        digest.add(events.events.count)
        digest.add(events.droppedUpTo.number)
        addRequests(to: &digest)
        addRules(to: &digest)
        addSettings(to: &digest)
        return digest.result
    }

    /// Settings that were never changed add nothing: agents that do not know all of them have the same digest then.
    private func addSettings(to digest: inout StateDigest) {
        guard settings.changedAt > .zero else { return }
        digest.add("settings")
        digest.add(settings.changedAt.number)
        digest.add(UInt64(bitPattern: settings.voterReplacement.components.seconds))
    }

    /// A pool without rules has the digest that it had before there were any.
    private func addRules(to digest: inout StateDigest) {
        guard !rules.isEmpty else { return }
        digest.add("rules")
        digest.add(rules.count)
        for id in rules.keys.sorted() { rules[id]?.add(to: &digest) }
    }

    private func addRequests(to digest: inout StateDigest) {
        for member in requests.keys.sorted() {
            guard let history = requests[member] else { continue }
            digest.add(member.number)
            digest.add(history.firstOutstanding)
            for sequence in history.outcomes.keys.sorted() {
                digest.add(sequence)
                history.outcomes[sequence]?.add(to: &digest)
            }
        }
        digest.add(idempotency.count)
        // A table that is not large has the digest that it had when none could be.
        guard idempotency.count > IdempotencyTable.readThrough else {
            for key in idempotency.keys { key.add(to: &digest) }
            return
        }
        digest.add(idempotency.digest)
    }
}

extension KeptIdempotencyKey {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(principal)
        digest.add(key)
        digest.add(request.bytes)
        digest.add(UInt64(bitPattern: expiresAt.milliseconds))
        outcome.add(to: &digest)
    }

    /// Of this key alone.
    var digest: UInt64 {
        var digest = StateDigest()
        add(to: &digest)
        return digest.result
    }
}

extension CommandOutcome {
    fileprivate func add(to digest: inout StateDigest) {
        switch self {
        case .done(let result):
            digest.add(1)
            let (kind, number): (Int, UInt64) =
                switch result {
                case .none: (0, 0)
                case .server(let id): (1, id.number)
                case .machine(let id): (2, id.number)
                case .task(let id): (3, id.number)
                case .token(let id): (4, id.number)
                case .credential(let id): (5, id.number)
                case .rule(let id): (40, id.number)
                }
            digest.add(kind)
            digest.add(number)
        case .refused(let refusal):
            digest.add(2)
            digest.add(refusal.type.rawValue)
            digest.add(refusal.message)
        }
    }
}

extension Server {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(id.number)
        digest.add(name.text)
        digest.add(peerAddress)
        digest.add(queryAddress)
        digest.add(UInt64(roles.rawValue))
        digest.add(key.bytes)
        digest.add(storage)
        digest.add(session.number)
        for flag in [isSessionOpen, isReachable, isInMaintenance, isRemoved] { digest.add(flag) }
        digest.add(boot != nil)
        if let boot { digest.add(boot) }
        digest.add(run != nil)
        if let run { digest.add(run) }
        digest.add(formatVersion)
        digest.add(agentVersion)
        digest.add(UInt64(bitPattern: joinedAt.milliseconds))
        digest.add(changedAt.number)
        digest.add(facts != nil)
        facts?.add(to: &digest)
        // A server that is bound to no mainboard has the digest that it had before there was such a thing.
        if let hardware {
            digest.add("hardware")
            digest.add(hardware)
        }
        // A server that sees nothing unasked has the digest that it had before there were such words.
        guard !strays.isEmpty else { return }
        digest.add("strays")
        digest.add(strays.count)
        for stray in strays {
            digest.add(stray.machine.number)
            digest.add(UInt64(stray.domain))
            digest.add(stray.epoch != nil)
            digest.add(stray.epoch?.number ?? 0)
        }
    }
}

extension ServerFacts {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(totalMemory.count)
        digest.add(reservedMemory.count)
        digest.add(processors)
        // Counts go first, as with texts: two bridges are not one bridge with a card of the other's name.
        digest.add(cards.count)
        for card in cards {
            digest.add(card.name)
            digest.add(card.speed.count)
        }
        digest.add(bridges.count)
        for bridge in bridges {
            digest.add(bridge.name)
            digest.add(bridge.cards.count)
            bridge.cards.forEach { digest.add($0) }
        }
        digest.add(storageRoots.count)
        for root in storageRoots {
            digest.add(root.path)
            digest.add(root.isShared)
            digest.add(root.capacity.count)
        }
        digest.add(domainTypes.count)
        domainTypes.forEach { digest.add($0.rawValue) }
        digest.add(hypervisor)
        // Without a word of the CPUs the digest is that of agents that do not know of it.
        processor?.add(to: &digest)
    }
}

extension ProcessorFacts {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add("processor")
        digest.add(vendor)
        digest.add(model)
        for count in [sockets, coresPerSocket, threadsPerCore, nodes] { digest.add(count) }
        digest.add(features.words.count)
        features.words.forEach { digest.add(UInt64($0)) }
        digest.add(liveDomainTypes.count)
        liveDomainTypes.forEach { digest.add($0.rawValue) }
    }
}

extension VirtualMachine {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(id.number)
        digest.add(name.text)
        digest.add(uuid)
        digest.add(configuration)
        // Without one the digest is that of agents that do not know of it.
        if let configuredName { digest.add(configuredName) }
        digest.add(requirements.domainType.rawValue)
        digest.add(requirements.memory.count)
        digest.add(requirements.virtualCPUs)
        digest.add(requirements.interfaces.count)
        for interface in requirements.interfaces {
            digest.add(interface.bridge)
            digest.add(interface.rate.count)
        }
        digest.add(requirements.diskPaths.count)
        requirements.diskPaths.forEach { digest.add($0) }
        digest.add(requirements.newImageSize.count)
        digest.add(requirements.maximumMemory.count)
        digest.add(requirements.maximumVirtualCPUs)
        let actions = requirements.endActions
        for action in [actions.onPowerOff, actions.onReboot, actions.onCrash] { digest.add(action.rawValue) }
        digest.add(preferredServers.count)
        preferredServers.forEach { digest.add($0.number) }
        digest.add(intent.rawValue)
        digest.add(isStopForced)
        digest.add(UInt64(bitPattern: stopPatience?.wholeNanoseconds ?? -1))
        digest.add(formerRequirements?.memory.count ?? -1)
        digest.add(formerRequirements?.virtualCPUs ?? -1)
        digest.add(ended?.reason.rawValue ?? "")
        digest.add(ended?.isTooSoon ?? false)
        // Without a change under way the digest is that of agents that do not know of any.
        if let deviceChange {
            digest.add("device")
            digest.add(deviceChange.operation.kind.rawValue)
            digest.add(deviceChange.operation.device)
            digest.add(deviceChange.operation.element)
            digest.add(deviceChange.operation.isForced)
            digest.add(deviceChange.basis)
            digest.add(deviceChange.configuration)
            digest.add(deviceChange.interfaces.count)
            for interface in deviceChange.interfaces {
                digest.add(interface.bridge)
                digest.add(interface.rate.count)
            }
            digest.add(deviceChange.diskPaths.count)
            deviceChange.diskPaths.forEach { digest.add($0) }
        }
        // Without a dump the digest is that of agents that do not know of it.
        if let dump = ended?.dump {
            digest.add("dump")
            switch dump {
            case .made(let path): digest.add(path)
            case .failed(let cause):
                digest.add(false)
                digest.add(cause)
            }
        }
        // Without images the digest is that of agents that do not know of them.
        for image in [image, placement?.image].compactMap({ $0 }) {
            digest.add("image")
            digest.add(image.server.number)
            digest.add(image.epoch.number)
            digest.add(image.root ?? "")
            digest.add(image.phase.rawValue)
        }
        // Without migrations the digest is that of agents that do not know of them.
        if let migration {
            digest.add("migration")
            digest.add(migration.target.number)
            digest.add(migration.session.number)
            digest.add(migration.epoch.number)
            digest.add(migration.isLive)
            digest.add(migration.bandwidth ?? 0)
        }
        for remnant in remnants {
            digest.add("remnant")
            digest.add(remnant.server.number)
            digest.add(remnant.epoch.number)
            digest.add(remnant.memory.count)
        }
        digest.add(status.rawValue)
        digest.add(cause)
        digest.add(placement != nil)
        if let placement {
            digest.add(placement.server.number)
            digest.add(placement.session.number)
            digest.add(placement.epoch.number)
            digest.add(placement.isStarted)
        }
        digest.add(epoch.number)
        digest.add(task?.number ?? 0)
        digest.add(tags.count)
        digest.add(tagDigest)
        digest.add(createdAt.number)
        digest.add(changedAt.number)
    }
}

extension Rule {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(id.number)
        digest.add(definition.name.text)
        digest.add(definition.kind.rawValue)
        digest.add(definition.strength.rawValue)
        digest.add(definition.machines.count)
        definition.machines.forEach { digest.add($0.text) }
        digest.add(definition.tags.count)
        for tag in definition.tags {
            digest.add(tag.key.text)
            digest.add(tag.value != nil)
            if let value = tag.value { digest.add(value) }
        }
        // A rule that never changed has the digest that it had before rules could change.
        guard changedAt != LogIndex(id.number) else { return }
        digest.add("changed")
        digest.add(changedAt.number)
    }
}

extension StoredToken {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(id.number)
        digest.add(token.secret.bytes)
        digest.add(UInt64(token.roles.rawValue))
        digest.add(UInt64(bitPattern: token.lifetimeMilliseconds))
        digest.add(UInt64(bitPattern: expiresAt.milliseconds))
        digest.add(createdBy)
        digest.add(isRevoked)
        digest.add(usedBy != nil)
        if let usedBy { digest.add(usedBy.bytes) }
        digest.add(server?.number ?? 0)
    }
}

extension StoredCredential {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(id.number)
        digest.add(credential.name)
        digest.add(credential.secret.bytes)
        digest.add(credential.role.rawValue)
        digest.add(isRevoked)
    }
}

extension PoolTask {
    fileprivate func add(to digest: inout StateDigest) {
        digest.add(id.number)
        digest.add(kind.rawValue)
        digest.add(machine.number)
        digest.add(machineName.text)
        digest.add(principal)
        digest.add(UInt64(bitPattern: startedAt.milliseconds))
        digest.add(UInt64(bitPattern: endedAt?.milliseconds ?? 0))
        digest.add(state.rawValue)
        digest.add(cause)
        digest.add(changedAt.number)
    }
}
