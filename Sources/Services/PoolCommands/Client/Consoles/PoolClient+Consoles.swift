package import AgentPorts
import ConsoleStreams
import Foundation
import NIOHTTP1
import QueryModel

extension PoolClient {
    /// Opens a machine's text console, through whichever member answers.
    package func openConsole(_ name: String) async throws(ClientError) -> any ConsoleStream {
        try await query.openSocket("/v1/vms/\(Self.escaped(name))/console", reason: reason)
    }

    /// Opens a machine's display: the bytes of its VNC server.
    package func openDisplay(_ name: String) async throws(ClientError) -> any ConsoleStream {
        try await query.openSocket("/v1/vms/\(Self.escaped(name))/display", reason: reason)
    }

    /// The tail of what a machine's text console has printed.
    package func consoleLog(_ name: String) async throws(ClientError) -> String {
        let headers = reason.map { [(name: QueryHeader.reason, value: $0)] } ?? []
        let response = try await query.send(ClientRequest(.GET, "/v1/vms/\(Self.escaped(name))/console/log", headers: headers))
        return String(decoding: response.body, as: UTF8.self)
    }
}

extension QueryClient {
    /// Opens a WebSocket, on a connection of its own.
    func openSocket(_ path: String, reason: String?) async throws(ClientError) -> any ConsoleStream {
        var headers = [
            (name: "Connection", value: "Upgrade"), (name: "Upgrade", value: "websocket"),
            (name: "Sec-WebSocket-Version", value: WebSocketHandshake.version),
            (name: "Sec-WebSocket-Key", value: WebSocketHandshake.makeKey()),
            (name: "Sec-WebSocket-Protocol", value: WebSocketHandshake.subprotocol),
        ]
        if let reason { headers.append((name: QueryHeader.reason, value: reason)) }
        let request = ClientRequest(.GET, path, headers: headers)
        var attempts = Attempts(request, patience: limits.patience)
        while true {
            for address in serversInOrder() {
                do {
                    let opening = SocketOpening(
                        address: address, head: requestHead(request, address), tls: tls, limits: limits, group: group)
                    switch try await opening.run() {
                    case .console(let stream):
                        remember(address)
                        return stream
                    case .response(let response):
                        guard try attempts.judge(response, from: address) == nil else {
                            throw ClientError.badAnswer(cause: "\(address) answered something else than a WebSocket.")
                        }
                    }
                } catch let failure as AttemptFailure {
                    try attempts.note(failure, at: address)
                } catch let error as ClientError {
                    throw error
                } catch {
                    throw .badAnswer(cause: "\(address) answered, but not usably: \(error).")
                }
            }
            try await attempts.pauseOrGiveUp()
        }
    }
}
