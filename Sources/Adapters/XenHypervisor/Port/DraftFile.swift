import Glibc

/// A file that bears its name only while it is whole and on the disk; until then it is a draft, which only its owner reads.
package struct DraftFile: Hashable, Sendable {
    let path: String
    let draft: String

    private var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// Has `body` fill the draft, and gives it its name once it is on the disk; what fails leaves nothing.
    ///
    /// - Parameter body: is given the draft's descriptor; it may also open the draft by its path, and then writes into the file that is there.
    func write(_ body: (Int32) throws(FileFailure) -> Void) throws(FileFailure) {
        unlink(draft)
        let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure("make \(draft)", errno) }
        defer { close(descriptor) }
        do throws(FileFailure) {
            try body(descriptor)
            guard fsync(descriptor) == 0 else { throw FileFailure("sync \(draft)", errno) }
            guard rename(draft, path) == 0 else { throw FileFailure("rename \(draft)", errno) }
            try syncFolder()
        } catch {
            unlink(draft)
            unlink(path)
            throw error
        }
    }

    /// Removes file and draft, durably; there may be none.
    func remove() throws(FileFailure) {
        for file in [path, draft] {
            guard unlink(file) == 0 || errno == ENOENT else { throw FileFailure("remove \(file)", errno) }
        }
        guard access(folder, F_OK) == 0 else { return }
        try syncFolder()
    }

    private func syncFolder() throws(FileFailure) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open \(folder)", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure("sync \(folder)", errno) }
    }

    /// Bytes that are free to be written below a folder, as statvfs(3) says; nil where nobody says.
    package static let freeBytes: @Sendable (String) -> UInt64? = { path in
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// The names in a folder; none where it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}

/// Why a file of a guest's memory could not be written or removed.
package struct FileFailure: Error, Hashable, Sendable {
    /// The middle of a sentence.
    package let reason: String

    package init(reason: String) { self.reason = reason }

    init(_ action: String, _ code: Int32) { reason = "the system refused to \(action): \(String(cString: strerror(code)))" }
}
