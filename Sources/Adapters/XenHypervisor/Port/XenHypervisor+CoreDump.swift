import CXenLight
import Glibc
import PoolModel

extension XenHypervisor {
    /// Dumps the memory of an ended domain to a file, once: a domain whose dump is whole bears the file's path in xenstore.
    ///
    /// - Returns: the file's path.
    func dumpCore(of domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) -> String {
        let store = try XenStore(library)
        let node = "/local/domain/\(domain)/\(OwnershipRecord.dumpNode)"
        if let bytes = store.bytes(node, longest: Int(PATH_MAX)), let permissions = store.permissions(node),
            OwnershipRecord.isOurs(permissions), let path = String(validating: bytes, as: UTF8.self), access(path, F_OK) == 0
        {
            return path
        }
        let memory = try endedMemory(of: domain, what, context)
        var failure: XenFailure?
        let path: String
        do throws(FileFailure) {
            path = try CoreDumpFolder(dumpFolder).dump(name: name(of: domain, store), bytes: memory, time: time(nil)) {
                (file) throws(FileFailure) in
                do throws(XenFailure) {
                    // libxl writes into the file that is there, and so keeps its mode.
                    try context.require(library.libxl.libxl_domain_core_dump(context.handle, domain, file, nil), what)
                    // Of a domain that was destroyed meanwhile it leaves out the rest, and says nothing.
                    _ = try endedMemory(of: domain, what, context)
                } catch {
                    failure = error
                    throw FileFailure(reason: "")
                }
            }
        } catch {
            throw failure ?? XenFailure(what, reason: error.reason)
        }
        try store.write(path, to: node)
        return path
    }

    /// The memory of a domain whose guest has ended and that is not being taken down, in bytes.
    private func endedMemory(of domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) -> UInt64 {
        var info = libxl_dominfo()
        try context.require(library.libxl.libxl_domain_info(context.handle, &info, domain), what)
        defer { library.libxl.libxl_dominfo_dispose(&info) }
        guard info.shutdown, !info.dying else { throw XenFailure(what, reason: "its guest has not ended, or it is being taken down") }
        return info.current_memkb * 1_024
    }

    private func name(of domain: UInt32, _ store: XenStore) -> String {
        let bytes = store.bytes("/local/domain/\(domain)/name", longest: 255) ?? []
        return String(validating: bytes, as: UTF8.self) ?? "domain-\(domain)"
    }
}
