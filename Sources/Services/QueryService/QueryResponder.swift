import Hummingbird
import Logging
import NIOCore
import OpenSSLTransport
import PoolModel
import QueryModel

/// Carries requests from the HTTP library to the service, and its replies back.
struct QueryResponder: HTTPResponder {
    let service: QueryService

    struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            channel = source.channel
        }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let reply: QueryReply
        do throws(QueryRefusal) {
            reply = await service.reply(to: try await translate(request, context))
        } catch {
            reply = QueryReply(error)
        }
        if request.method != .get, request.method != .head {
            // The path names things and holds no secret; the query and the body are left out.
            let path = request.head.path?.prefix { $0 != "?" } ?? ""
            context.logger.info("\(request.method.rawValue) \(QueryRefusal.shown(String(path))) \(reply.status)")
        }
        if case .console(let session) = reply.content {
            await WebSocketUpgrade.run(session, on: context.channel)
            // Goes nowhere: the connection is closed.
            return Response(status: .noContent)
        }
        var response = Self.response(reply)
        // The HTTP library reads no further after a request to speak another protocol.
        if request.headers[.upgrade] != nil { response.headers[.connection] = "close" }
        // With the length that the body would have, and without the body.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func translate(_ request: Request, _ context: Context) async throws(QueryRefusal) -> QueryRequest {
        var headers: [String: String] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            // Repeated fields are one list (RFC 9110 §5.3).
            headers[name] = headers[name].map { "\($0), \(field.value)" } ?? field.value
        }
        let credential = try ShownCredential(
            authorization: headers["authorization"], certificate: await Self.certificate(of: context.channel))
        let body = request.body
        return try QueryRequest(
            method: request.method.rawValue, target: request.head.path ?? "/", headers: headers, credential: credential,
            address: ClientAddress(context.channel.remoteAddress).description,
            body: { [metrics = service.metrics] limit throws(QueryRefusal) in
                let bytes = try await BodyReading.collect(body, atMost: limit)
                metrics.received(bodyOf: bytes.count)
                return bytes
            })
    }

    private static func certificate(of channel: any Channel) async -> CertificateIdentity? {
        let peer = channel.eventLoop.submit { try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).peer }
        do {
            return try await peer.get()
        } catch {
            // The channel is closed: nobody will hear the answer.
            return nil
        }
    }

    private static func response(_ reply: QueryReply) -> Response {
        var fields = HTTPFields()
        for header in reply.headers {
            guard let name = HTTPFields.Element.Name(header.name) else { continue }
            fields.append(HTTPFields.Element(name: name, value: header.value))
        }
        let status = HTTPResponse.Status(code: reply.status)
        switch reply.content {
        case .console: return Response(status: .internalServerError)
        case .bytes(let bytes):
            // After a refusal the rest of an unread body is not worth waiting for.
            if reply.status == 413 || reply.status == 408 { fields[.connection] = "close" }
            return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let write):
            let body = ResponseBody { writer in
                var sink: any TextSink = ResponseSink(writer: writer)
                try await write(&sink)
                try await writer.finish(nil)
            }
            return Response(status: status, headers: fields, body: body)
        }
    }
}

/// Writes the text of a stream into a response's body.
private struct ResponseSink: TextSink {
    var writer: any ResponseBodyWriter

    mutating func write(_ text: String) async throws { try await writer.write(ByteBuffer(string: text)) }
}

/// Collects a request's body within its bounds of size and time.
private enum BodyReading {
    private enum End: Error {
        case tooLarge
        case tooSlow
    }

    static func collect(_ body: RequestBody, atMost limit: Int) async throws(QueryRefusal) -> [UInt8] {
        do {
            return try await withThrowingTaskGroup(of: [UInt8].self) { group in
                group.addTask { try await read(body, atMost: limit) }
                group.addTask {
                    try await Task.sleep(for: QueryLimits.bodyPatience)
                    throw End.tooSlow
                }
                defer { group.cancelAll() }
                return try await group.next() ?? []
            }
        } catch End.tooLarge {
            throw .bodyTooLarge(limit)
        } catch End.tooSlow {
            throw .bodyTooSlow
        } catch {
            throw QueryRefusal(.badRequest, cause: "The request's body ended early.", cure: "Send it again, whole.")
        }
    }

    private static func read(_ body: RequestBody, atMost limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in body {
            guard bytes.count + part.readableBytes <= limit else { throw End.tooLarge }
            bytes += part.readableBytesView
        }
        return bytes
    }
}
