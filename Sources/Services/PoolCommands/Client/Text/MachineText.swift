package import QueryModel

/// Virtual machines as text for people.
package enum MachineText {
    package static func table(of machines: [MachineDocument]) -> TextTable {
        var table = TextTable([
            .init("NAME"), .init("STATUS", isStatus: true), .init("SERVER"), .init("TYPE"), .init("MEMORY", .right), .init("VCPUS", .right),
            .init("PREFERRED"), .init("TASK", .right), .init("WANTED", isWide: true), .init("TAGS", .right, isWide: true),
            .init("EPOCH", .right, isWide: true), .init("ID", .right, isWide: true), .init("UUID", isWide: true),
        ])
        for machine in machines {
            table.add([
                machine.name, status(of: machine), machine.server ?? "", machine.requirements.domainType,
                QuantityText.memory(mebibytes: machine.requirements.memoryMiB), String(machine.requirements.virtualCPUs),
                preferred(machine), machine.task.map(String.init) ?? "", machine.intent, String(machine.tagCount),
                String(machine.epoch), String(machine.id), machine.uuid,
            ])
        }
        return table
    }

    /// - Parameter tags: the machine's; nil shows how many there are.
    package static func properties(of machine: MachineDocument, tags: [TagDocument]? = nil) -> PropertyList {
        let needs = machine.requirements
        var list = PropertyList()
        list.add("name", "\(machine.name) (\(machine.id))")
        list.add("uuid", machine.uuid)
        list.add("status", status: status(of: machine))
        list.add("cause", machine.cause)
        list.add("wanted", machine.intent)
        list.add("server", machine.server)
        list.add("seen on", (machine.seenOn ?? []).map { "\($0.server), domain \($0.domain): the pool did not ask for it" })
        list.add("memory image", machine.image.map(words))
        list.add("suspends to", machine.suspendsTo.map(words))
        list.add("moves to", machine.migration.map(words))
        list.add("remnants on", machine.remnantsOn ?? [])
        list.add("preferred servers", preferred(machine))
        list.add("type", needs.domainType)
        let memory = QuantityText.memory(mebibytes: needs.memoryMiB)
        let isGrowing = needs.maximumMemoryMiB > needs.memoryMiB
        list.add("memory", isGrowing ? "\(memory), up to \(QuantityText.memory(mebibytes: needs.maximumMemoryMiB)) while it runs" : memory)
        let isMultiplying = needs.maximumVirtualCPUs > needs.virtualCPUs
        list.add(
            "virtual CPUs", isMultiplying ? "\(needs.virtualCPUs), up to \(needs.maximumVirtualCPUs) while it runs" : "\(needs.virtualCPUs)"
        )
        let devices = MachineDevices(of: machine)
        list.add(
            "interfaces", devices?.interfaces ?? needs.interfaces.map { "\($0.bridge), \(QuantityText.rate(kilobits: $0.rateKbps))" })
        list.add("disks", devices?.disks ?? needs.diskPaths)
        if needs.newImageMiB > 0 { list.add("images to create", QuantityText.memory(mebibytes: needs.newImageMiB)) }
        list.add("at its end", "power-off: \(needs.onPowerOff), reboot: \(needs.onReboot), crash: \(needs.onCrash)")
        list.add("tags", tags.map(lines) ?? [String(machine.tagCount)])
        list.add("rules", machine.rules ?? [])
        list.add("task", machine.task.map(String.init))
        list.add("allows", machine.operations.joined(separator: ", "))
        list.add("warnings", (machine.warnings ?? []).map { "vm.cfg:\($0.line):\($0.column): \($0.message)" })
        return list
    }

    private static func words(_ image: ImageDocument) -> String {
        image.sharedRoot.map { "shared storage \($0), by \(image.server)" } ?? "the own disk of \(image.server), to be resumed there only"
    }

    private static func words(_ migration: MigrationDocument) -> String {
        let limit = migration.bandwidthMiB.map { ", at most \($0) MiB/s" } ?? ""
        return "\(migration.to), \(migration.isLive ? "while it runs" : "standing still")\(limit)"
    }

    /// What whoever suspends a machine should know before; nil where its memory goes to shared storage.
    package static func warningOfSuspend(_ machine: MachineDocument) -> String? {
        guard let image = machine.suspendsTo, image.sharedRoot == nil else { return nil }
        return """
            The memory of \(machine.name) goes to the own disk of server \(image.server), which shares no storage with room for it: it can be \
            resumed there only.
            """
    }

    /// The most tags of a machine that are shown with it.
    private static let shownTags = 16

    private static func lines(of tags: [TagDocument]) -> [String] {
        guard !tags.isEmpty else { return ["none"] }
        let more = tags.count > shownTags ? ["\(tags.count - shownTags) more"] : []
        return tags.prefix(shownTags).map { "\($0.key)=\($0.value)" } + more
    }

    /// The status, and where the machine is seen besides: `PoweredOff, seen on bravo outside of the pool`.
    static func status(of machine: MachineDocument) -> String {
        let servers = (machine.seenOn ?? []).map(\.server)
        return servers.isEmpty ? machine.status : "\(machine.status), seen on \(servers.joined(separator: " and ")) outside of the pool"
    }

    static func preferred(_ machine: MachineDocument) -> String {
        machine.preferredServers.isEmpty ? "any" : machine.preferredServers.joined(separator: ",")
    }
}
