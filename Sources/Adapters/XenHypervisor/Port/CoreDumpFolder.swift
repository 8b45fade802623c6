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

    package init(_ path: String, freeBytes: @escaping @Sendable (String) -> UInt64? = CoreDumpFolder.freeBytes) {
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
        name: String, bytes: UInt64, time: Int, _ write: (String) throws(CoreDumpFailure) -> Void
    ) throws(CoreDumpFailure) -> String {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw CoreDumpFailure("make \(path)", errno) }
        let name = Self.safe(name)
        removeUnfinished(of: name)
        let needed = bytes + bytes / 64 + Self.overhead
        if let free = freeBytes(path), free < needed + Self.reserve {
            throw CoreDumpFailure(
                reason: """
                    the file system of \(path) has \(free >> 20) MiB free, and the dump needs \(needed >> 20) MiB and \
                    \(Self.reserve >> 20) MiB to be left
                    """)
        }
        let whole = "\(path)/\(name)-\(Self.stamp(time))\(Self.ending)"
        let draft = "\(path)/\(name)-\(Self.stamp(time))\(Self.unfinished)"
        try create(draft)
        do throws(CoreDumpFailure) {
            try write(draft)
            try sync(draft, O_RDONLY)
            guard rename(draft, whole) == 0 else { throw CoreDumpFailure("rename \(draft)", errno) }
        } catch {
            unlink(draft)
            throw error
        }
        try sync(path, O_RDONLY | O_DIRECTORY)
        return whole
    }

    /// What an agent left that was ended while it dumped.
    private func removeUnfinished(of name: String) {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let file = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // The whole name but its date must be this one: `web` is not `web-1`.
            let isOurs = file.hasPrefix(name + "-") && file.hasSuffix(Self.unfinished)
            if isOurs, file.utf8.count == name.utf8.count + 1 + Self.stamp(0).utf8.count + Self.unfinished.utf8.count {
                unlink("\(path)/\(file)")
            }
        }
    }

    private func create(_ file: String) throws(CoreDumpFailure) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CoreDumpFailure("make \(file)", errno) }
        close(descriptor)
    }

    private func sync(_ file: String, _ flags: Int32) throws(CoreDumpFailure) {
        let descriptor = open(file, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw CoreDumpFailure("open \(file)", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw CoreDumpFailure("sync \(file)", errno) }
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

    /// What statvfs(3) says.
    package static let freeBytes: @Sendable (String) -> UInt64? = { path in
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

/// Why memory could not be dumped.
package struct CoreDumpFailure: Error, Hashable, Sendable {
    /// The middle of a sentence.
    package let reason: String

    package init(reason: String) { self.reason = reason }

    init(_ action: String, _ code: Int32) { reason = "the system refused to \(action): \(String(cString: strerror(code)))" }
}
