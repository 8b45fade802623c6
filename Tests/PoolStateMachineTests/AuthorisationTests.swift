import PoolModel
import PoolStateMachine
import Testing

@Suite("Who may do what")
struct AuthorisationTests {
    /// A pool with a credential of each role besides root's.
    private func scene() throws -> (scene: PoolScene, viewer: Principal, user: Principal) {
        var scene = try PoolScene(servers: 2)
        func add(_ name: String, _ role: OperatorRole, _ secret: UInt64) throws -> Principal {
            let outcome = scene.apply(
                .createCredential(OperatorCredential(name: name, secret: PoolScene.digest(secret), role: role)))
            guard case .done(.credential(let id)) = outcome else { throw SceneError(outcome: outcome) }
            return .operator(name: name, credential: id)
        }
        let viewer = try add("vera", .viewer, 901)
        let user = try add("ulla", .user, 902)
        return (scene, viewer, user)
    }

    private static let machine = VirtualMachineID(99)

    /// Commands of virtual machines: a user's.
    private static func machineCommands() throws -> [PoolCommand] {
        [
            .createMachine(try PoolScene.definition()), .deleteMachine(machine), .changeMachine(machine, MachineChange()),
            .startMachine(machine), .stopMachine(machine, force: false), .resetMachineStatus(machine), .cancelTask(TaskID(1)),
            .putTag(machine, key: try PoolScene.tag("a"), value: ""), .deleteTag(machine, key: try PoolScene.tag("a")),
            .createRule(try PoolScene.rule(tags: ["a"])), .deleteRule(RuleID(99)),
            .changeRule(RuleID(99), RuleChange(strength: .soft)),
        ]
    }

    /// Commands of the pool itself: an administrator's.
    private static func poolCommands() -> [PoolCommand] {
        [
            .changeSettings(PoolSettingsChange(voterLimit: 3)), .maintenance(server: PoolScene.two, isOn: true),
            .removeServer(PoolScene.two),
            .createToken(JoinToken(secret: PoolScene.digest(3), roles: .all, lifetimeMilliseconds: 60_000)), .revokeToken(TokenID(1)),
            .createCredential(OperatorCredential(name: "x", secret: PoolScene.digest(4), role: .viewer)),
            .revokeCredential(CredentialID(99)),
        ]
    }

    /// What only servers and the master say.
    private static func words() throws -> [PoolCommand] {
        [
            .raiseFormat(version: 2), .released(server: PoolScene.two, session: SessionNumber(1)),
            .serverFacts(server: PoolScene.two, session: SessionNumber(1), PoolScene.facts()),
            .reachability(server: PoolScene.two, session: SessionNumber(1), isReachable: false),
            .join(JoinRequest(token: TokenID(1), secret: PoolScene.digest(3), server: try PoolScene.newServer(9))),
            .observed(machine, server: PoolScene.two, session: SessionNumber(1), epoch: PlacementEpoch(1), .running),
        ]
    }

    private func isForbidden(_ outcome: CommandOutcome) -> Bool {
        if case .refused(let refusal) = outcome { refusal.type == .notAllowed } else { false }
    }

    @Test("a viewer changes nothing")
    func viewerChangesNothing() throws {
        let (scene, viewer, _) = try scene()

        for command in try Self.machineCommands() + Self.poolCommands() + Self.words() {
            var copy = scene
            expectRefused(copy.apply(command, by: viewer), .notAllowed)
        }
    }

    @Test("a user works with virtual machines and with nothing else")
    func userWorksWithMachines() throws {
        let (scene, _, user) = try scene()

        for command in try Self.machineCommands() {
            var copy = scene
            #expect(!isForbidden(copy.apply(command, by: user)), "\(command)")
        }
        for command in try Self.poolCommands() + Self.words() {
            var copy = scene
            expectRefused(copy.apply(command, by: user), .notAllowed)
        }
    }

    @Test("an administrator does everything but speak for servers")
    func administratorIsNoServer() throws {
        let (scene, _, _) = try scene()

        for command in try Self.machineCommands() + Self.poolCommands() {
            var copy = scene
            #expect(!isForbidden(copy.apply(command)), "\(command)")
        }
        for command in try Self.words() {
            var copy = scene
            expectRefused(copy.apply(command), .notAllowed)
        }
    }

    @Test("the words of a server come from that server only")
    func serverSpeaksForItself() throws {
        let (scene, _, _) = try scene()
        let released = PoolCommand.released(server: PoolScene.two, session: SessionNumber(1))

        var forged = scene
        expectRefused(forged.apply(released, by: .server(PoolScene.one)), .notAllowed)
        var masters = scene
        expectRefused(masters.apply(released, by: .master(PoolScene.two)), .notAllowed)
        var own = scene
        #expect(own.apply(released, by: .server(PoolScene.two)) == .done(.none))
    }

    @Test("a server works with no machine and no setting")
    func serverIsNoOperator() throws {
        let (scene, _, _) = try scene()

        for command in try Self.machineCommands() + Self.poolCommands() {
            var copy = scene
            expectRefused(copy.apply(command, by: .server(PoolScene.two)), .notAllowed)
            expectRefused(copy.apply(command, by: .master(PoolScene.one)), .notAllowed)
            expectRefused(copy.apply(command, by: .joiner(TokenID(1))), .notAllowed)
        }
    }

    @Test("a joiner does nothing but join, by the token that it showed")
    func joinerJoins() throws {
        var scene = try PoolScene()
        let token = try scene.createToken()
        let request = JoinRequest(token: token, secret: PoolScene.digest(9), server: try PoolScene.newServer(2))

        expectRefused(scene.apply(.join(request), by: .joiner(TokenID(1))), .notAllowed)
        #expect(scene.apply(.join(request), by: .joiner(token)) == .done(.server(PoolScene.two)))
    }

    @Test("a revoked credential, a borrowed name and a removed server are refused at once")
    func refusesStrangers() throws {
        var (scene, _, user) = try scene()
        guard case .operator(_, let credential) = user else { return }

        expectRefused(scene.apply(.startMachine(Self.machine), by: .operator(name: "root", credential: credential)), .notAllowed)
        #expect(scene.apply(.revokeCredential(credential)) == .done(.none))
        expectRefused(scene.apply(.startMachine(Self.machine), by: user), .notAllowed)
        #expect(scene.apply(.removeServer(PoolScene.two)) == .done(.none))
        expectRefused(scene.open(PoolScene.two), .notAllowed)
    }

    @Test("the last administrator's credential cannot be revoked")
    func keepsAnAdministrator() throws {
        var (scene, _, _) = try scene()

        let last = scene.apply(.revokeCredential(CredentialID(1)))
        scene.apply(.createCredential(OperatorCredential(name: "anna", secret: PoolScene.digest(5), role: .administrator)))
        let notLast = scene.apply(.revokeCredential(CredentialID(1)))

        expectRefused(last, .lastAdministrator)
        #expect(notLast == .done(.none))
        #expect(scene.state.credential(withSecret: PoolScene.digest(2)) == nil)
    }

    @Test("credentials are refused that bear a bad name, a used secret or an unknown number")
    func checksCredentials() throws {
        var scene = try PoolScene()

        expectRefused(
            scene.apply(.createCredential(OperatorCredential(name: "a b", secret: PoolScene.digest(5), role: .user))), .invalidValue)
        expectRefused(
            scene.apply(.createCredential(OperatorCredential(name: "ann", secret: PoolScene.digest(2), role: .user))), .invalidValue)
        expectRefused(scene.apply(.revokeCredential(CredentialID(77))), .credentialNotFound)
    }
}
