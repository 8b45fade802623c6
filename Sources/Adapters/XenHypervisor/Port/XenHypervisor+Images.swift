import AgentCore
import CXenLight
import Glibc
import Logging
import PoolModel
import Synchronization

extension XenHypervisor {
    /// The image that a domain was built from and has not used up, or that its memory is written to; nil where there is none.
    func imagePath(of domain: UInt32, _ store: XenStore) -> String? {
        let node = "/local/domain/\(domain)/\(OwnershipRecord.imageNode)"
        guard let bytes = store.bytes(node, longest: Int(PATH_MAX)), let permissions = store.permissions(node),
            OwnershipRecord.isOurs(permissions)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Suspends a guest and writes its memory to an image; where that fails it is let go on.
    func suspend(_ domain: UInt32, to image: DomainImage, _ what: String, _ context: XenContext) throws(XenFailure) {
        let file = ImageFile(image, own: imageFolder)
        let store = try XenStore(library)
        if try isSuspended(domain, what, context) {
            guard !isSent(domain, store) else { throw XenFailure(what, reason: "it is suspended to be moved") }
            // Of an agent that ended meanwhile: the file has its name only if it is whole.
            if imagePath(of: domain, store) == file.path, file.isWhole { return }
            try unsuspend(domain, what, context)
            throw XenFailure(what, reason: "it was cut short by the end of an agent, and its guest goes on")
        }
        store.remove("/local/domain/\(domain)/\(OwnershipRecord.sendNode)")
        let bytes = try memory(of: domain, what, context)
        try store.write(file.path, to: "/local/domain/\(domain)/\(OwnershipRecord.imageNode)")
        var failure: XenFailure?
        do throws(FileFailure) {
            try file.write(bytes: bytes) { (descriptor) throws(FileFailure) in
                do throws(XenFailure) {
                    try context.require(library.libxl.libxl_domain_suspend(context.handle, domain, descriptor, 0, nil), what)
                } catch {
                    failure = error
                    throw FileFailure(reason: "")
                }
            }
        } catch {
            let first = failure ?? XenFailure(what, reason: error.reason)
            try letGoOn(domain, what, context)
            throw first
        }
    }

    /// Removes a suspended domain's image, then lets its guest go on.
    func unsuspend(_ domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) {
        if let path = imagePath(of: domain, try XenStore(library)) { try remove(path, what) }
        try letGoOn(domain, what, context)
    }

    /// As `xl save` does after a failure: a guest that was suspended goes on, and one that runs takes no notice.
    private func letGoOn(_ domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) {
        if try isSuspended(domain, what, context) {
            try context.require(library.libxl.libxl_domain_resume(context.handle, domain, 1, nil), what)
        }
        let store = try XenStore(library)
        for node in [OwnershipRecord.imageNode, OwnershipRecord.sendNode] { store.remove("/local/domain/\(domain)/\(node)") }
    }

    /// Builds a domain from an image, and leaves it paused; the image stays until it is let run.
    func restore(
        _ image: DomainImage, _ configuration: LibxlDomainConfiguration, _ domain: inout UInt32, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        let file = ImageFile(image, own: imageFolder)
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            let cause = errno == ENOENT ? "its guest went on from it before, or it was removed" : String(cString: strerror(errno))
            throw XenFailure(what, reason: "the image \(file.path) is not there (\(cause)): throw its memory away with a forced stop")
        }
        defer { close(descriptor) }
        try restore(from: descriptor, configuration, &domain, what, context)
        // Before the mark that lets it run: what runs without this node would leave its image behind.
        try XenStore(library).write(file.path, to: "/local/domain/\(domain)/\(OwnershipRecord.imageNode)")
    }

    /// Builds a domain of what a descriptor brings, and leaves it paused.
    func restore(
        from descriptor: Int32, _ configuration: LibxlDomainConfiguration, _ domain: inout UInt32, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        var parameters = libxl_domain_restore_params()
        library.libxl.libxl_domain_restore_params_init(&parameters)
        defer { library.libxl.libxl_domain_restore_params_dispose(&parameters) }
        parameters.stream_version = 2
        try context.require(
            library.libxl.libxl_domain_create_restore(
                context.handle, configuration.pointer, &domain, descriptor, -1, &parameters, nil, nil), what)
    }

    /// Removes, durably, the image that a domain was built from: from here on nobody else can go on from it.
    func consumeImage(of domain: UInt32, _ what: String) throws(XenFailure) {
        let store = try XenStore(library)
        guard let path = imagePath(of: domain, store) else { return }
        guard access(path, F_OK) == 0 else {
            throw XenFailure(what, reason: "the image \(path) that it was built from is not there any more")
        }
        try remove(path, what)
        store.remove("/local/domain/\(domain)/\(OwnershipRecord.imageNode)")
    }

    /// Removes the images of a machine that no placement can go on from any more, of those that this server reaches: what is left of resumes
    /// whose server died, and of what was thrown away while its server was not heard.
    func removeOutdatedImages(_ specification: DomainSpecification) {
        let stem = DomainImage.stem(of: specification.ownership.machine, named: specification.name)
        let roots = memory.withLock { $0.storageRoots }.filter(\.isShared).map(\.path)
        for root in [nil] + roots {
            let any = DomainImage(root: root, pool: specification.ownership.pool, stem: stem, epoch: .none)
            for file in ImageFile.all(in: any.folder(own: imageFolder), stem: stem) where specification.outdates(file.epoch) {
                do throws(FileFailure) { try file.image.remove() } catch {
                    log.warning("the image \(file.image.path) is of no use any more, and stays: \(error.reason)")
                }
            }
        }
    }

    func remove(_ image: DomainImage, _ what: String) throws(XenFailure) { try remove(ImageFile(image, own: imageFolder).path, what) }

    private func remove(_ path: String, _ what: String) throws(XenFailure) {
        do throws(FileFailure) { try ImageFile(path: path).remove() } catch { throw XenFailure(what, reason: error.reason) }
    }

    func isSuspended(_ domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) -> Bool {
        let info = try information(on: domain, what, context)
        return info.shutdown && !info.dying && info.shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND
    }

    private func memory(of domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) -> UInt64 {
        try information(on: domain, what, context).current_memkb * 1_024
    }

    /// What holds memory of its own in it is not looked at.
    private func information(on domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) -> libxl_dominfo {
        var info = libxl_dominfo()
        // Disposing of it wipes it all, so that what is read must be a copy.
        defer { library.libxl.libxl_dominfo_dispose(&info) }
        try context.require(library.libxl.libxl_domain_info(context.handle, &info, domain), what)
        return info
    }
}
