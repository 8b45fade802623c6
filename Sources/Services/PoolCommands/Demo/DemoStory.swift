import NIOHTTP1
import Foundation
import PoolModel
import QueryModel
import ServerEnvironment

extension DemoPool {
    /// Tells the story: found, join, create, start, kill the master, bring it back.
    package func tell() async throws {
        try prepareFolder()
        try chooseServers()
        try await foundPool()
        for number in servers.indices.dropFirst() { try await addServer(number) }
        try await awaitServers()
        try await startMachines()
        if servers.count >= 3 {
            let killed = try await killMaster()
            try await bringBack(killed)
        } else {
            say("A pool of \(servers.count) cannot lose its master and go on: no failover is shown (3 servers can lose one).")
        }
        try await showPool()
    }

    private func foundPool() async throws {
        say("Founding pool demo on server \(servers[0].name)")
        let pool = try PoolBootstrap(setup: servers[0].setup(), poolName: "demo", storage: storage).run()
        try await startProcesses(0)
        try makeClient()
        let master = try await wait(for: "the first master") { try await self.currentMaster() }
        say("  pool \(pool), Server Pool Master \(master)")
    }

    private func startProcesses(_ number: Int) async throws {
        try servers[number].startHost(settings.executable)
        let socket = servers[number].directory.simulatedSocket
        _ = try await wait(for: "the simulated host of \(servers[number].name)") {
            FileManager.default.fileExists(atPath: socket) ? true : nil
        }
        try servers[number].startAgent(settings.executable)
    }

    private func addServer(_ number: Int) async throws {
        let token = try await post(TokenCreatedDocument.self, "/v1/tokens", CreateTokenRequest(ttlSeconds: 600))
        let join = try PoolJoin(setup: servers[number].setup(), token: token.token, storage: storage, eventLoopGroup: group)
        let joined = try await join.run()
        try await startProcesses(number)
        say("Server \(servers[number].name) joined as number \(joined.server)")
    }

    private func awaitServers() async throws {
        let names = Set(servers.map(\.name))
        _ = try await wait(for: "all servers to be active") {
            let list = try await self.get(ServerListDocument.self, "/v1/servers")
            return Set(list.servers.filter { $0.status == "active" }.map(\.name)) == names ? true : nil
        }
        try makeClient()
        say("All \(servers.count) servers are active")
    }

    /// The master's name, once one serves.
    func currentMaster() async throws -> String? {
        let document = try await get(MasterDocument.self, "/v1/master")
        return document.master?.name
    }

    // MARK: Virtual machines

    private func startMachines() async throws {
        for machine in DemoMachines.all {
            let request = CreateMachineRequest(configuration: machine.configuration, name: machine.name)
            let created = try await post(MachineCreatedDocument.self, "/v1/vms", request)
            let needs = created.machine.requirements
            let explanation = try await get(ExplanationDocument.self, "/v1/vms/\(machine.name)/explain")
            let begun = try await post(TaskBegunDocument.self, "/v1/vms/\(machine.name)/start", [String: String]())
            let task = try await wait(for: "\(machine.name) to start") {
                let task = try await self.get(TaskDocument.self, "/v1/tasks/\(begun.task.id)")
                return task.hasEnded ? task : nil
            }
            guard task.status == "done" else { throw DemoError("\(machine.name) did not start: \(task.cause ?? task.status).") }
            let running = try await get(MachineDocument.self, "/v1/vms/\(machine.name)")
            let scores = explanation.servers.map { server in
                server.score.map { "\(server.server) \($0 / 10_000).\(String(1_000_000 + $0 % 10_000 * 100).dropFirst().prefix(2))%" }
                    ?? "\(server.server) \(server.refusal?.message ?? "refused")"
            }
            say(
                "\(machine.name) (\(needs.domainType), \(needs.memoryMiB) MiB, \(needs.virtualCPUs) vCPUs) runs on \(running.server ?? "?"): "
                    + "free afterwards " + scores.joined(separator: ", "))
        }
    }

    // MARK: Failover

