internal import AgentPorts
import Glibc

/// Looks through SQLite's write-ahead log for damage that SQLite itself would take for its end (hazard B16).
///
/// Recovery reads frames up to the first whose checksum is wrong and forgets the rest: right for the torn tail of a
/// transaction that was never acknowledged, wrong for a flipped bit in the middle. They can be told apart, as each
/// transaction is synced before the next one begins: whatever follows the end of a transaction proves that it was whole.
/// The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
struct WriteAheadLogCheck {
    private static let headerBytes = 32
    private static let frameHeaderBytes = 24

    /// Throws `.damaged` naming the first damaged frame, counted from 1.
    static func refuseDamage(in files: StorageFiles) throws(StorageError) {
        let name = files.writeAheadLog
        let descriptor = open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw .cannotOpen(path: name, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        guard let header = try bytes(headerBytes, from: descriptor, name) else { return }
        guard var check = WriteAheadLogCheck(header: header) else {
            // The header is synced before the first frame is written, and is smaller than a sector.
            if try bytes(frameHeaderBytes + 512, from: descriptor, name) == nil { return }
            throw .damaged(path: name, row: "header")
        }
        while let frame = try bytes(frameHeaderBytes + check.pageBytes, from: descriptor, name) {
            if let damaged = check.damage(after: frame) { throw .damaged(path: name, row: "frame[\(damaged)]") }
        }
    }

    private let pageBytes: Int
    private let salt: ArraySlice<UInt8>
    private let isBigEndian: Bool
    /// The checksum that the last frame (or the header) carries, right or wrong: the next one continues from it.
    private var carried: (UInt32, UInt32)
    private var number = 0
    private var firstWrong: Int?
    /// Whether a transaction has ended at or after the first wrong frame.
    private var hasEndedSince = false

    /// Nil when the header is not whole.
    private init?(header: [UInt8]) {
        let magic = Self.word(header, 0)
        guard magic | 1 == 0x377F_0683 else { return nil }
        isBigEndian = magic & 1 == 1
        pageBytes = Int(Self.word(header, 8))
        salt = header[16..<24]
        carried = (Self.word(header, 24), Self.word(header, 28))
        guard pageBytes >= 512, pageBytes <= 65_536, pageBytes & (pageBytes - 1) == 0 else { return nil }
        guard Self.sum(header[0..<24], from: (0, 0), isBigEndian) == carried else { return nil }
    }

    /// Takes in the next frame.
    ///
    /// - Returns: the number of the damaged frame, once this one proves that it is damaged and not torn.
    private mutating func damage(after frame: [UInt8]) -> Int? {
        number += 1
        let isOfThisLog = frame[8..<16] == salt
        let start = Self.sum(frame[0..<8], from: carried, isBigEndian)
        let expected = Self.sum(frame[Self.frameHeaderBytes...], from: start, isBigEndian)
        carried = (Self.word(frame, 16), Self.word(frame, 20))
        let isRight = isOfThisLog && expected == carried
        if isRight, hasEndedSince { return firstWrong }
        if !isRight, firstWrong == nil { firstWrong = number }
        if firstWrong != nil, isOfThisLog, Self.word(frame, 4) != 0 { hasEndedSince = true }
        return nil
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// SQLite's checksum, over a multiple of 8 bytes.
    private static func sum(_ bytes: ArraySlice<UInt8>, from start: (UInt32, UInt32), _ isBigEndian: Bool) -> (UInt32, UInt32) {
        var (first, second) = start
        bytes.withUnsafeBytes { raw in
            for offset in stride(from: 0, to: raw.count, by: 8) {
                let left = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let right = raw.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                first &+= (isBigEndian ? UInt32(bigEndian: left) : UInt32(littleEndian: left)) &+ second
                second &+= (isBigEndian ? UInt32(bigEndian: right) : UInt32(littleEndian: right)) &+ first
            }
        }
        return (first, second)
    }

    /// Nil when fewer than `count` bytes are left.
    private static func bytes(_ count: Int, from descriptor: Int32, _ name: String) throws(StorageError) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: filled), count - filled) }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw .inputOutput(path: name, code: errno) }
            if got == 0 { return nil }
            filled += got
        }
        return buffer
    }
}
