import NIOCore
import NIOEmbedded
import OpenSSLTransport

/// Two ends of one TLS connection in memory, with the test as the network between them.
final class EmbeddedPair {
    let accepting = EmbeddedChannel()
    let connecting = EmbeddedChannel()
    let acceptingSeen: Recorder
    let connectingSeen: Recorder

    init(
        accepting acceptingContext: TLSContext, connecting connectingContext: TLSContext, limits: TLSLimits = TLSLimits(),
        acceptingRecorder: Recorder = Recorder(), connectingRecorder: Recorder = Recorder()
    ) throws {
        acceptingSeen = acceptingRecorder
        connectingSeen = connectingRecorder
        try accepting.pipeline.syncOperations.addHandlers([
            acceptingContext.makeHandler(.accepting, limits: limits), acceptingRecorder,
        ])
        try connecting.pipeline.syncOperations.addHandlers([
            connectingContext.makeHandler(.connecting, limits: limits), connectingRecorder,
        ])
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        accepting.connect(to: address, promise: nil)
        connecting.connect(to: address, promise: nil)
    }

    /// Two servers of one pool.
    convenience init(limits: TLSLimits = TLSLimits(), acceptingRecorder: Recorder = Recorder(), connectingRecorder: Recorder = Recorder())
        throws
    {
        let pool = try LaboratoryPool()
        try self.init(
            accepting: pool.peer(pool.server(1)), connecting: pool.peer(pool.server(2)), limits: limits,
            acceptingRecorder: acceptingRecorder, connectingRecorder: connectingRecorder)
    }

    /// Carries bytes to and fro until both are silent; `carry` may cut or change them.
    func exchange(_ carry: (ByteBuffer) -> [ByteBuffer] = { [$0] }) throws {
        var isBusy = true
        while isBusy {
            isBusy = false
            while let bytes = try connecting.readOutbound(as: ByteBuffer.self) {
                isBusy = true
                for piece in carry(bytes) where accepting.isActive { try accepting.writeInbound(piece) }
            }
            while let bytes = try accepting.readOutbound(as: ByteBuffer.self) {
                isBusy = true
                for piece in carry(bytes) where connecting.isActive { try connecting.writeInbound(piece) }
            }
        }
    }

    deinit {
        _ = try? accepting.finish(acceptAlreadyClosed: true)
        _ = try? connecting.finish(acceptAlreadyClosed: true)
    }
}