    /// Kills the master, and counts until a write is accepted again.
    ///
    /// - Returns: the number of the killed server in the list.
    private func killMaster() async throws -> Int {
        let name = try await wait(for: "a master") { try await self.currentMaster() }
        guard let number = servers.firstIndex(where: { $0.name == name }), let agent = servers[number].agent else {
            throw DemoError("The master \(name) is not a server of this demonstration. Try again.")
        }
        let survivor = servers[(number + 1) % servers.count]
        // The write goes to a survivor, over a connection that stands: it is held there until a new master accepts it.
        try await askOne(survivor, before: true)
        say("Killing the agent of the master \(name) (process \(agent.pid)) with SIGKILL")
        let start = ContinuousClock.now
        agent.send(SIGKILL)
        try await askOne(survivor, before: false)
        let milliseconds = (ContinuousClock.now - start).wholeNanoseconds / 1_000_000
        agent.reap()
        let successor = try await wait(for: "the new master's name") { try await self.currentMaster() }
        say("failover: \(milliseconds) ms, server \(successor)")
        guard successor != name else { throw DemoError("The killed server \(name) is still called master. Look at the logs.") }
        return number
    }

    private func askOne(_ server: DemoServer, before: Bool) async throws {
        guard let single = try singleClient(server) else { throw DemoError("The pool was not founded. Try again.") }
        let body = try QueryJSON.encode(before ? "before" : "after")
        do {
            _ = try await single.send(.keyed(.PUT, "/v1/vms/web01/tags/demo/failover", body: body, reason: "demo"))
        } catch {
            throw DemoError(error.message)
        }
    }

    /// Starts the killed agent again: it must catch up, and adopt the domains that ran on without it.
    private func bringBack(_ number: Int) async throws {
        let name = servers[number].name
        let before = try await get(MachineListDocument.self, "/v1/vms").machines.filter { $0.server == name }.map(\.name)
        let goal = try await get(Answered<PoolDocument>.self, "/v1/pool").answer.index
        try servers[number].startAgent(settings.executable)
        try makeClient()
        let index = try await wait(for: "\(name) to catch up") {
            let own = try await self.appliedIndex(of: self.servers[number])
            return own >= goal ? own : nil
        }
        _ = try await wait(for: "\(name) to adopt its virtual machines") {
            let list = try await self.get(ServerListDocument.self, "/v1/servers")
            guard let server = list.servers.first(where: { $0.name == name }), server.status == "active" else { return nil as Bool? }
            let machines = try await self.get(MachineListDocument.self, "/v1/vms").machines.filter { $0.server == name }
            guard machines.map(\.name) == before, machines.allSatisfy({ $0.status == "Running" }) else { return nil }
            return true
        }
        let adopted = before.isEmpty ? "nothing to adopt" : "adopted \(before.joined(separator: ", "))"
        say("Server \(name) is back: caught up to index \(index) (the pool was at \(goal) before), \(adopted)")
    }

    /// How far this server itself has applied the log: asked at its own query port, and of nobody else.
    private func appliedIndex(of server: DemoServer) async throws -> UInt64 {
        guard let single = try singleClient(server) else { throw DemoError("The pool was not founded. Try again.") }
        do {
            let response = try await single.send(ClientRequest(.GET, "/v1/master"))
            return try QueryJSON.decode(Answered<MasterDocument>.self, from: response.body).answer.index
        } catch let error as ClientError {
            throw DemoError(error.message)
        }
    }

    // MARK: The end

    private func showPool() async throws {
        let machines = try await get(MachineListDocument.self, "/v1/vms").machines
        for machine in machines {
            say(
                "  \(machine.name.padding(toLength: 16, withPad: " ", startingAt: 0)) \(machine.status) on \(machine.server ?? "no server")"
            )
        }
        guard machines.allSatisfy({ $0.status == "Running" }) else {
            throw DemoError("Not every virtual machine runs at the end. Look at the agents' logs in \(settings.folder).")
        }
    }

    /// What to try while the pool stays up.
    package func showInvitation() {
        let file = "\(settings.folder)/pool.json"
        say("")
        say("The pool is up. Try:")
        say("  export OVM_POOL=\(file)")
        say("  \(settings.executable) vm ls")
        say("  \(settings.executable) vm explain web01")
        say("  \(settings.executable) server ls")
        say("  \(settings.executable) event ls")
        for server in servers { say("  https://\(server.query)/openapi.json  (\(server.name))") }
    }
}
