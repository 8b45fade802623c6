import AgentCore
import DomainConfiguration
import Foundation
import PoolModel
import Testing
import XenHypervisor

/// Sets the scene: a configuration's plan, and what libxl makes of it, without Xen.
enum Scene {
    static let uuid = UniqueIdentifier(high: 0x7A1D_3C0E_4B6F_4E0E, low: 0x9F57_2F1F_0AB3_6C11)
    static let ownership = DomainOwnership(pool: uuid, machine: VirtualMachineID(7), epoch: PlacementEpoch(3))
    /// Two nodes with two CPUs each.
    static let topology = XenTopology(nodes: [0, 0, 1, 1])

    static func specification(
        _ text: String, type: PoolModel.DomainType, memory: Int = 64, virtualCPUs: Int = 1, maximumMemory: Int? = nil,
        maximumVirtualCPUs: Int? = nil
    ) throws -> DomainSpecification {
        DomainSpecification(
            ownership: ownership, name: try #require(VirtualMachineName("web01")), uuid: uuid, configuration: text,
            requirements: MachineRequirements(
                domainType: type, memory: Mebibytes(memory), virtualCPUs: virtualCPUs,
                maximumMemory: maximumMemory.map { Mebibytes($0) }, maximumVirtualCPUs: maximumVirtualCPUs))
    }

    /// The plan of a machine with `lines` in its configuration.
    static func plan(_ lines: String, type: PoolModel.DomainType = .pv) throws -> XenDomainPlan {
        let boot = type == .hvm ? "" : "kernel = '/boot/vmlinuz'\n"
        return try XenDomainPlan(specification("name = 't'; memory = 64\n\(boot)\(lines)", type: type))
    }

    /// What libxl has been told, as libxl prints it.
    static func libxl(_ plan: XenDomainPlan, ownership: DomainOwnership? = nil) throws -> Printed {
        let configuration = try LibxlDomainConfiguration(plan, ownership: ownership, topology: topology, library: XenLibrary())
        let text = try #require(configuration.json)
        return Printed(value: try JSONSerialization.jsonObject(with: Data(text.utf8)))
    }

    static func libxl(_ lines: String, type: PoolModel.DomainType = .pv) throws -> Printed { try libxl(plan(lines, type: type)) }

    /// A configuration found in the field, by its file's name.
    static func sample(_ name: String) throws -> DomainConfiguration {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "DomainConfigurationTests/Samples/\(name)")
        return try DomainConfigurationText.parse(bytes: Array(Data(contentsOf: file)), file: name)
    }

    /// The plan of a sample, with the requirements that the pool draws from it.
    static func samplePlan(_ name: String) throws -> XenDomainPlan {
        let settings = try sample(name).settings
        let type: PoolModel.DomainType =
            switch settings.domainType {
            case .paravirtualized: .pv
            case .pvh: .pvh
            case .hardwareVirtualized: .hvm
            }
        return try XenDomainPlan(
            sample(name), name: settings.name, uuid: uuid,
            requirements: MachineRequirements(
                domainType: type, memory: Mebibytes(settings.memoryMebibytes), virtualCPUs: settings.virtualCPUs,
                maximumMemory: Mebibytes(settings.maximumMemoryMebibytes), maximumVirtualCPUs: settings.maximumVirtualCPUs))
    }
}

/// A JSON text of libxl: `printed["b_info"]["max_vcpus"]`; what is not there is nil.
struct Printed {
    let value: Any?

    subscript(key: String) -> Printed { Printed(value: (value as? [String: Any])?[key]) }
    subscript(index: Int) -> Printed {
        let list = value as? [Any] ?? []
        return Printed(value: list.indices.contains(index) ? list[index] : nil)
    }

    var text: String? { value as? String }
    var number: Int? { (value as? NSNumber)?.intValue }
    /// libxl prints a choice that is its default as `<default>`, others as `True` and `False`.
    var flag: Bool? { text == "True" ? true : text == "False" ? false : value as? Bool }
    var texts: [String]? { value as? [String] }
    var count: Int { (value as? [Any])?.count ?? 0 }
}
