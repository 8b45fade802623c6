import CXenLight

/// The names of Xen's libraries, exactly those that the headers belong to: libxl's structures change between versions.
package struct XenLibraryNames: Sendable {
    package var libxl = "libxenlight.so.4.17"
    package var store = "libxenstore.so.4"

    package init() {}

    package init(libxl: String, store: String) {
        self.libxl = libxl
        self.store = store
    }
}

/// Xen's libraries, loaded for good.
///
/// Tables of functions that never change once they are filled: any thread may call through them. After a change of the lists in shim.h the
/// whole room must be compiled anew, which an incremental build does not see.
package final class XenLibrary: @unchecked Sendable {
    let libxl: ovm_libxl_table
    let store: ovm_xenstore_table

    /// Whether what libxl starts inherits nothing of this process: neither its files and sockets nor its threads' blocked signals.
    ///
    /// A device model lives for as long as its guest does. With the sockets that SwiftNIO leaves open at an exec it would hold the agent's ports
    /// when the agent is long dead, and its connections when they are closed here; and a guest that broke into it would have them. With
    /// the signal blocked by which libxl ends it, it would go on when its domain is destroyed, and hold a part of its memory.
    package static let isPreparingChildren = ovm_prepare_children()

    /// Loads the libraries.
    ///
    /// - Throws: `.libraryMissing` where one cannot be opened, `.functionMissing` where it lacks a function of the headers,
    ///   `.kernelTooOld` where what libxl starts would inherit from this process.
    package init(_ names: XenLibraryNames = XenLibraryNames()) throws(XenUnavailable) {
        guard Self.isPreparingChildren else { throw .kernelTooOld }
        let light = try Self.open(names.libxl)
        let shop = try Self.open(names.store)
        var missing: UnsafePointer<CChar>?
        let table = UnsafeMutablePointer<ovm_libxl_table>.allocate(capacity: 1)
        defer { table.deallocate() }
        guard ovm_load_libxl(light, table, &missing) else { throw Self.missing(missing, in: names.libxl) }
        let shopTable = UnsafeMutablePointer<ovm_xenstore_table>.allocate(capacity: 1)
        defer { shopTable.deallocate() }
        guard ovm_load_xenstore(shop, shopTable, &missing) else { throw Self.missing(missing, in: names.store) }
        libxl = table.pointee
        store = shopTable.pointee
    }

    private static func open(_ name: String) throws(XenUnavailable) -> UnsafeMutableRawPointer {
        guard let library = ovm_open_library(name) else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason was given"
            throw .libraryMissing(name: name, reason: String(reason.prefix(200)))
        }
        return library
    }

    private static func missing(_ function: UnsafePointer<CChar>?, in library: String) -> XenUnavailable {
        .functionMissing(library: library, function: function.map { String(cString: $0) } ?? "a function")
    }
}
