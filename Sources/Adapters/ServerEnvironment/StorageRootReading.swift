import Glibc
package import PoolModel

/// The folders of this server below which the images of virtual machines lie, and the file systems that they lie on.
package enum StorageRootReading {
    /// Those of a server whose agent.json names none: Oracle VM Server's storage repository, block devices, and Linux's own place.
    package static let standard = ["/OVS", "/dev", "/srv"]

    /// File systems whose files other servers may see.
    private static let shared: Set<Substring> = [
        "nfs", "nfs4", "ocfs2", "gfs2", "ceph", "cifs", "smb3", "gpfs", "lustre", "9p", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.sshfs",
    ]
    /// File systems in memory, such as that of `/dev`: nobody puts an image there.
    private static let memory: Set<Substring> = ["devtmpfs", "tmpfs", "ramfs", "rootfs"]

    /// Those of `paths` that are folders now. It blocks for as long as one of their file systems does not answer.
    ///
    /// - Parameters:
    ///   - former: as read last, of which ``capacity(available:size:former:)`` makes use.
    ///   - mounts: the file with what is mounted (proc(5)).
    package static func read(_ paths: [String], former: [StorageRoot], mounts: String = "/proc/self/mounts") -> [StorageRoot] {
        let table = SystemFile.text(mounts) ?? ""
        return paths.compactMap { path in
            var space = statvfs()
            guard let real = realPath(path), isFolder(real), statvfs(real, &space) == 0 else { return nil }
            let type = fileSystem(of: real, in: table)
            let capacity = capacity(
                available: mebibytes(UInt64(space.f_bavail), of: UInt64(space.f_frsize)),
                size: mebibytes(UInt64(space.f_blocks), of: UInt64(space.f_frsize)), former: former.first { $0.path == path }?.capacity)
            return StorageRoot(
                path: path, isShared: type.map(shared.contains) ?? false, capacity: type.map(memory.contains) == true ? .zero : capacity)
        }
    }

    /// The space that is told: rounded down to a sixteenth of the size, and `former` for as long as that is there and not two such steps
    /// behind. Every change is a write to the pool's log, and a disk that fills up must not be one a second.
    package static func capacity(available: Mebibytes, size: Mebibytes, former: Mebibytes?) -> Mebibytes {
        let step = max(1, size.count / 16)
        if let former, former <= available, available.count < former.count + 2 * step { return former }
        return Mebibytes(available.count / step * step)
    }

    /// The type of the file system that `path` lies on: of the mounts above it the nearest, and of those at one place the last.
    static func fileSystem(of path: String, in mounts: String) -> Substring? {
        var nearest: (point: Substring, type: Substring)?
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3 else { continue }
            let (point, type) = (words[1], words[2])
            let isAbove = point == "/" || path == point || path.hasPrefix("\(point)/")
            if isAbove, point.utf8.count >= nearest?.point.utf8.count ?? 0 { nearest = (point, type) }
        }
        return nearest?.type
    }

    private static func isFolder(_ path: String) -> Bool {
        var kind = stat()
        return stat(path, &kind) == 0 && kind.st_mode & S_IFMT == S_IFDIR
    }

    /// `path` without symbolic links; nil where there is nothing.
    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func mebibytes(_ blocks: UInt64, of unit: UInt64) -> Mebibytes {
        let (high, low) = blocks.multipliedFullWidth(by: unit)
        return Mebibytes(Int(clamping: high == 0 ? low >> 20 : .max))
    }
}
