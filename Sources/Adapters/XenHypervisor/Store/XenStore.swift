import CXenLight
import Glibc

/// A connection to xenstore, for one call. What it reads may be a guest's, so all of it is bounded and checked.
final class XenStore {
    private let library: XenLibrary
    private let handle: OpaquePointer

    /// Whoever may write a node beside Domain-0 (xenstore_lib.h).
    struct Permission: Hashable {
        let domain: UInt32
        let mayWrite: Bool
    }

    init(_ library: XenLibrary) throws(XenFailure) {
        guard let handle = library.store.xs_open(0) else {
            throw XenFailure("be reached", reason: "xenstored does not answer (\(String(cString: strerror(errno))))")
        }
        self.library = library
        self.handle = handle
    }

    deinit { library.store.xs_close(handle) }

    /// The node's bytes; nil where there is none, or it has more than `longest`.
    func bytes(_ path: String, longest: Int) -> [UInt8]? {
        var length: UInt32 = 0
        guard let data = library.store.xs_read(handle, 0, path, &length) else { return nil }
        defer { free(data) }
        guard Int(length) <= longest else { return nil }
        return Array(UnsafeRawBufferPointer(start: data, count: Int(length)))
    }

    /// The node's number of zero or more in decimal digits; nil where there is none, or it is something else.
    func number(_ path: String) -> Int? {
        guard let bytes = bytes(path, longest: 20) else { return nil }
        return StoreNumber.read(bytes)
    }

    /// Who may do what with a node: the owner first, whose entry counts for all who are not named. Nil where there is no node.
    func permissions(_ path: String) -> [Permission]? {
        var count: UInt32 = 0
        guard let list = library.store.xs_get_permissions(handle, 0, path, &count) else { return nil }
        defer { free(list) }
        return (0..<Int(count)).map { index in
            Permission(domain: list[index].id, mayWrite: list[index].perms & UInt32(XS_PERM_WRITE) != 0)
        }
    }

    /// Removes a node; there may be none.
    func remove(_ path: String) { _ = library.store.xs_rm(handle, 0, path) }

    /// Writes a node; a new one has its parent's permissions.
    func write(_ text: String, to path: String) throws(XenFailure) {
        let bytes = Array(text.utf8)
        guard library.store.xs_write(handle, 0, path, bytes, UInt32(bytes.count)) else {
            throw XenFailure("write \(path) in xenstore", reason: String(cString: strerror(errno)))
        }
    }
}

/// Numbers as xenstore has them.
enum StoreNumber {
    /// One to 18 decimal digits; anything else is nil.
    static func read(_ bytes: [UInt8]) -> Int? {
        guard (1...18).contains(bytes.count), bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
