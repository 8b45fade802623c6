package import NIOCore

extension OpenSSLHandler {
    /// The most plaintext that is encrypted before the result is handed down.
    private static let chunkByteCount = 64 * 1024
    /// The most plaintext in one record (RFC 8446 section 5.1).
    private static let recordByteCount = 16 * 1024
    /// Writes below this size are worth copying together into one record.
    private static let smallByteCount = 4 * 1024

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state != .closing && state != .closed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard !isOutputClosed && !isOutputCloseWaiting else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let buffer = unwrapOutboundIn(data)
        pendingByteCount += buffer.readableBytes
        pending.append(PendingWrite(buffer: buffer, promise: promise))
        if state == .active {
            // Passed down early, not sent: so the channel counts the bytes, and tells the application when it should pause.
            if pendingByteCount >= Self.chunkByteCount {
                pending.mark()
                encryptPending(context)
            }
        } else if pendingByteCount > limits.pendingBytes {
            fail(.tooMuchBuffered(limit: limits.pendingBytes), context)
        }
    }

    package func flush(context: ChannelHandlerContext) {
        pending.mark()
        writePending(context)
    }

    func writePending(_ context: ChannelHandlerContext) {
        // What a handler above writes from inside our own writing is marked, and the outer loop takes it.
        guard state == .active, !isWriting else { return }
        encryptPending(context)
        context.flush()
    }

    /// Encrypts everything marked and passes it down.
    ///
    /// To pass bytes down may run handlers above at once (promises, writability), which may write, flush and close. Hence the flag, and hence
    /// nothing runs between an encryption and the taking of its result.
    private func encryptPending(_ context: ChannelHandlerContext) {
        guard state == .active, !isWriting else { return }
        isWriting = true
        defer { isWriting = false }
        while state == .active, pending.hasMark {
            let next = takeBatch(context)
            encrypt(next, context)
        }
    }

    private func encrypt(_ write: PendingWrite, _ context: ChannelHandlerContext) {
        var rest = write.buffer
        repeat {
            guard state == .active else {
                write.promise?.fail(ChannelError.ioOnClosedChannel)
                return
            }
            let chunk = rest.readSlice(length: min(Self.chunkByteCount, rest.readableBytes)) ?? ByteBuffer()
            if case .failed(let queue) = encryptChunk(chunk) {
                let error = TLSError.connection(queue: queue)
                write.promise?.fail(error)
                fail(error, context)
                return
            }
            let ciphertext = session.takeUnsent(allocator: context.channel.allocator) ?? ByteBuffer()
            context.write(wrapOutboundOut(ciphertext), promise: rest.readableBytes == 0 ? write.promise : nil)
        } while rest.readableBytes > 0
    }

    private func encryptChunk(_ chunk: ByteBuffer) -> TLSSession.Outcome {
        // OpenSSL refuses to write nothing.
        guard chunk.readableBytes > 0 else { return .done(0) }
        bytesUnderKey += chunk.readableBytes
        if bytesUnderKey > limits.bytesPerKey {
            session.changeKey()
            bytesUnderKey = chunk.readableBytes
        }
        return chunk.withUnsafeReadableBytes { session.encrypt($0) }
    }

    /// The next write, or the next few small ones as one: a record costs 22 bytes and a pass of the cipher.
    private func takeBatch(_ context: ChannelHandlerContext) -> PendingWrite {
        var batch = takeFirst()
        guard batch.buffer.readableBytes < Self.smallByteCount else { return batch }
        var isOwned = false
        while pending.hasMark, let next = pending.first, batch.buffer.readableBytes + next.buffer.readableBytes <= Self.recordByteCount {
            if !isOwned {
                var room = context.channel.allocator.buffer(capacity: Self.recordByteCount)
                room.writeImmutableBuffer(batch.buffer)
                batch.buffer = room
                isOwned = true
            }
            let taken = takeFirst()
            batch.buffer.writeImmutableBuffer(taken.buffer)
            batch.promise.setOrCascade(to: taken.promise)
        }
        return batch
    }

    private func takeFirst() -> PendingWrite {
        let first = pending.removeFirst()
        pendingByteCount -= first.buffer.readableBytes
        return first
    }

    func failPending(_ error: any Error) {
        pendingByteCount = 0
        while let write = pending.popFirst() { write.promise?.fail(error) }
    }
}
