import Foundation
import Glibc

/// A file system of 4 MiB in memory, unmounted with the object. Needs root.
final class SmallFileSystem {
    static let canMount: Bool = (try? SmallFileSystem()) != nil

    let folder: TemporaryFolder
    private var disk: String { folder.path + "/disk" }

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        guard mount("tmpfs", disk, "tmpfs", 0, "size=4m,mode=0700") == 0 else { throw POSIXError(.EPERM) }
    }

    deinit { umount2(disk, Int32(MNT_DETACH)) }

    /// Copies the database to where there is space.
    func moveAway(_ path: String) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: copy.database + suffix) }
        return copy
    }
}
