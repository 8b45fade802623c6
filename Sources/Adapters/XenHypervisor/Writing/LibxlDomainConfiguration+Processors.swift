import CXenLight

extension LibxlDomainConfiguration {
    func writeProcessors(_ processors: ProcessorPlan, _ topology: XenTopology) throws(XenRefusal) {
        pointer.pointee.b_info.max_vcpus = Int32(clamping: processors.maximum)
        pointer.pointee.b_info.avail_vcpus = XenMemory.bitmap(Array(0..<processors.online), size: processors.maximum)
        if let weight = processors.weight { pointer.pointee.b_info.sched_params.weight = Int32(clamping: weight) }
        if let cap = processors.cap { pointer.pointee.b_info.sched_params.cap = Int32(clamping: cap) }
        if let hard = processors.hard {
            let (count, maps) = try maps(hard, processors.maximum, topology, key: "cpus")
            pointer.pointee.b_info.num_vcpu_hard_affinity = count
            pointer.pointee.b_info.vcpu_hard_affinity = maps
            // As in xl: who names CPUs does not want libxl to choose nodes.
            set(\.b_info.numa_placement, false)
        }
        if let soft = processors.soft {
            let (count, maps) = try maps(soft, processors.maximum, topology, key: "cpus_soft")
            pointer.pointee.b_info.num_vcpu_soft_affinity = count
            pointer.pointee.b_info.vcpu_soft_affinity = maps
            set(\.b_info.numa_placement, false)
        }
    }

    private func maps(
        _ affinity: ProcessorPlan.Affinity, _ maximum: Int, _ topology: XenTopology, key: String
    ) throws(XenRefusal) -> (Int32, UnsafeMutablePointer<libxl_bitmap>?) {
        let selections: [ProcessorSelection] =
            switch affinity {
            case .all(let selection): Array(repeating: selection, count: maximum)
            case .each(let list): Array(list.prefix(maximum))
            }
        guard !selections.isEmpty else { return (0, nil) }
        var chosen: [[Int]] = []
        for selection in selections {
            let processors = selection.processors(of: topology)
            guard !processors.isEmpty else {
                throw XenRefusal(
                    cause: "The key \(key) chooses no CPU of this server, which has \(topology.nodes.count).",
                    cure: "Correct \(key), or start the machine on a server that has these CPUs.")
            }
            chosen.append(processors)
        }
        let maps = XenMemory.array(of: libxl_bitmap.self, count: chosen.count)
        for (index, processors) in chosen.enumerated() { maps[index] = XenMemory.bitmap(processors, size: topology.nodes.count) }
        return (Int32(chosen.count), maps)
    }
}
