package import AgentCore
import Glibc
package import PoolModel

/// The file of a suspended guest's memory: it bears its name only while it is whole and durable.
package struct ImageFile: Hashable, Sendable {
    /// Beside what `xl save` is usually told to write to.
    package static let standardFolder = "/var/lib/xen/save/ovm"
    /// What an image must leave free, in bytes: guests' disks lie on the same storage.
    private static let reserve: UInt64 = 256 << 20

    package let path: String
    private var file: DraftFile { DraftFile(path: path, draft: path + ".unfinished") }
    private var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    package init(_ image: DomainImage, own: String) { path = image.path(own: own) }

    init(path: String) { self.path = path }

    /// The images of a machine in a folder, by their epochs.
    package static func all(in folder: String, stem: String) -> [(epoch: PlacementEpoch, image: ImageFile)] {
        var found: [(epoch: PlacementEpoch, image: ImageFile)] = []
        for name in DraftFile.names(in: folder) {
            let whole = name.hasSuffix(".unfinished") ? name.dropLast(".unfinished".count) : name[...]
            guard let epoch = DomainImage.epoch(ofFile: whole, stem: stem) else { continue }
            found.append((epoch, ImageFile(path: "\(folder)/\(whole)")))
        }
        return found.sorted { $0.epoch < $1.epoch }
    }

    var isWhole: Bool { access(path, F_OK) == 0 }

    /// Has `body` write the memory, and gives the file its name once it is on the disk; what fails leaves nothing.
    ///
    /// - Parameter bytes: about how many will be written.
    package func write(bytes: UInt64, _ body: (Int32) throws(FileFailure) -> Void) throws(FileFailure) {
        try makeFolder()
        let needed = bytes + bytes / 64
        if let free = DraftFile.freeBytes(folder), free < needed + Self.reserve {
            throw FileFailure(
                reason:
                    "\(folder) has \(free >> 20) MiB free, and the image needs \(needed >> 20) MiB and \(Self.reserve >> 20) MiB to be left"
            )
        }
        try file.write(body)
    }

    /// Removes it, durably; there may be none.
    package func remove() throws(FileFailure) { try file.remove() }

    private func makeFolder() throws(FileFailure) {
        let parts = folder.split(separator: "/")
        for count in parts.indices.map({ $0 + 1 }) {
            let path = "/" + parts.prefix(count).joined(separator: "/")
            guard mkdir(path, 0o700) == 0 || errno == EEXIST || access(path, F_OK) == 0 else {
                throw FileFailure("make \(path)", errno)
            }
        }
    }
}
