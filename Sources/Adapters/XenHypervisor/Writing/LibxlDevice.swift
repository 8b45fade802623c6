import CXenLight
import Glibc

/// A disk in libxl's own structure, whose memory it owns.
package final class LibxlDisk {
    private let library: XenLibrary
    let pointer: UnsafeMutablePointer<libxl_device_disk>

    package init(_ plan: DiskPlan, library: XenLibrary) {
        self.library = library
        pointer = .allocate(capacity: 1)
        library.libxl.libxl_device_disk_init(pointer)
        library.write(plan, to: &pointer.pointee)
    }

    deinit {
        library.libxl.libxl_device_disk_dispose(pointer)
        pointer.deallocate()
    }

    /// The structure as libxl prints it; nil where it cannot.
    package var json: String? {
        guard let text = library.libxl.libxl_device_disk_to_json(nil, pointer) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}

/// An interface in libxl's own structure, whose memory it owns.
package final class LibxlInterface {
    private let library: XenLibrary
    let pointer: UnsafeMutablePointer<libxl_device_nic>

    package init(_ plan: InterfacePlan, library: XenLibrary) {
        self.library = library
        pointer = .allocate(capacity: 1)
        library.libxl.libxl_device_nic_init(pointer)
        library.write(plan, to: &pointer.pointee)
    }

    deinit {
        library.libxl.libxl_device_nic_dispose(pointer)
        pointer.deallocate()
    }

    /// The structure as libxl prints it; nil where it cannot.
    package var json: String? {
        guard let text = library.libxl.libxl_device_nic_to_json(nil, pointer) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}
