import AgentCore
import DomainConfiguration
import PoolModel

// Disks, interfaces and media of domains.
extension SimulatedHostModel {
    /// A domain's devices by what they are called, with their elements; empty where there is no such domain.
    package func devices(of domain: UInt32) -> [String: String] { domains[domain]?.devices ?? [:] }

    /// The devices that a domain is built with. A text that cannot be read describes none: nobody looks at it on a simulated host else.
    static func devices(of specification: DomainSpecification) -> [String: String] {
        guard let settings = settings(specification.configuration) else { return [:] }
        let uuid = (specification.uuid.high, specification.uuid.low)
        return Dictionary(settings.devices(uuid).map { ($0.device, $0.element) }) { $1 }
    }

    /// What a simulated host is told of a configuration.
    static func deviceText(of specification: DomainSpecification) -> String? { settings(specification.configuration)?.deviceText }

    private static func settings(_ text: String) -> DomainSettings? {
        do throws(DomainConfigurationError) { return try DomainConfigurationText.parse(text, file: "vm.cfg").settings } catch { return nil }
    }

    /// A guest must run to take and to release devices, and what comes must be there on the host. What is so already may be asked again.
    func requireChangeable(_ number: UInt32, _ operation: DeviceOperation) throws(SimulatedRefusal) {
        let domain = try requireRunning(number)
        let present = domain.devices[operation.device]
        switch operation.kind {
        case .attachDisk, .attachInterface:
            if let present, present != operation.element { throw .deviceTaken(operation.device, number) }
            try requireBacking(of: operation)
        case .insertMedium, .ejectMedium:
            guard present != nil else { throw .noSuchDrive(operation.device, number) }
            try requireBacking(of: operation)
        case .detachDisk, .detachInterface: break
        }
    }

    private func requireBacking(of operation: DeviceOperation) throws(SimulatedRefusal) {
        let path: String?
        let bridge: String?
        do throws(DomainConfigurationError) {
            let isInterface = operation.kind == .attachInterface
            path = isInterface ? nil : try DeviceElement.disk(operation.element).hostPath
            bridge = isInterface ? try DeviceElement.interface(operation.element).bridge : nil
        } catch {
            throw .badDevice
        }
        if let path, !capacity.storageRoots.contains(where: { Self.is(path, below: $0.path) }) { throw .noSuchDisk(path) }
        if let bridge, !capacity.bridges.contains(where: { $0.name == bridge }) { throw .noSuchBridge(bridge) }
    }

    mutating func changeDevice(
        _ number: UInt32, _ operation: DeviceOperation, at instant: MonotonicInstant
    ) throws(SimulatedRefusal) {
        try requireChangeable(number, operation)
        switch operation.kind {
        case .attachDisk, .attachInterface, .insertMedium, .ejectMedium: domains[number]?.devices[operation.device] = operation.element
        case .detachDisk, .detachInterface: domains[number]?.devices[operation.device] = nil
        }
    }
}
