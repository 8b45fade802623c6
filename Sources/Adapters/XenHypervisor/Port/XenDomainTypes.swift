import Glibc
package import PoolModel

/// Which types of domain this server can run.
package enum XenDomainTypes {
    /// The device model that Debian's libxl starts for an HVM domain: package qemu-system-xen. libxl has the path built in.
    package static let deviceModel = "/usr/libexec/xen-qemu-system-i386"

    /// - Parameters:
    ///   - pv: Xen can run PV domains (`cap_pv`).
    ///   - hvm: Xen can run domains on the CPU's virtualization (`cap_hvm`): PVH, and HVM where there is a device model as well.
    package static func offered(pv: Bool, hvm: Bool, hasDeviceModel: Bool) -> [DomainType] {
        (pv ? [.pv] : []) + (hvm ? [.pvh] : []) + (hvm && hasDeviceModel ? [.hvm] : [])
    }

    /// Looks at the disk: packages come and go while the agent runs.
    static var hasDeviceModel: Bool { access(deviceModel, X_OK) == 0 }
}
