import AgentCore
import AgentPorts
import PoolModel
import PoolStateMachine
import RaftCore
import Testing
import WireFormat

/// One of everything that is encoded.
enum WireSamples {
    static let uuid = UniqueIdentifier(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

    static let hardware = UniqueIdentifier(high: 0x4C4C_4544_0051_3210, low: 0x8057_B4C0_4F56_4D31)

    static func digest(_ byte: UInt8) throws -> SHA256Digest { try #require(SHA256Digest(bytes: Array(repeating: byte, count: 32))) }

    static func newServer(_ name: String = "alpha", hardware: UniqueIdentifier? = nil) throws -> NewServer {
        NewServer(
            name: try #require(ServerName(name)), peerAddress: "127.0.0.1:8899", queryAddress: "127.0.0.1:4443", roles: .all,
            key: try digest(1), storage: uuid, hardware: hardware)
    }

    static func member(_ number: UInt64) throws -> PeerDescription {
        PeerDescription(server: ServerID(number), name: try #require(ServerName("server\(number)")), address: "10.0.0.\(number):8899")
    }

    static let facts = ServerFacts(
        totalMemory: Mebibytes(65_536), reservedMemory: Mebibytes(2_048), processors: 16,
        cards: [NetworkInterfaceCard(name: "eth0", speed: KilobitsPerSecond(10_000_000))],
        bridges: [NetworkBridge(name: "xenbr0", cards: ["eth0"])],
        storageRoots: [StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(1 << 20))], domainTypes: [.pv, .hvm],
        hypervisor: "simulated")

    static let requirements = MachineRequirements(
        domainType: .pvh, memory: Mebibytes(512), virtualCPUs: 2,
        interfaces: [InterfaceRequirement(bridge: "xenbr0", rate: KilobitsPerSecond(10_000))], diskPaths: ["/OVS/a.img"],
        newImageSize: Mebibytes(3))

    static func credential() throws -> OperatorCredential {
        OperatorCredential(name: "admin", secret: try digest(2), role: .administrator)
    }

    static func commands() throws -> [PoolCommand] {
        let machine = VirtualMachineID(7)
        let server = ServerID(3)
        let session = SessionNumber(5)
        let name = try #require(VirtualMachineName("web01"))
        let tag = try #require(TagKey("team/night.shift"))
        return [
            .createPool(
                PoolFoundation(pool: uuid, name: "p", authority: try digest(3), founder: try newServer(), credential: try credential())),
            .raiseFormat(version: 2),
            .changeSettings(PoolSettingsChange(overcommitRatio: 8)),
            .changeSettings(PoolSettingsChange(voterLimit: 3)),
            .hello(
                ServerHello(
                    server: server, session: session, boot: uuid, run: uuid, storage: uuid, formatVersion: 1, agentVersion: "1.0",
                    facts: facts)),
            .released(server: server, session: session),
            .serverFacts(server: server, session: session, facts),
            .reachability(server: server, session: session, isReachable: false),
            .maintenance(server: server, isOn: true),
            .removeServer(server),
            .createToken(JoinToken(secret: try digest(4), roles: .utility, lifetimeMilliseconds: 60_000)),
            .revokeToken(TokenID(9)),
            .join(JoinRequest(token: TokenID(9), secret: try digest(4), server: try newServer("beta"))),
            .createMachine(
                MachineDefinition(
                    name: name, uuid: uuid, configuration: "name = \"web01\"\n", requirements: requirements,
                    preferredServers: [ServerID(2), ServerID(1)])),
            .deleteMachine(machine),
            .changeMachine(machine, MachineChange(memory: Mebibytes(1), virtualCPUs: nil, preferredServers: [])),
            .changeMachine(machine, MachineChange(virtualCPUs: 4)),
            .startMachine(machine),
            .stopMachine(machine, force: true),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .running),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .paused),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .shuttingDown),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .stopped(.crashed, cause: "It crashed.")),
            .resetMachineStatus(machine),
            .cancelTask(TaskID(11)),
            .putTag(machine, key: tag, value: "ä \u{1F642}"),
            .deleteTag(machine, key: tag),
            .createCredential(try credential()),
            .revokeCredential(CredentialID(2)),
            .stopMachine(machine, force: false, patience: .seconds(60)),
            .rebootMachine(machine, force: true),
            .rebootMachine(machine, force: false, patience: .milliseconds(1_500)),
            .pauseMachine(machine),
            .unpauseMachine(machine),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .ended(.rebootedItself, isTooSoon: true)),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .resized),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .failed(TaskID(11), cause: "It failed.")),
            .observed(machine, server: server, session: session, epoch: PlacementEpoch(2), .waiting(TaskID(11), cause: "It is silent.")),
            .createRule(
                RuleDefinition(
                    name: try #require(RuleName("spread-web")), kind: .antiAffinity, strength: .soft, machines: [name],
                    tags: [TagSelector(key: tag), TagSelector(key: tag, value: ""), TagSelector(key: tag, value: "ä")])),
            .deleteRule(RuleID(12)),
        ]
    }

    static func entries() throws -> [RaftEntry<PoolEntry>] {
        let request = RequestIdentity(member: ServerID(3), session: SessionNumber(5), sequence: 8, firstOutstanding: 6)
        let key = IdempotencyKey(key: uuid, request: try digest(5))
        let principals: [Principal] = [
            .operator(name: "admin", credential: CredentialID(2)), .server(ServerID(3)), .joiner(TokenID(9)), .master(ServerID(1)),
        ]
        var entries: [RaftEntry<PoolEntry>] = [
            RaftEntry(index: LogIndex(1), term: Term(1), content: .noOperation, size: 1),
            RaftEntry(
                index: LogIndex(2), term: Term(1),
                content: .configuration(
                    RaftConfiguration(voters: [ServerID(1), ServerID(2)], outgoingVoters: [ServerID(1)], learners: [ServerID(3)])),
                size: 64),
        ]
        for (number, command) in try commands().enumerated() {
            let entry = PoolEntry(
                command: command, principal: principals[number % 4], proposedAt: PoolTime(milliseconds: 1_700_000_000_000),
                reason: number % 2 == 0 ? "night shift" : "", request: number % 3 == 0 ? request : nil,
                idempotency: number % 5 == 0 ? key : nil)
            entries.append(
                RaftEntry(index: LogIndex(UInt64(number) + 3), term: Term(2), content: .command(entry), size: 100 + number))
        }
        let conditional = PoolEntry(
            command: .cancelTask(TaskID(4)), principal: principals[0], proposedAt: PoolTime(milliseconds: 1_700_000_000_000),
            expected: LogIndex(3))
        entries.append(
            RaftEntry(index: LogIndex(UInt64(entries.count) + 1), term: Term(2), content: .command(conditional), size: 200))
        for command in try laterCommands() {
            let entry = PoolEntry(
                command: command, principal: .server(ServerID(3)), proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
            entries.append(
                RaftEntry(index: LogIndex(UInt64(entries.count) + 1), term: Term(2), content: .command(entry), size: 200))
        }
        return entries
    }

    static let progress = [
        TaskProgress(task: TaskID(7), phase: .waitingForGuest, permille: 350, age: .milliseconds(1_250)),
        TaskProgress(task: TaskID(.max), phase: .creating), TaskProgress(task: TaskID(9), phase: .retrying, permille: 0),
    ]

    static let strays = [
        StrayDomain(machine: VirtualMachineID(7), domain: 4),
        StrayDomain(machine: VirtualMachineID(8), domain: .max, epoch: PlacementEpoch.none),
        StrayDomain(machine: VirtualMachineID(9), domain: 5, epoch: PlacementEpoch(3)),
    ]

    /// The kinds that came once the lines above had their places.
    static func laterCommands() throws -> [PoolCommand] {
        let server = ServerID(3)
        let name = try #require(VirtualMachineName("web01"))
        let tag = TagSelector(key: try #require(TagKey("k/1")), value: "")
        return [
            .strays(server: server, session: SessionNumber(5), strays),
            .hello(
                ServerHello(
                    server: server, session: SessionNumber(5), boot: uuid, run: uuid, storage: uuid, formatVersion: 1, agentVersion: "1.0",
                    facts: facts, strays: strays)),
            .changeRule(RuleID(12), RuleChange()),
            .changeRule(
                RuleID(12),
                RuleChange(strength: .soft, addedMachines: [name], removedMachines: [name], addedTags: [tag], removedTags: [tag])),
            .changeMachine(VirtualMachineID(7), MachineChange(addedRules: [RuleID(12), RuleID(9)], removedRules: [RuleID(13)])),
            .changeSettings(PoolSettingsChange(overcommitRatio: 64, voterLimit: 1, voterReplacement: .seconds(2_592_000))),
            .changeSettings(PoolSettingsChange()),
            .createMachine(
                MachineDefinition(
                    name: try #require(VirtualMachineName("web01")), uuid: uuid, configuration: "name = 'template'",
                    requirements: requirements, preferredServers: [], configuredName: "template")),
            .hello(
                ServerHello(
                    server: server, session: SessionNumber(5), boot: uuid, run: uuid, storage: uuid, hardware: hardware, formatVersion: 1,
                    agentVersion: "1.0", facts: facts)),
            .join(JoinRequest(token: TokenID(9), secret: try digest(4), server: try newServer("beta", hardware: hardware))),
            .observed(
                VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(2),
                .dumped(.made(path: "/var/lib/xen/dump/web01.core"))),
            .observed(
                VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(2),
                .dumped(.failed(cause: "The disk is full."))),
            .suspendMachine(VirtualMachineID(7)),
            .resumeMachine(VirtualMachineID(7)),
            .observed(VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(2), .suspended),
            .imageRemoved(VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(2), failure: nil),
            .imageRemoved(
                VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(2), failure: "It is read-only."),
            .openConsole(VirtualMachineID(7), epoch: PlacementEpoch(3), .text),
            .openConsole(VirtualMachineID(7), epoch: PlacementEpoch(3), .display),
            .openConsole(VirtualMachineID(7), epoch: PlacementEpoch(3), .log),
        ] + DeviceChangeKind.allCases.map { .changeDevice(VirtualMachineID(7), deviceChange($0)) } + [
            .observed(
                VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(2), .deviceChanged(TaskID(12))),
            .migrateMachine(VirtualMachineID(7), MigrationWish()),
            .migrateMachine(VirtualMachineID(7), MigrationWish(target: server, bandwidth: 100)),
            .migrationReported(
                VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(3), .received),
            .migrationReported(
                VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(3),
                .failed(cause: "The connection broke.")),
            .remnantGone(VirtualMachineID(7), server: server, session: SessionNumber(5), epoch: PlacementEpoch(3)),
        ]
    }

    static func deviceChange(_ kind: DeviceChangeKind) -> DeviceChange {
        DeviceChange(
            DeviceOperation(
                kind, device: "xvdb", element: "format=raw, vdev=xvdb, access=rw, target=/OVS/a.img", isForced: !kind.needsRoom),
            basis: .max - 7, configuration: "name = 'web01'\n",
            interfaces: [InterfaceRequirement(bridge: "xenbr0", rate: KilobitsPerSecond(10_000))], diskPaths: ["/OVS/a.img", "/OVS/b"])
    }

    /// The frames of connections that carry domains' memory.
    static let transferFrames: [PeerFrame] = [
        .transferCall(
            PeerTransferCall(
                pool: UniqueIdentifier(high: 3, low: 4), server: ServerID(2), machine: VirtualMachineID(7), epoch: PlacementEpoch(9))),
        .transferAccepted, .transferBytes([]), .transferBytes([0, 255, 27]), .transferEnd(nil), .transferEnd(TransferFailure("")),
        .transferEnd(TransferFailure("It was destroyed.")),
    ]

    /// The frames of connections that carry consoles.
    static func consoleFrames() throws -> [PeerFrame] {
        let name = try #require(VirtualMachineName("web01"))
        let calls = ConsoleKind.allCases.map { kind in
            PeerFrame.consoleCall(
                PeerConsoleCall(
                    pool: uuid, server: ServerID(2),
                    request: ConsoleRequest(
                        kind, of: VirtualMachineID(7), name: name, epoch: PlacementEpoch(3), principal: "operator admin")))
        }
        let failures: [ConsoleFailure?] = [
            nil, .notRunning(cause: "It was stopped."), .noConsole(cause: "It has none."), .tooMany(cause: "There are 64."),
            .notAllowed(cause: "You may not."), .lost(cause: ""), .noLog(cause: "Nothing was kept."),
        ]
        return calls + [.consoleAccepted, .consoleBytes([]), .consoleBytes([0, 255, 27])] + failures.map { .consoleEnd($0) }
    }

    static func messages() throws -> [RaftMessage<PoolEntry>] {
        let index = LogIndex(4)
        let term = Term(2)
        // The kinds that came later have lines of their own among the entries; this frame's bytes stay.
        let first = Array(try entries().prefix(40))
        let bodies: [RaftMessageBody<PoolEntry>] = [
            .preVoteRequest(lastIndex: index, lastTerm: term), .preVoteAnswer(isGranted: true, isLeaderAlive: false),
            .voteRequest(lastIndex: index, lastTerm: term, isTransfer: true), .voteAnswer(isGranted: false),
            .append(previousIndex: index, previousTerm: term, entries: first, commit: index),
            .append(previousIndex: .zero, previousTerm: .zero, entries: [], commit: .zero), .appendAccepted(matchIndex: index),
            .appendRefused(previousIndex: index, hintIndex: LogIndex(3), hintTerm: Term(1)), .heartbeat(commit: index, round: 17),
            .heartbeatAnswer(round: 17),
            .snapshotPart(
                index: index, term: term, configuration: RaftConfiguration(voters: [ServerID(1)]), offset: 3, totalSize: 9,
                data: [1, 2, 3]),
            .snapshotAnswer(index: index, received: 6), .timeoutNow, .readIndexRequest(context: 5),
            .readIndexAnswer(context: 5, index: index), .readIndexRefused(context: 5),
        ]
        return bodies.map { RaftMessage(term: Term(6), body: $0) }
    }
}
