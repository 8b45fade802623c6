internal import Glibc

/// Files that must survive a crash whole, and must not be read by others.
package enum SecretFile {
    private static let secretMode: mode_t = 0o600
    private static let publicMode: mode_t = 0o644

    /// Writes a private file of mode 0600: either all of `bytes` are on the disk under `path` afterwards, or what was there before.
    package static func write(_ bytes: [UInt8], to path: String) throws(CertificateError) {
        try replace(path, with: bytes, mode: secretMode)
    }

    /// The same for a file that everybody may read, such as a certificate; mode 0644.
    package static func writePublic(_ bytes: [UInt8], to path: String) throws(CertificateError) {
        try replace(path, with: bytes, mode: publicMode)
    }

    /// Reads a private file, and refuses one that others can read or that another user owns.
    ///
    /// - Parameter limit: the most bytes it may have.
    /// - Throws: ``CertificateError/keyFileUnsafe(path:reason:)``, ``CertificateError/fileFailed(path:operation:errno:)``,
    ///   ``CertificateError/malformed(what:queue:)`` where it is too large.
    package static func read(_ path: String, limit: Int) throws(CertificateError) -> [UInt8] {
        try readFile(path, limit: limit, isSecret: true)
    }

    /// Reads a file that may be public.
    package static func readPublic(_ path: String, limit: Int) throws(CertificateError) -> [UInt8] {
        try readFile(path, limit: limit, isSecret: false)
    }

    private static func readFile(_ path: String, limit: Int, isSecret: Bool) throws(CertificateError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .fileFailed(path: path, operation: "open", errno: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .fileFailed(path: path, operation: "fstat", errno: errno) }
        // The open file is judged, not its path: what lies under the path could change between the two.
        guard status.st_mode & S_IFMT == S_IFREG else { throw .fileFailed(path: path, operation: "open", errno: EINVAL) }
        if isSecret { try checkSecret(status, path: path) }
        guard Int(status.st_size) <= limit else { throw .malformed(what: "file \(path)", queue: []) }
        return try readAll(file, path: path, limit: limit)
    }

    private static func checkSecret(_ status: stat, path: String) throws(CertificateError) {
        let mode = status.st_mode & 0o7777
        guard status.st_uid == geteuid() else {
            throw .keyFileUnsafe(path: path, reason: "belongs to user \(status.st_uid), not to user \(geteuid()) who runs this program")
        }
        guard mode & ~secretMode == 0 else {
            throw .keyFileUnsafe(path: path, reason: "has mode 0\(String(mode, radix: 8)) where 0600 is the most allowed")
        }
    }

    private static func readAll(_ file: Int32, path: String, limit: Int) throws(CertificateError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .fileFailed(path: path, operation: "read", errno: errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw .malformed(what: "file \(path)", queue: []) }
        }
    }

    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(CertificateError) {
        let separator = path.lastIndex(of: "/")
        let folder = separator.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let temporary = path + ".new-" + Hexadecimal.encode(Cryptography.randomBytes(8))
        do throws(CertificateError) {
            try writeNew(temporary, bytes, mode: mode)
            guard rename(temporary, path) == 0 else { throw .fileFailed(path: path, operation: "rename", errno: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronise(folder)
    }

    private static func writeNew(_ path: String, _ bytes: [UInt8], mode: mode_t) throws(CertificateError) {
        // Born private, so that there is no instant in which others can open it.
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, secretMode)
        guard file >= 0 else { throw .fileFailed(path: path, operation: "open", errno: errno) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .fileFailed(path: path, operation: "write", errno: errno) }
            written += count
        }
        guard fchmod(file, mode) == 0 else { throw .fileFailed(path: path, operation: "fchmod", errno: errno) }
        guard fsync(file) == 0 else { throw .fileFailed(path: path, operation: "fsync", errno: errno) }
    }

    /// Makes the new name in `folder` durable; without it a power cut may bring the old file back.
    private static func synchronise(_ folder: String) throws(CertificateError) {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw .fileFailed(path: folder, operation: "open", errno: errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw .fileFailed(path: folder, operation: "fsync", errno: errno) }
    }
}

extension PrivateKey {
    /// Reads a key from a PEM file of mode 0600, or stricter, that belongs to the user who runs this program.
    package convenience init(file path: String) throws(CertificateError) {
        try self.init(pem: SecretFile.read(path, limit: Self.byteLimit))
    }

    /// Writes the key as a PEM file of mode 0600, durably and in one step.
    package func write(to path: String) throws(CertificateError) {
        try SecretFile.write(pem, to: path)
    }
}

extension Certificate {
    /// Reads the first certificate of a PEM file.
    package convenience init(file path: String) throws(CertificateError) {
        try self.init(pem: SecretFile.readPublic(path, limit: Self.byteLimit * Self.countLimit))
    }

    /// Writes the certificate as a PEM file of mode 0644, durably and in one step.
    package func write(to path: String) throws(CertificateError) {
        try SecretFile.writePublic(pem, to: path)
    }
}
