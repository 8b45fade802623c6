package import AgentCore
import CXenLight
import Glibc
import PoolModel

/// A plan written into libxl's own structure, whose memory it owns: strings from strdup, arrays from calloc, freed by libxl's dispose.
package final class LibxlDomainConfiguration {
    let library: XenLibrary
    let pointer: UnsafeMutablePointer<libxl_domain_config>

    /// Writes a plan. Needs no context, so it works without Xen.
    ///
    /// - Parameters:
    ///   - ownership: written beside the domain; nil leaves the domain without.
    ///   - topology: the server's CPUs, of which affinities choose.
    /// - Throws: what this server or libxl does not take.
    package init(
        _ plan: XenDomainPlan, ownership: DomainOwnership?, topology: XenTopology, library: XenLibrary
    ) throws(XenRefusal) {
        self.library = library
        pointer = .allocate(capacity: 1)
        library.libxl.libxl_domain_config_init(pointer)
        writeIdentity(plan, ownership)
        writeMemory(plan.memory)
        try writeProcessors(plan.processors, topology)
        writeBoot(plan.boot)
        try writePlatform(plan.platform)
        if let hardware = plan.hardware { writeHardware(hardware) }
        writeDisks(plan.disks)
        writeInterfaces(plan.interfaces)
        writeDisplays(plan.displays)
        keepEndedDomains()
    }

    deinit {
        library.libxl.libxl_domain_config_dispose(pointer)
        pointer.deallocate()
    }

    /// The structure as libxl prints it; nil where it cannot. It holds passwords: for tests, never for a log.
    package var json: String? {
        guard let text = library.libxl.libxl_domain_config_to_json(nil, pointer) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }

    private func writeIdentity(_ plan: XenDomainPlan, _ ownership: DomainOwnership?) {
        let type: libxl_domain_type =
            switch plan.domainType {
            case .pv: LIBXL_DOMAIN_TYPE_PV
            case .pvh: LIBXL_DOMAIN_TYPE_PVH
            case .hvm: LIBXL_DOMAIN_TYPE_HVM
            }
        pointer.pointee.c_info.type = type
        pointer.pointee.c_info.name = XenMemory.copy(plan.name)
        pointer.pointee.c_info.pool_name = XenMemory.copy(plan.processors.pool)
        withUnsafeMutableBytes(of: &pointer.pointee.c_info.uuid) { bytes in
            bytes.storeBytes(of: plan.uuid.high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: plan.uuid.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        if let ownership {
            pointer.pointee.c_info.xsdata = XenMemory.copy([
                OwnershipRecord.node, OwnershipRecord.text(of: ownership),
                OwnershipRecord.memoryNode, String(plan.memory.target.count),
            ])
        }
        set(\.c_info.run_hotplug_scripts, true)
        set(\.c_info.hap, plan.platform.hap)
        // The union of the build information has the type's member from here on.
        library.libxl.libxl_domain_build_info_init_type(&pointer.pointee.b_info, type)
    }

    private func writeMemory(_ memory: MemoryPlan) {
        pointer.pointee.b_info.target_memkb = UInt64(memory.target.count) * 1_024
        pointer.pointee.b_info.max_memkb = UInt64(memory.maximum.count) * 1_024
        if let shadow = memory.shadow { pointer.pointee.b_info.shadow_memkb = UInt64(shadow.count) * 1_024 }
        if let video = memory.video { pointer.pointee.b_info.video_memkb = UInt64(video.count) * 1_024 }
    }

    private func writeBoot(_ boot: BootPlan) {
        pointer.pointee.b_info.kernel = XenMemory.copy(boot.kernel)
        pointer.pointee.b_info.ramdisk = XenMemory.copy(boot.ramdisk)
        pointer.pointee.b_info.cmdline = XenMemory.copy(boot.commandLine)
        pointer.pointee.b_info.bootloader = XenMemory.copy(boot.bootloader)
        pointer.pointee.b_info.bootloader_args = XenMemory.copy(boot.bootloaderArguments)
    }

    /// libxl only remembers these; whoever watches a domain acts on them. Should that ever be xl, it leaves the domain to the agent.
    private func keepEndedDomains() {
        pointer.pointee.on_poweroff = LIBXL_ACTION_ON_SHUTDOWN_PRESERVE
        pointer.pointee.on_reboot = LIBXL_ACTION_ON_SHUTDOWN_PRESERVE
        pointer.pointee.on_watchdog = LIBXL_ACTION_ON_SHUTDOWN_PRESERVE
        pointer.pointee.on_crash = LIBXL_ACTION_ON_SHUTDOWN_PRESERVE
        pointer.pointee.on_soft_reset = LIBXL_ACTION_ON_SHUTDOWN_PRESERVE
    }

    /// Sets a choice; nil leaves libxl's default.
    func set(_ field: WritableKeyPath<libxl_domain_config, libxl_defbool>, _ value: Bool?) {
        guard let value else { return }
        library.libxl.libxl_defbool_set(&pointer.pointee[keyPath: field], value)
    }
}

/// Memory that libxl frees.
enum XenMemory {
    /// A copy of a string; null for nil.
    static func copy(_ text: String?) -> UnsafeMutablePointer<CChar>? {
        guard let text else { return nil }
        guard let copy = strdup(text) else { preconditionFailure("no memory for a string of \(text.utf8.count) bytes") }
        return copy
    }

    /// A null-terminated list of copies, as `libxl_string_list` and `libxl_key_value_list` are; null for none.
    static func copy(_ texts: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        guard !texts.isEmpty else { return nil }
        let list = array(of: UnsafeMutablePointer<CChar>?.self, count: texts.count + 1)
        for (index, text) in texts.enumerated() { list[index] = copy(text) }
        return list
    }

    /// Zeroed memory for `count` elements, which must be one or more.
    static func array<Element>(of: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        guard let memory = calloc(count, MemoryLayout<Element>.stride) else { preconditionFailure("no memory for \(count) elements") }
        return memory.bindMemory(to: Element.self, capacity: count)
    }

    /// A bitmap with some bits set; every bit must be below `size`.
    static func bitmap(_ bits: [Int], size: Int) -> libxl_bitmap {
        let bytes = max(1, (size + 7) / 8)
        let map = array(of: UInt8.self, count: bytes)
        for bit in bits { map[bit / 8] |= 1 << UInt8(bit % 8) }
        return libxl_bitmap(size: UInt32(bytes), map: map)
    }
}
