import NIOHTTP1
import Foundation
package import NIOCore
import OpenSSLTransport
import PoolModel
import QueryModel
import RaftCore
package import AgentPorts
import ServerEnvironment

/// A whole pool of real agent processes on this machine, and the story that it tells.
package final class DemoPool {
    let settings: DemoSettings
    let storage: any StorageFounding
    let group: any EventLoopGroup
    let say: (String) -> Void
    var servers: [DemoServer] = []
    var client: QueryClient?
    var file: PoolFile?
    var singleClients: [String: QueryClient] = [:]

    /// - Parameter say: prints one line for the operator.
    package init(
        settings: DemoSettings, storage: any StorageFounding, eventLoopGroup: any EventLoopGroup, say: @escaping (String) -> Void
    ) {
        self.settings = settings
        self.storage = storage
        group = eventLoopGroup
        self.say = say
    }

    static let patience = Duration.seconds(30)
    static let markerName = "ovm-demo"

    // MARK: Processes

    /// Makes the folder anew. Only a folder that an earlier demonstration made is ever emptied.
    func prepareFolder() throws {
        let manager = FileManager.default
        let marker = "\(settings.folder)/\(Self.markerName)"
        if manager.fileExists(atPath: settings.folder) {
            let isEmpty = try manager.contentsOfDirectory(atPath: settings.folder).isEmpty
            guard isEmpty || manager.fileExists(atPath: marker) else {
                throw DemoError("\(settings.folder) is not empty and was not made by a demonstration. Give another --dir.")
            }
            if !isEmpty, DemoStop.isRunning(folder: settings.folder) {
                throw DemoError("A demonstration runs in \(settings.folder). End it with `ovm pool demo --dir \(settings.folder) --stop`.")
            }
            try manager.removeItem(atPath: settings.folder)
        }
        try manager.createDirectory(
            atPath: settings.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard manager.createFile(atPath: marker, contents: Data(), attributes: [.posixPermissions: 0o600]) else {
            throw DemoError("\(settings.folder) cannot be written. Give another --dir.")
        }
    }

    func chooseServers() throws {
        let ports = try FreePorts.choose(settings.servers * 2)
        servers = try (0..<settings.servers).map { number in
            try DemoServer(number: number, folder: settings.folder, peerPort: ports[number * 2], queryPort: ports[number * 2 + 1])
        }
    }

    /// Ends every process that this demonstration has started.
    package func endProcesses() async {
        let processes = servers.flatMap { [$0.agent, $0.host] }.compactMap { $0 }
        for server in servers { server.agent?.send(SIGTERM) }
        await DemoStop.wait(for: servers.compactMap { server in server.agent.map { ($0, server.directory.path) } }, seconds: 8)
        for process in processes { process.send(SIGKILL) }
        await DemoStop.wait(for: servers.compactMap { server in server.host.map { ($0, server.directory.path) } }, seconds: 5)
        for process in processes { process.reap() }
    }

    // MARK: Asking the pool

    func ask<Document: Decodable>(_ type: Document.Type, _ request: ClientRequest) async throws -> Document {
        guard let client else { throw DemoError("The pool was not founded. Try again.") }
        do {
            let response = try await client.send(request)
            return try QueryJSON.decode(type, from: response.body)
        } catch let error as ClientError {
            throw DemoError(error.message)
        }
    }

    func get<Document: Decodable>(_ type: Document.Type, _ path: String) async throws -> Document {
        try await ask(type, ClientRequest(.GET, path))
    }

    func post<Document: Decodable>(_ type: Document.Type, _ path: String, _ body: some Encodable) async throws -> Document {
        try await ask(type, .keyed(.POST, path, body: try QueryJSON.encode(body), reason: "demo"))
    }

    /// Asks until `isSo` holds; what goes wrong meanwhile is what is being waited out.
    func wait<Value>(for what: String, _ look: () async throws -> Value?) async throws -> Value {
        let deadline = ContinuousClock.now + Self.patience
        var last = ""
        while ContinuousClock.now < deadline {
            do {
                if let value = try await look() { return value }
            } catch let error as DemoError {
                last = error.message
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw DemoError("Waited \(Self.patience) for \(what). \(last.isEmpty ? "Look at the agents' logs in \(settings.folder)." : last)")
    }

    func makeClient() throws {
        let path = servers[0].directory.poolFile
        let bytes = try servers[0].directory.read(path, limit: 1024 * 1024)
        var pool = try QueryJSON.decode(PoolFile.self, from: Data(bytes))
        pool.servers = servers.map { server in
            var known = PoolFile.Server(name: server.name, query: server.query.description)
            known.pid = server.agent?.pid
            known.data = server.directory.path
            known.peer = server.peer.description
            return known
        }
        file = pool
        try DataDirectory(settings.folder).write(Array(try QueryJSON.encode(pool)), to: "\(settings.folder)/pool.json")
        guard client == nil else { return }
        let authority = try Certificate(pem: Array(pool.authority.utf8))
        client = QueryClient(
            poolID: pool.pool, tls: try TLSContext(.queryClient(pool: pool.pool, authority: authority)),
            servers: servers.map(\.query), bearer: pool.token, eventLoopGroup: group)
    }
}
