/// The CPUs of a server.
package struct ProcessorDocument: Codable, Hashable, Sendable {
    /// Such as `GenuineIntel`; empty where nothing is told.
    package var vendor: String
    /// As the CPU calls itself.
    package var model: String
    package var sockets: Int
    package var coresPerSocket: Int
    package var threadsPerCore: Int
    package var numaNodes: Int
    /// The words of Xen's feature set as `xl info` prints hw_caps: eight hexadecimal digits each, colons between; empty where none are
    /// told.
    package var features: String
    /// Of `pv`, `pvh`, `hvm`: those that can leave the server running (log-dirty).
    package var liveDomainTypes: [String]

    package init(
        vendor: String, model: String, sockets: Int, coresPerSocket: Int, threadsPerCore: Int, numaNodes: Int, features: String,
        liveDomainTypes: [String]
    ) {
        self.vendor = vendor
        self.model = model
        self.sockets = sockets
        self.coresPerSocket = coresPerSocket
        self.threadsPerCore = threadsPerCore
        self.numaNodes = numaNodes
        self.features = features
        self.liveDomainTypes = liveDomainTypes
    }
}

/// What the CPUs of another server lack: a virtual machine that was started on this one could not move there live.
package struct ProcessorGapDocument: Codable, Hashable, Sendable {
    /// The other server.
    package var server: String
    /// Names of the features that it lacks, as `xen-cpuid` calls them.
    package var features: [String]
    /// Who made its CPUs, where that is somebody else.
    package var vendor: String?

    package init(server: String, features: [String], vendor: String?) {
        self.server = server
        self.features = features
        self.vendor = vendor
    }
}
