import PoolModel
import SwiftProtobuf

extension WireChangeDevice {
    init(_ machine: VirtualMachineID, _ change: DeviceChange) {
        self.init()
        self.machine = machine.number
        operation = .with {
            $0.kind = change.operation.kind.rawValue
            $0.device = change.operation.device
            $0.element = change.operation.element
            $0.isForced = change.operation.isForced
        }
        basis = change.basis
        configuration = change.configuration
        interfaces = change.interfaces.map { WireInterface($0) }
        diskPaths = change.diskPaths
    }

    func model() throws(WireError) -> DeviceChange {
        guard let kind = DeviceChangeKind(rawValue: operation.kind) else { throw .unknown("change_device.kind") }
        guard interfaces.count <= 1_024, diskPaths.count <= 1_024 else { throw .outOfRange("change_device") }
        return DeviceChange(
            DeviceOperation(kind, device: operation.device, element: operation.element, isForced: operation.isForced), basis: basis,
            configuration: configuration, interfaces: try interfaces.converted { (wire) throws(WireError) in try wire.model() },
            diskPaths: diskPaths)
    }
}
