import Foundation
package import NIOCore
import NIOHTTP1
import OpenSSLTransport
import QueryModel

/// The operations of the query port, each as a call with its documents.
///
/// Every write bears a new idempotency key, so that it happens once however often it is sent.
package struct PoolClient: Sendable {
    package let query: QueryClient
    /// Why the caller does what it does, for the log of events; nil for no words.
    package var reason: String?

    package init(_ query: QueryClient, reason: String? = nil) {
        self.query = query
        self.reason = reason
    }

    /// The client that a pool file describes.
    ///
    /// - Throws: `PoolFileError`, `TLSError`.
    package init(
        file: PoolFile, path: String, reason: String? = nil, limits: ClientLimits = ClientLimits(), eventLoopGroup: any EventLoopGroup
    ) throws {
        let authority = try file.authorityCertificate(path: path)
        let tls = try TLSContext(.queryClient(pool: file.pool, authority: authority))
        query = QueryClient(
            poolID: file.pool, tls: tls, servers: file.addresses, bearer: file.token, eventLoopGroup: eventLoopGroup, limits: limits)
        self.reason = reason
    }

    /// Closes the connections.
    package func shutdown() async { await query.shutdown() }

    func read<Document: Decodable>(_ type: Document.Type, _ path: String) async throws(ClientError) -> Document {
        try Self.decode(type, from: try await query.send(ClientRequest(.GET, path)))
    }

    /// Reads a list to its end, page by page.
    func readAll<Document: PagedDocument>(_ type: Document.Type, _ path: String) async throws(ClientError) -> Document {
        var list = try await read(type, path)
        try await follow(&list, path)
        return list
    }

    /// Reads what follows the first page of a list.
    func follow<Document: PagedDocument>(_ list: inout Document, _ path: String) async throws(ClientError) {
        var pages = 1
        while let next = list.next {
            guard pages < Self.pagesOfList else { throw .badAnswer(cause: "The list at \(path) has no end.") }
            list.append(try await read(Document.self, path + (path.contains("?") ? "&" : "?") + "after=\(Self.escaped(next))"))
            pages += 1
        }
    }

    /// The most pages of a list: far more than the pool's bounds allow.
    private static let pagesOfList = 1_000

    func write<Document: Decodable>(
        _ type: Document.Type, _ method: HTTPMethod, _ path: String
    ) async throws(ClientError) -> Document {
        try Self.decodeWritten(type, from: try await query.send(.keyed(method, path, reason: reason)))
    }

    func write<Document: Decodable>(
        _ type: Document.Type, _ method: HTTPMethod, _ path: String, _ body: some Encodable
    ) async throws(ClientError) -> Document {
        let data = try Self.encode(body)
        return try Self.decodeWritten(type, from: try await query.send(.keyed(method, path, body: data, reason: reason)))
    }

    static func encode(_ document: some Encodable) throws(ClientError) -> Data {
        do {
            return try QueryJSON.encode(document)
        } catch {
            throw .badAnswer(cause: "The request cannot be written as JSON: \(error).")
        }
    }

    static func decode<Document: Decodable>(_ type: Document.Type, from response: ClientResponse) throws(ClientError) -> Document {
        do {
            return try QueryJSON.decode(type, from: response.body)
        } catch {
            throw .badAnswer(cause: "The pool's answer cannot be read.")
        }
    }

    /// The same for a write: it was carried out, only its answer cannot be read.
    static func decodeWritten<Document: Decodable>(_ type: Document.Type, from response: ClientResponse) throws(ClientError) -> Document {
        do {
            return try decode(type, from: response)
        } catch {
            throw .outcomeUnknown(cause: "The pool carried something out, and its answer cannot be read.")
        }
    }

    /// `text` as one segment of a path or one value of a query.
    static func escaped(_ text: String) -> String {
        let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        return text.utf8.map { byte in
            let letter = Character(Unicode.Scalar(byte))
            if plain.contains(letter) { return String(letter) }
            return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
