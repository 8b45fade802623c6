package import PoolModel

extension PlacementPlanner {
    /// Why a server cannot give further devices to a virtual machine that runs there; nil where it can.
    ///
    /// What the machine has already is not asked for again: it may run on a server that has lost some of it since.
    ///
    /// - Parameters:
    ///   - requirements: what the machine needs with the new devices.
    ///   - reserved: what the server's other machines take.
    package static func refusal(
        of requirements: MachineRequirements, newDisks: [String], newInterfaces: [InterfaceRequirement], on facts: ServerFacts,
        reserved: ServerReservations
    ) -> PlacementRefusal? {
        var added = requirements
        added.diskPaths = newDisks
        added.interfaces = newInterfaces
        if let refusal = refusalOfFacts(facts, added) { return refusal }
        guard !newInterfaces.isEmpty else { return nil }
        let network = NetworkRoom(facts, reserved: reserved.rates, needed: requirements.interfaces)
        return network.bounds.first { $0.needed > $0.free }.map { bound in
            .notEnoughNetwork(bridge: bound.bridge, needed: KilobitsPerSecond(bound.needed), free: KilobitsPerSecond(bound.free))
        }
    }
}
