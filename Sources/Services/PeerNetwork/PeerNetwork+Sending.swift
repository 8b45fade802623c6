import AgentCore
import AgentPorts
import Logging
import NIOCore
import PoolModel
import WireFormat

/// What goes out.
extension PeerNetwork {
    func sendNow(_ message: PeerMessage, to server: ServerID) {
        let route = PeerRoute(server: server, channel: message.isUrgent ? .urgent : .bulk)
        guard let id = outgoing[route]?.connection, let connection = connections[id] else {
            // Told with the next attempt that fails, and not now: the core may send at once when it is told.
            outgoing[route]?.hasDropped = true
            counters.droppedWithoutConnection()
            return
        }
        guard connection.queuedBytes < queueLimit(route) else {
            counters.droppedByFullQueue()
            guard outgoing[route]?.isFull == false else { return }
            outgoing[route]?.isFull = true
            receiver?.unreachable(server)
            return
        }
        write(.message(message), on: id)
        // An urgent message waits for nothing; bulk is flushed once for all that is sent in one turn of the loop.
        if message.isUrgent { flush(id) } else { scheduleFlush(id) }
    }

    private func queueLimit(_ route: PeerRoute) -> Int {
        switch route.channel {
        case .urgent: configuration.limits.urgentQueueBytes
        case .bulk: configuration.limits.bulkQueueBytes
        }
    }

    func sayGoodbye() {
        for link in outgoing.values {
            guard let id = link.connection else { continue }
            write(.goodbye, on: id)
            flush(id)
        }
    }

    /// Queues a frame on a connection; the caller flushes.
    func write(_ frame: PeerFrame, on id: PeerConnectionID) {
        guard let channel = connections[id]?.channel else { return }
        let bytes: [UInt8]
        do {
            bytes = try PeerFrameCoding.encode(frame)
        } catch {
            return log.error("a frame could not be encoded: \(error.message)")
        }
        guard bytes.count <= configuration.limits.frameBytes else {
            return log.error("a frame of \(bytes.count) bytes is over the limit of \(configuration.limits.frameBytes) and was not sent")
        }
        var buffer = channel.allocator.buffer(capacity: bytes.count + 4)
        buffer.writeInteger(UInt32(bytes.count))
        buffer.writeBytes(bytes)
        let count = buffer.readableBytes
        counters.sent(frameOf: count)
        connections[id]?.queuedBytes += count
        channel.write(buffer).whenComplete { _ in self.assumeIsolated { $0.left(id, count) } }
    }

    /// The kernel took so many bytes, or the connection dropped them.
    private func left(_ id: PeerConnectionID, _ count: Int) {
        guard let connection = connections[id] else { return }
        let rest = connection.queuedBytes - count
        connections[id]?.queuedBytes = rest
        guard let route = connection.route, outgoing[route]?.connection == id, rest <= queueLimit(route) / 2 else { return }
        outgoing[route]?.isFull = false
    }

    func flush(_ id: PeerConnectionID) { connections[id]?.channel.flush() }

    private func scheduleFlush(_ id: PeerConnectionID) {
        guard connections[id]?.isFlushScheduled == false else { return }
        connections[id]?.isFlushScheduled = true
        eventLoop.execute {
            self.assumeIsolated { network in
                network.connections[id]?.isFlushScheduled = false
                network.flush(id)
            }
        }
    }
}
