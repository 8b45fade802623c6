import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import RaftCore
import Testing
import WireFormat

@Suite("Entries, messages and snapshots survive their encoding")
struct WireRoundTripTests {
    @Test("every kind of entry is the same after storage")
    func roundTripsEntries() throws {
        let coding = WireEntryCoding()

        for entry in try WireSamples.entries() {
            #expect(try coding.decode(coding.encode(entry)) == entry)
        }
    }

    @Test("no entry takes more bytes than its size is counted as, and the greatest facts fit into a frame")
    func countsSizes() throws {
        for command in try WireSamples.commands() + WireSamples.laterCommands() {
            let entry = PoolEntry(command: command, principal: .server(ServerID(1)), proposedAt: PoolTime(milliseconds: 1 << 47))
            let bytes = WireEntryCoding().encode(
                RaftEntry(index: LogIndex(1 << 60), term: Term(1 << 60), content: .command(entry), size: entry.approximateSize))
            #expect(bytes.count <= entry.approximateSize, "\(command)")
        }
        let root = StorageRoot(path: String(repeating: "x", count: PoolLimits.pathBytes), isShared: true, capacity: Mebibytes(1 << 40))
        let count = PoolLimits.factsBytes / (PoolLimits.pathBytes + 24)
        let facts = ServerFacts(
            totalMemory: Mebibytes(1), reservedMemory: Mebibytes(0), processors: 1, cards: [], bridges: [],
            storageRoots: Array(repeating: root, count: count), domainTypes: [], hypervisor: "")
        let hello = ServerHello(
            server: ServerID(1), session: SessionNumber(1), boot: WireSamples.uuid, run: WireSamples.uuid, storage: WireSamples.uuid,
            hardware: WireSamples.hardware, formatVersion: 1, agentVersion: "1", facts: facts)
        let entry = PoolEntry(command: .hello(hello), principal: .server(ServerID(1)), proposedAt: .zero)

        let frame = try PeerFrameCoding.encode(.message(.forward(entry)))

        #expect(facts.listedBytes > PoolLimits.factsBytes - PoolLimits.pathBytes - 100)
        #expect(frame.count <= entry.approximateSize && entry.approximateSize <= PoolLimits.entryBytes)
        #expect(PoolLimits.entryBytes * 2 <= 1024 * 1024, "the frame limit of PeerLimits")
    }

    @Test("every kind of frame is the same after the network")
    func roundTripsFrames() throws {
        let entry = try WireSamples.entries()[2]
        guard case .command(let command) = entry.content else { return #expect(Bool(false)) }
        let request = RequestIdentity(member: ServerID(1), session: SessionNumber(1), sequence: 1, firstOutstanding: 1)
        var frames: [PeerFrame] = try WireSamples.messages().map { .message(.raft($0)) }
        frames += [
            .hello(PeerHello(pool: WireSamples.uuid, server: ServerID(2), channel: .bulk)), .goodbye, .message(.forward(command)),
            .message(.forwardRefused(request, leader: ServerID(2))), .message(.forwardRefused(nil, leader: nil)),
            .message(.stateDigest(index: LogIndex(1_000), digest: .max)), .message(.members([], index: .zero)),
            .message(.membersWanted(lastIndex: LogIndex(5), lastTerm: Term(2))),
            .message(.members([try WireSamples.member(2), try WireSamples.member(3)], index: LogIndex(7))),
        ]

        frames += try WireSamples.consoleFrames() + WireSamples.transferFrames
        for frame in frames {
            #expect(try PeerFrameCoding.decode(PeerFrameCoding.encode(frame)) == frame)
        }
    }

    @Test("a state rebuilt from its snapshot has the same digest and the same parts")
    func roundTripsSnapshot() throws {
        let state = try Self.busyState()
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.digest == state.digest)
        #expect(coding.encode(restored) == coding.encode(state))
        #expect(restored.inconsistency == nil)
    }

