import OpenSSLTransport
import QueryModel

extension DemoPool {
    /// A client of one server alone, kept so that its connection stands.
    func singleClient(_ server: DemoServer) throws -> QueryClient? {
        if let known = singleClients[server.name] { return known }
        guard let file else { return nil }
        let authority = try Certificate(pem: Array(file.authority.utf8))
        let client = QueryClient(
            poolID: file.pool, tls: try TLSContext(.queryClient(pool: file.pool, authority: authority)), servers: [server.query],
            bearer: file.token, eventLoopGroup: group)
        singleClients[server.name] = client
        return client
    }

    /// Closes all connections.
    package func closeClients() async {
        await client?.shutdown()
        for name in singleClients.keys.sorted() { await singleClients[name]?.shutdown() }
        singleClients = [:]
        client = nil
    }
}
