import CXenLight
package import PoolModel
package import ServerEnvironment

/// What Xen tells of the CPUs (`libxl_physinfo`, `xl info`).
package struct XenProcessorReading: Hashable, Sendable {
    package var processors: UInt32
    package var coresPerSocket: UInt32
    package var threadsPerCore: UInt32
    package var nodes: UInt32
    /// `hw_caps`.
    package var features: [UInt32]
    /// `cap_shadow`: shadow page tables.
    package var hasShadow: Bool
    /// `cap_hap`: hardware assisted paging.
    package var hasHardwarePaging: Bool

    package init(
        processors: UInt32, coresPerSocket: UInt32, threadsPerCore: UInt32, nodes: UInt32, features: [UInt32], hasShadow: Bool,
        hasHardwarePaging: Bool
    ) {
        self.processors = processors
        self.coresPerSocket = coresPerSocket
        self.threadsPerCore = threadsPerCore
        self.nodes = nodes
        self.features = features
        self.hasShadow = hasShadow
        self.hasHardwarePaging = hasHardwarePaging
    }

    init(_ info: libxl_physinfo) {
        self.init(
            processors: info.nr_cpus, coresPerSocket: info.cores_per_socket, threadsPerCore: info.threads_per_core, nodes: info.nr_nodes,
            features: withUnsafeBytes(of: info.hw_cap) { Array($0.bindMemory(to: UInt32.self)) }, hasShadow: info.cap_shadow,
            hasHardwarePaging: info.cap_hap)
    }

    /// The facts that the pool keeps; nil where Xen's figures make no sense.
    ///
    /// Xen does not count sockets: they are the CPUs over those of one, rounded up, since some may be off line.
    package func facts(_ linux: LinuxProcessor, _ types: [DomainType]) -> ProcessorFacts? {
        let perSocket = max(1, Int(clamping: coresPerSocket)) * max(1, Int(clamping: threadsPerCore))
        guard let features = ProcessorFeatures(words: features) else { return nil }
        return ProcessorFacts(
            vendor: linux.vendor, model: linux.model, sockets: max(1, (Int(clamping: processors) + perSocket - 1) / perSocket),
            coresPerSocket: max(1, Int(clamping: coresPerSocket)), threadsPerCore: max(1, Int(clamping: threadsPerCore)),
            nodes: max(1, Int(clamping: nodes)), features: features,
            liveDomainTypes: ProcessorFacts.liveDomainTypes(of: types, hasShadow: hasShadow, hasHardwarePaging: hasHardwarePaging))
    }

    /// Asks Xen, for a server that has no agent yet. It blocks for as long as that takes.
    ///
    /// - Returns: nil where it does not answer: nothing is lost but a comparison.
    package static func read() -> ProcessorFacts? {
        do {
            let context = try XenContext(XenPresence.open())
            let info = try context.physicalInfo()
            return XenProcessorReading(info).facts(LinuxProcessor(), info.domainTypes)
        } catch {
            return nil
        }
    }
}

extension XenContext {
    func physicalInfo() throws(XenFailure) -> libxl_physinfo {
        var info = libxl_physinfo()
        library.libxl.libxl_physinfo_init(&info)
        // It holds no memory of its own, so it may be copied and forgotten.
        defer { library.libxl.libxl_physinfo_dispose(&info) }
        try require(library.libxl.libxl_get_physinfo(handle, &info), "tell its memory")
        return info
    }
}

extension libxl_physinfo {
    /// The domain types that this server can run.
    var domainTypes: [DomainType] {
        XenDomainTypes.offered(pv: cap_pv, hvm: cap_hvm, hasDeviceModel: XenDomainTypes.hasDeviceModel)
    }
}
