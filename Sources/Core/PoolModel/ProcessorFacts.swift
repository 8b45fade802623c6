/// The CPUs of a server: what they are, how they lie, and what decides whether a running virtual machine could move to others.
package struct ProcessorFacts: Hashable, Sendable {
    /// Who made them, such as `GenuineIntel`; printable ASCII, empty where nothing is told.
    package let vendor: String
    /// Such as `Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz`; printable ASCII, empty where nothing is told.
    package let model: String
    package let sockets: Int
    package let coresPerSocket: Int
    package let threadsPerCore: Int
    /// NUMA nodes.
    package let nodes: Int
    package let features: ProcessorFeatures
    /// The types of domain whose changed memory Xen can log (log-dirty) while they run, in the order of their declaration: without that a
    /// domain cannot leave its server running.
    package let liveDomainTypes: [DomainType]

    /// Bytes of a vendor's name.
    package static let vendorBytes = 64
    /// Bytes of a model's name; CPUID has 48.
    package static let modelBytes = 128
    /// How many sockets, cores, threads or nodes there can be.
    package static let counts = 1...65_536

    /// Nil where something is out of bounds, or a text is anything but printable ASCII.
    package init?(
        vendor: String, model: String, sockets: Int, coresPerSocket: Int, threadsPerCore: Int, nodes: Int, features: ProcessorFeatures,
        liveDomainTypes: [DomainType]
    ) {
        guard [sockets, coresPerSocket, threadsPerCore, nodes].allSatisfy(Self.counts.contains),
            Self.isPrintable(vendor, within: Self.vendorBytes), Self.isPrintable(model, within: Self.modelBytes)
        else { return nil }
        self.vendor = vendor
        self.model = model
        self.sockets = sockets
        self.coresPerSocket = coresPerSocket
        self.threadsPerCore = threadsPerCore
        self.nodes = nodes
        self.features = features
        self.liveDomainTypes = DomainType.allCases.filter { liveDomainTypes.contains($0) }
    }

    /// What firmware or a kernel calls a CPU, as it may be kept: printable ASCII, words one space apart, cut to `bytes`.
    package static func cleaned(_ text: some StringProtocol, bytes: Int) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            guard byte > UInt8(ascii: " "), byte < 127 else {
                if let last = result.last, last != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
                continue
            }
            result.append(byte)
        }
        result = Array(result.prefix(bytes))
        while result.last == UInt8(ascii: " ") { result.removeLast() }
        return String(decoding: result, as: UTF8.self)
    }

    /// The domain types that can leave a server running: Xen logs the changes of a paravirtualized domain by shadow page tables, those of
    /// the others by these or by hardware assisted paging (`cap_shadow`, `cap_hap` of `xl info`).
    package static func liveDomainTypes(of types: [DomainType], hasShadow: Bool, hasHardwarePaging: Bool) -> [DomainType] {
        types.filter { type in
            switch type {
            case .pv: hasShadow
            case .pvh, .hvm: hasShadow || hasHardwarePaging
            }
        }
    }

    /// What keeps a virtual machine that was started on these CPUs from moving live to `other`; nil where nothing is known to.
    package func gap(to other: ProcessorFacts) -> ProcessorGap? {
        let isOfOtherVendor = !vendor.isEmpty && !other.vendor.isEmpty && vendor != other.vendor
        let gap = ProcessorGap(features: features.lacking(in: other.features), vendor: isOfOtherVendor ? other.vendor : nil)
        return gap.features.isEmpty && gap.vendor == nil ? nil : gap
    }

    /// At most how many bytes it takes on a disk and on the wire.
    package var listedBytes: Int {
        let fixed = 64
        return fixed + vendor.utf8.count + model.utf8.count + features.words.count * 5 + liveDomainTypes.count * 5
    }

    private static func isPrintable(_ text: String, within bytes: Int) -> Bool {
        text.utf8.count <= bytes && text.utf8.allSatisfy { $0 >= UInt8(ascii: " ") && $0 < 127 }
    }
}

/// What other CPUs have that one server's lack.
package struct ProcessorGap: Hashable, Sendable {
    /// Names of the features that are missing there, in Xen's order.
    package let features: [String]
    /// Who made the CPUs there, where that is somebody else.
    package let vendor: String?

    package init(features: [String], vendor: String?) {
        self.features = features
        self.vendor = vendor
    }
}
