package import PoolModel

extension Server {
    /// Whether an agent on this hardware may be this server's: of a copied disk there would be two.
    ///
    /// - Parameter found: the SMBIOS UUID of the machine that the agent runs on; nil where the firmware tells none.
    package func mayRun(on found: UniqueIdentifier?) -> Bool { hardware == nil || hardware == found }

    /// Why an agent on hardware that this server is not bound to is refused: cause and cure.
    package func refusal(ofHardware found: UniqueIdentifier?) -> String {
        let bound = hardware.map(\.description) ?? "no hardware"
        return """
            Server \(name) is bound to the hardware \(bound), and this agent runs on \(found.map { "\($0)" } ?? "hardware without a UUID"): \
            its disk was copied or moved, or its mainboard was replaced. \
            Use the disk in its own server only; after a new mainboard remove the server from the pool, then join it anew with an \
            empty data directory.
            """
    }
}
