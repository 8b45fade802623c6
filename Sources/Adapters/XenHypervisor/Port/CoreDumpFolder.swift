import Glibc

/// Where the memory of ended guests is dumped to: a folder and files that only root reads, as they hold whatever the guests knew.
package struct CoreDumpFolder: Sendable {
    /// Where `xl` puts its dumps.
    package static let standard = "/var/lib/xen/dump"
    /// What a dump must leave free, in bytes: the folder may share its file system with the pool's state and Domain-0's own log.
    package static let reserve: UInt64 = 512 << 20
    /// What the headers of a dump take beside each 64 bytes of memory, and more: the tables of pages.
    private static let overhead: UInt64 = 16 << 20
    private static let ending = ".core"
    private static let unfinished = ".core.unfinished"

    package let path: String
    /// Bytes that are free for root to write; nil where nobody says.
    private let freeBytes: @Sendable (String) -> UInt64?

    package init(_ path: String, freeBytes: @escaping @Sendable (String) -> UInt64? = DraftFile.freeBytes) {
        self.path = path
        self.freeBytes = freeBytes
    }

    /// Has `write` dump a domain, to a file that is called a dump only once it is whole and on the disk.
    ///
    /// - Parameters:
    ///   - name: the domain's name.
    ///   - bytes: the memory that is to be written.
    ///   - time: seconds since 1970, for the file's name.
    ///   - write: is given an empty file's path, and writes it; it throws where that fails.
    /// - Returns: the file's path.
    package func dump(
        name: String, bytes: UInt64, time: Int, _ write: (String) throws(FileFailure) -> Void
    ) throws(FileFailure) -> String {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileFailure("make \(path)", errno) }
        let name = Self.safe(name)
        removeUnfinished(of: name)
        let needed = bytes + bytes / 64 + Self.overhead
        if let free = freeBytes(path), free < needed + Self.reserve {
            throw FileFailure(
                reason: """
                    the file system of \(path) has \(free >> 20) MiB free, and the dump needs \(needed >> 20) MiB and \
                    \(Self.reserve >> 20) MiB to be left
                    """)
        }
        let stem = "\(path)/\(name)-\(Self.stamp(time))"
        let file = DraftFile(path: stem + Self.ending, draft: stem + Self.unfinished)
        try file.write { (_) throws(FileFailure) in try write(file.draft) }
        return file.path
    }

    /// What an agent left that was ended while it dumped.
    private func removeUnfinished(of name: String) {
        for file in DraftFile.names(in: path) {
            // The whole name but its date must be this one: `web` is not `web-1`.
            let isOurs = file.hasPrefix(name + "-") && file.hasSuffix(Self.unfinished)
            if isOurs, file.utf8.count == name.utf8.count + 1 + Self.stamp(0).utf8.count + Self.unfinished.utf8.count {
                unlink("\(path)/\(file)")
            }
        }
    }

    /// A name as a part of a file's: whatever is not a letter, a digit, a point or a dash becomes an underscore, and it begins with no point.
    private static func safe(_ name: String) -> String {
        let plain = name.unicodeScalars.prefix(128).map { scalar -> Character in
            let isPlain =
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-._".unicodeScalars.contains(scalar))
            return isPlain ? Character(scalar) : "_"
        }
        let text = String(plain)
        return text.hasPrefix(".") || text.isEmpty ? "_" + text.dropFirst() : text
    }

    /// `20261127T114501Z`.
    private static func stamp(_ time: Int) -> String {
        var seconds = time_t(time)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int32, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let day = padded(parts.tm_year + 1_900, 4) + padded(parts.tm_mon + 1, 2) + padded(parts.tm_mday, 2)
        return "\(day)T\(padded(parts.tm_hour, 2))\(padded(parts.tm_min, 2))\(padded(parts.tm_sec, 2))Z"
    }
}
