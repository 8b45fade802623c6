import QueryModel

/// A server's CPUs as text for people.
enum ProcessorText {
    /// How they lie: `1 socket of 8 cores of 2 threads, 1 NUMA node`.
    static func layout(of processor: ProcessorDocument) -> String {
        let sockets = counted(processor.sockets, "socket")
        let cores = counted(processor.coresPerSocket, "core")
        return "\(sockets) of \(cores) of \(counted(processor.threadsPerCore, "thread")), \(counted(processor.numaNodes, "NUMA node"))"
    }

    static func add(_ processor: ProcessorDocument, to list: inout PropertyList) {
        if !processor.model.isEmpty || !processor.vendor.isEmpty {
            list.add("CPU", processor.model + (processor.vendor.isEmpty ? "" : " (\(processor.vendor))"))
        }
        if !processor.features.isEmpty { list.add("CPU features", processor.features) }
        list.add("can move live", processor.liveDomainTypes.isEmpty ? "no domain" : processor.liveDomainTypes.joined(separator: ", "))
    }

    /// Why nothing moves live to another server.
    static func line(of gap: ProcessorGapDocument) -> String {
        let maker = gap.vendor.map { ["its CPUs are of another maker (\($0))"] } ?? []
        let lack = gap.features.isEmpty ? [] : ["it lacks \(gap.features.joined(separator: ", "))"]
        return "to \(gap.server): " + (maker + lack).joined(separator: "; ")
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
