/// One element of `vif` (xl-network-configuration(5)). An interface without any parameter is legal.
package struct InterfaceConfiguration: Hashable, Sendable {
    /// How the domain sees the interface.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// An emulated network card, and a paravirtualised one beside it.
        case emulated = "ioemu"
        /// Paravirtualised only; xm called it `netfront`.
        case paravirtualized = "vif"
    }

    /// nil lets the pool choose one.
    package var mac: MACAddress?
    /// The bridge on the server; nil for xl's default.
    package var bridge: String?
    /// The device that leads outside, for routed networks.
    package var gatewayDevice: String?
    /// nil for xl's default.
    package var kind: Kind?
    /// The emulated card, such as `e1000`.
    package var model: String?
    /// The name of the interface on the server.
    package var interfaceName: String?
    /// The hotplug script.
    package var script: String?
    /// One or more addresses, as the script reads them.
    package var ip: String?
    /// The domain that serves the interface; nil for Domain-0.
    package var backendDomain: String?
    /// The limit on outgoing traffic; nil for none.
    package var rate: InterfaceRate?
    /// The device number; nil for the index in the list.
    package var deviceID: Int?
    /// The largest packet in bytes.
    package var mtu: Int?
    /// A number from 1 to 4094, or what the script understands.
    package var vlan: String?
    package var isTrusted: Bool?
    /// Parameters without a field, in the order given.
    package var others: [DeviceParameter] = []

    /// An interface that leaves everything to xl.
    package init() {}
}
