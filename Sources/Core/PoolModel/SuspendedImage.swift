/// The memory of a virtual machine in a file, from which its guest goes on where it was: once.
package struct SuspendedImage: Hashable, Sendable {
    /// The server that wrote it, and that removes it where it is thrown away.
    package let server: ServerID
    /// The placement that it was written by; with the machine it names the image, for ever.
    package let epoch: PlacementEpoch
    /// The shared storage root that it lies below; nil where it lies on the server's own disk.
    package let root: String?
    package var phase: SuspendedImagePhase

    package init(server: ServerID, epoch: PlacementEpoch, root: String?, phase: SuspendedImagePhase = .writing) {
        self.server = server
        self.epoch = epoch
        self.root = root
        self.phase = phase
    }
}

/// How far an image is. The words are kept in the log.
package enum SuspendedImagePhase: String, Hashable, Sendable, CaseIterable {
    /// Its server has not said yet that it is whole.
    case writing
    /// It can be resumed from.
    case whole
    /// It is never resumed from, and is to be removed.
    case discarded
}