    @Test("rules survive a snapshot, with the outcome that made them")
    func roundTripsRules() throws {
        let state = try Self.ruledState()
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.rules.count == 2)
        #expect(restored.rules == state.rules)
        #expect(coding.encode(restored) == coding.encode(state))
    }

    @Test("a rule that has changed keeps the index of its change over a snapshot")
    func roundTripsChangedRules() throws {
        let state = try Self.changedRulesState()

        let restored = try WireSnapshotCoding().decode(WireSnapshotCoding().encode(state))

        #expect(restored.rules == state.rules)
        #expect(restored.rules.values.filter { $0.changedAt == state.appliedIndex }.map(\.definition.name.text) == ["pair"])
    }

    @Test("what a server sees unasked survives a snapshot; a snapshot in which it contradicts the rest is refused")
    func roundTripsStrays() throws {
        let state = try Self.strayState()
        let coding = WireSnapshotCoding()
        let seen = try #require(state.servers[ServerID(1)]?.strays)
        var parts = state.parts
        parts.servers[0].strays.append(StrayDomain(machine: VirtualMachineID(99), domain: 1))

        let restored = try coding.decode(coding.encode(state))

        #expect(!seen.isEmpty)
        #expect(restored.servers[ServerID(1)]?.strays == seen)
        #expect(coding.encode(restored) == coding.encode(state))
        #expect(throws: PoolStateRestoringError.self) { try PoolState(restoring: parts) }
    }

    @Test("the hardware that a server is bound to survives a snapshot")
    func roundTripsHardware() throws {
        let state = try Self.boundState()
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.servers[ServerID(1)]?.hardware == WireSamples.hardware)
        #expect(coding.encode(restored) == coding.encode(state))
    }

    @Test("changed settings survive a snapshot, with the index of their change")
    func roundTripsSettings() throws {
        let state = try Self.changedSettingsState()
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.settings == state.settings && restored.settings.changedAt == state.appliedIndex)
        #expect(restored.settings.voterReplacement == .seconds(3_600))
        #expect(coding.encode(restored) == coding.encode(state))
    }

    @Test("another name in the configuration survives a snapshot")
    func roundTripsConfiguredName() throws {
        let state = try Self.strayState(configuredName: "template")
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.machines(configuredAs: "template").count == 1)
        #expect(restored.digest == state.digest && restored.inconsistency == nil)
        #expect(restored.digest != (try Self.strayState()).digest)
    }

    @Test("a snapshot with one bit turned is refused, whichever bit it is, or is the same state")
    func refusesDamagedSnapshot() throws {
        let state = try Self.busyState()
        let coding = WireSnapshotCoding()
        let bytes = coding.encode(state)

        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= 1 << UInt8(position % 8)
            do {
                let restored = try coding.decode(damaged)
                #expect(restored.digest == state.digest, "bit \(position % 8) of byte \(position)")
            } catch {
                #expect(error.message.contains("Install the newest agent version"))
            }
        }
    }

    /// A state in which everything has happened that the samples can make happen.
    static func busyState() throws -> PoolState {
        var state = PoolState()
        state.skip(to: LogIndex(1))
        var index = LogIndex(1)
        func apply(_ command: PoolCommand, _ principal: Principal, key: IdempotencyKey? = nil, request: RequestIdentity? = nil) {
            index = index.next
            _ = state.apply(
                PoolEntry(
                    command: command, principal: principal, proposedAt: PoolTime(milliseconds: 1_700_000_000_000), reason: "test",
                    request: request, idempotency: key), at: index)
        }
        let founding = try WireSamples.commands()[0]
        apply(founding, .master(ServerID(1)))
        let admin = Principal.operator(name: "admin", credential: CredentialID(2))
        apply(
            .hello(
                ServerHello(
                    server: ServerID(1), session: SessionNumber(1), boot: WireSamples.uuid, run: WireSamples.uuid,
                    storage: WireSamples.uuid, formatVersion: 1, agentVersion: "1", facts: WireSamples.facts)), .server(ServerID(1)))
        let identity = RequestIdentity(member: ServerID(1), session: SessionNumber(1), sequence: 1, firstOutstanding: 1)
        let definition = MachineDefinition(
            name: try #require(VirtualMachineName("web01")), uuid: WireSamples.uuid, configuration: "name='web01'",
            requirements: WireSamples.requirements, preferredServers: [])
        var pv = definition.requirements
        pv.domainType = .pv
        pv.newImageSize = .zero
        let usable = MachineDefinition(
            name: definition.name, uuid: definition.uuid, configuration: definition.configuration, requirements: pv, preferredServers: [])
        apply(
            .createMachine(usable), admin, key: IdempotencyKey(key: WireSamples.uuid, request: try WireSamples.digest(9)), request: identity
        )
        apply(.startMachine(VirtualMachineID(1)), admin)
        for number in 0..<20 {
            apply(.putTag(VirtualMachineID(1), key: try #require(TagKey("k/\(number)")), value: "v\(number)"), admin)
        }
        apply(.createToken(JoinToken(secret: try WireSamples.digest(7), roles: .all, lifetimeMilliseconds: 60_000)), admin)
        apply(.stopMachine(VirtualMachineID(9), force: false), admin)
        #expect(state.machines[VirtualMachineID(1)]?.placement != nil)
        return state
    }
}

extension WireRoundTripTests {
    /// The busy state with rules over what is in it.
    static func ruledState() throws -> PoolState {
        var state = try busyState()
        let tag = try #require(TagKey("k/1"))
        let definitions = [
            RuleDefinition(
                name: try #require(RuleName("spread")), kind: .antiAffinity, strength: .hard,
                machines: [try #require(VirtualMachineName("web01"))], tags: [TagSelector(key: tag, value: "v1")]),
            RuleDefinition(name: try #require(RuleName("pair")), kind: .affinity, strength: .soft, tags: [TagSelector(key: tag)]),
        ]
        for (number, definition) in definitions.enumerated() {
            let request = RequestIdentity(
                member: ServerID(1), session: SessionNumber(1), sequence: UInt64(number) + 2, firstOutstanding: 1)
            let outcome = state.apply(
                PoolEntry(
                    command: .createRule(definition), principal: .operator(name: "admin", credential: CredentialID(2)),
                    proposedAt: PoolTime(milliseconds: 1_700_000_000_000), request: request), at: state.appliedIndex.next)
            #expect(outcome.outcome == .done(.rule(RuleID(state.appliedIndex.number))))
        }
        #expect(state.placedMembersOfRules == 2)
        return state
    }
}

extension WireRoundTripTests {
    /// The ruled state, in which one of the rules has changed.
    static func changedRulesState() throws -> PoolState {
        var state = try ruledState()
        let name = try #require(RuleName("pair"))
        let rule = try #require(state.rule(named: name))
        let entry = PoolEntry(
            command: .changeRule(rule.id, RuleChange(addedTags: [TagSelector(key: try #require(TagKey("zone")))])),
            principal: .operator(name: "admin", credential: CredentialID(2)), proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
        #expect(state.apply(entry, at: state.appliedIndex.next).outcome == .done(.none))
        return state
    }

    static func changedSettingsState() throws -> PoolState {
        var state = try busyState()
        let change = PoolSettingsChange(overcommitRatio: 6, voterLimit: 3, voterReplacement: .seconds(3_600))
        let admin = Principal.operator(name: "admin", credential: CredentialID(2))
        let entry = PoolEntry(command: .changeSettings(change), principal: admin, proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
        #expect(state.apply(entry, at: state.appliedIndex.next).outcome == .done(.none))
        return state
    }

    /// The busy state, whose server has named its hardware.
    static func boundState() throws -> PoolState {
        var state = try busyState()
        let hello = ServerHello(
            server: ServerID(1), session: SessionNumber(2), boot: WireSamples.uuid, run: UniqueIdentifier(high: 2, low: 2),
            storage: WireSamples.uuid, hardware: WireSamples.hardware, formatVersion: 1, agentVersion: "1", facts: WireSamples.facts)
        let entry = PoolEntry(
            command: .hello(hello), principal: .server(ServerID(1)), proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
        #expect(state.apply(entry, at: state.appliedIndex.next).outcome == .done(.none))
        return state
    }
}

extension WireRoundTripTests {
    /// The busy state, in which a second machine is seen unasked.
    static func strayState(configuredName: String? = nil) throws -> PoolState {
        var state = try busyState()
        let admin = Principal.operator(name: "admin", credential: CredentialID(2))
        let definition = MachineDefinition(
            name: try #require(VirtualMachineName("web02")), uuid: UniqueIdentifier(high: 2, low: 2), configuration: "name='web02'",
            requirements: WireSamples.requirements, preferredServers: [], configuredName: configuredName)
        let machine = VirtualMachineID(state.nextMachine)
        let server = ServerID(1)
        let session = try #require(state.servers[server]?.session)
        let commands: [(PoolCommand, Principal)] = [
            (.createMachine(definition), admin),
            (
                .strays(
                    server: server, session: session, [StrayDomain(machine: machine, domain: 9, epoch: PlacementEpoch(1))]),
                .server(server)
            ),
        ]
        for (command, principal) in commands {
            let entry = PoolEntry(command: command, principal: principal, proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
            guard case .done = state.apply(entry, at: state.appliedIndex.next).outcome else {
                Issue.record("\(command) was refused")
                return state
            }
        }
        return state
    }
}

extension PoolState {
    fileprivate var placedMembersOfRules: Int { rules.values.reduce(0) { $0 + placedMembers(of: $1.definition).values.count } }
}

@Suite("Released formats stay readable")
struct GoldenBytesTests {
    @Test("the entries of format 1 have the bytes that were released")
    func keepsEntryBytes() throws {
        let coding = WireEntryCoding()
        let lines = try WireSamples.entries().map { entry in Golden.hexadecimal(coding.encode(entry)) }

        try Golden.compare(lines, with: "entries-1.txt")
    }

    @Test("the frames of version 1 have the bytes that were released")
    func keepsFrameBytes() throws {
        let frames = try WireSamples.messages().map { PeerFrame.message(.raft($0)) } + WireSamples.consoleFrames()
        let lines = try frames.map { Golden.hexadecimal(try PeerFrameCoding.encode($0)) }

        try Golden.compare(lines, with: "frames-1.txt")
    }

    @Test("the frames that carry a domain's memory have the bytes that were released; a cause is cut to its bound")
    func keepsTransferBytes() throws {
        let lines = try WireSamples.transferFrames.map { Golden.hexadecimal(try PeerFrameCoding.encode($0)) }
        let long = String(repeating: "\u{E4}", count: TransferLimits.causeBytes)
        let cut = try PeerFrameCoding.decode(PeerFrameCoding.encode(.transferEnd(TransferFailure(long))))
        // Field 83 of a frame, and of it field 1.
        let cause = [0x0A, 0x81, 0x08] + [UInt8](repeating: 0x41, count: TransferLimits.causeBytes + 1)

        try Golden.compare(lines, with: "transfer-frames-1.txt")
        #expect(cut == .transferEnd(TransferFailure(String(long.prefix(TransferLimits.causeBytes / 2)))))
        #expect(throws: WireError.self) { try PeerFrameCoding.decode([0x9A, 0x05, 0x84, 0x08] + cause) }
    }

    @Test("a snapshot of version 1 has the bytes that were released")
    func keepsSnapshotBytes() throws {
        let bytes = WireSnapshotCoding().encode(try WireRoundTripTests.busyState())

        let withRules = WireSnapshotCoding().encode(try WireRoundTripTests.ruledState())

        let withStrays = WireSnapshotCoding().encode(try WireRoundTripTests.strayState())

        let withChangedRules = WireSnapshotCoding().encode(try WireRoundTripTests.changedRulesState())
        let withOtherName = WireSnapshotCoding().encode(try WireRoundTripTests.strayState(configuredName: "template"))
        let withSettings = WireSnapshotCoding().encode(try WireRoundTripTests.changedSettingsState())
        let withHardware = WireSnapshotCoding().encode(try WireRoundTripTests.boundState())

        let all = [bytes, withRules, withStrays, withChangedRules, withSettings, withOtherName, withHardware]
        try Golden.compare(all.map(Golden.hexadecimal), with: "snapshot-1.txt")
    }
}
