import NIOCore

/// Cuts a stream of decrypted bytes into frames, however the stream arrives.
///
/// A frame is a length of four bytes, most significant first, and as many bytes. A length over the limit is found before anything is
/// buffered for it.
struct FrameCutter {
    /// What stands at the front of what has come.
    enum Cut: Hashable {
        /// The bytes of a whole frame, without its length.
        case frame([UInt8])
        /// A part of a frame, or nothing.
        case incomplete
        /// A frame that claims more bytes than may be; nothing after it can be read.
        case tooLong(Int)
    }

    private var buffer = ByteBuffer()

    /// Bytes that are kept for a frame that is not whole.
    var keptBytes: Int { buffer.readableBytes }

    mutating func append(_ bytes: ByteBuffer) {
        var bytes = bytes
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeBuffer(&bytes)
        }
    }

    /// Takes the next frame.
    ///
    /// - Parameter limit: the most bytes that a frame may have, without its length.
    mutating func next(limit: Int) -> Cut {
        guard let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { return .incomplete }
        guard length <= limit else { return .tooLong(Int(length)) }
        guard buffer.readableBytes >= 4 + Int(length) else { return .incomplete }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let bytes = buffer.readBytes(length: Int(length)) else { return .incomplete }
        return .frame(bytes)
    }

    /// Gives back what has been read, also when a part of the next frame is always there: the buffer would grow for ever.
    mutating func compact() {
        if buffer.readableBytes == 0 { buffer = ByteBuffer() } else { buffer.discardReadBytes() }
    }

    /// What has come and has not been cut; nil for nothing. It is kept here no longer.
    mutating func takeRest() -> ByteBuffer? {
        let rest = buffer
        buffer = ByteBuffer()
        return rest.readableBytes > 0 ? rest : nil
    }

    /// Forgets everything: nothing more will be read.
    mutating func clear() { buffer = ByteBuffer() }
}
