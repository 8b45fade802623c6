internal import COpenSSL
internal import NIOCore

/// One TLS connection as OpenSSL sees it, between two memory BIOs. It does no I/O of its own.
///
/// Lives on one event loop. Every call into OpenSSL is preceded by a cleared error queue, which otherwise belongs to whichever connection
/// used this thread last, and its outcome is read before anybody else can run.
final class TLSSession {
    /// What a call into OpenSSL came to.
    enum Outcome {
        /// It did what it was asked; the count is in bytes.
        case done(Int)
        /// It needs more from the peer.
        case needsInput
        /// The peer has said farewell (`close_notify`).
        case peerFinished
        /// It failed, and the session can only be dropped.
        case failed(queue: [OpenSSLFailure])
    }

    let context: TLSContext
    /// Set by the verifier, from inside the handshake.
    var refusal: CertificateRefusal?
    /// Set by the verifier, from inside the handshake.
    var peer: PeerIdentity?

    private let handle: OpaquePointer
    // Both belong to `handle`, which frees them.
    private let fromNetwork: OpaquePointer
    private let toNetwork: OpaquePointer

    init(context: TLSContext, side: TLSSide) throws(TLSError) {
        ERR_clear_error()
        guard let handle = SSL_new(context.handle) else {
            throw .libraryFailed(operation: "making a TLS session", queue: OpenSSLFailure.takeQueue())
        }
        guard let fromNetwork = BIO_new(BIO_s_mem()), let toNetwork = BIO_new(BIO_s_mem()) else {
            SSL_free(handle)
            throw .libraryFailed(operation: "making a memory buffer", queue: OpenSSLFailure.takeQueue())
        }
        // An empty buffer means "come back later", not the end of the connection.
        _ = ovm_BIO_set_mem_eof_return(fromNetwork, -1)
        _ = ovm_BIO_set_mem_eof_return(toNetwork, -1)
        SSL_set_bio(handle, fromNetwork, toNetwork)
        switch side {
        case .accepting: SSL_set_accept_state(handle)
        case .connecting: SSL_set_connect_state(handle)
        }
        self.context = context
        self.handle = handle
        self.fromNetwork = fromNetwork
        self.toNetwork = toNetwork
        SSL_set_ex_data(handle, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { SSL_free(handle) }

    /// The session that an SSL belongs to: the way back from a callback of OpenSSL, which runs only inside a call of ours.
    static func session(of ssl: OpaquePointer) -> TLSSession? {
        SSL_get_ex_data(ssl, 0).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The version that was agreed, in OpenSSL's words.
    var version: String { String(cString: SSL_get_version(handle)) }

    /// Bytes from the network that OpenSSL has not consumed.
    var unreadCount: Int { BIO_ctrl_pending(fromNetwork) }
    /// Bytes for the network that nobody has taken yet.
    var unsentCount: Int { BIO_ctrl_pending(toNetwork) }

    func shakeHands() -> Outcome {
        ERR_clear_error()
        return outcome(of: SSL_do_handshake(handle))
    }

    /// Hands over what the network brought; false where memory is lacking.
    func receive(_ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { source in
            source.isEmpty || BIO_write(fromNetwork, source.baseAddress, Int32(source.count)) == Int32(source.count)
        }
    }

    /// Decrypts into `target`, as much as lies ready and has room.
    func decrypt(into target: UnsafeMutableRawBufferPointer) -> Outcome {
        ERR_clear_error()
        return outcome(of: SSL_read(handle, target.baseAddress, Int32(clamping: target.count)))
    }

    /// Encrypts all of `source`. A memory BIO takes everything, so there is no "part of it".
    func encrypt(_ source: UnsafeRawBufferPointer) -> Outcome {
        ERR_clear_error()
        return outcome(of: SSL_write(handle, source.baseAddress, Int32(source.count)))
    }

    /// Takes what is to be sent.
    func takeUnsent(allocator: ByteBufferAllocator) -> ByteBuffer? {
        let count = unsentCount
        guard count > 0 else { return nil }
        var buffer = allocator.buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            Int(max(0, BIO_read(toNetwork, target.baseAddress, Int32(count))))
        }
        return buffer
    }

    /// Says farewell (`close_notify`). Only for a session that has not failed.
    func finish() {
        ERR_clear_error()
        SSL_shutdown(handle)
        ERR_clear_error()
    }

    /// Changes the key for what we send, with the next write (RFC 8446 section 4.6.3). TLS 1.2 has no such thing.
    func changeKey() {
        ERR_clear_error()
        if SSL_version(handle) == TLS1_3_VERSION { SSL_key_update(handle, SSL_KEY_UPDATE_NOT_REQUESTED) }
        ERR_clear_error()
    }

    private func outcome(of result: Int32) -> Outcome {
        if result > 0 { return .done(Int(result)) }
        switch SSL_get_error(handle, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .peerFinished
        default: return .failed(queue: OpenSSLFailure.takeQueue())
        }
    }
}
