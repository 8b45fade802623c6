import PoolModel
import SwiftProtobuf

import struct Foundation.Data

// Values that several messages share. Each pair: model to wire, and back with every bound checked.

extension WireUuid {
    init(_ identifier: UniqueIdentifier) {
        self.init()
        high = identifier.high
        low = identifier.low
    }

    var model: UniqueIdentifier { UniqueIdentifier(high: high, low: low) }
}

/// Checks of single fields.
enum WireField {
    static func server(_ number: UInt64, _ what: String) throws(WireError) -> ServerID {
        guard number > 0 else { throw .outOfRange(what) }
        return ServerID(number)
    }

    static func servers(_ numbers: [UInt64], _ what: String, most: Int = 256) throws(WireError) -> [ServerID] {
        guard numbers.count <= most, !numbers.contains(0) else { throw .outOfRange(what) }
        return numbers.map(ServerID.init)
    }

    static func digest(_ data: Data, _ what: String) throws(WireError) -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: Array(data)) else { throw .outOfRange(what) }
        return digest
    }

    /// An amount between zero and 2^50, so that sums of many stay far from overflow.
    static func amount(_ value: Int64, _ what: String) throws(WireError) -> Int {
        guard (0...(1 << 50)).contains(value) else { throw .outOfRange(what) }
        return Int(value)
    }

    static func roles(_ value: UInt32, _ what: String) throws(WireError) -> ServerRoles {
        guard value <= UInt32(ServerRoles.all.rawValue) else { throw .outOfRange(what) }
        return ServerRoles(rawValue: UInt8(value))
    }

    static func endAction(_ word: String) throws(WireError) -> MachineEndAction {
        guard let action = MachineEndAction(rawValue: word) else { throw .unknown("requirements.on_crash") }
        return action
    }

    /// A guest's time to end: up to a day, or none given.
    static func patience(_ nanoseconds: Int64?) throws(WireError) -> Duration? {
        guard let nanoseconds else { return nil }
        guard (0...86_400_000_000_000).contains(nanoseconds) else { throw .outOfRange("stop.patience_nanoseconds") }
        return .nanoseconds(nanoseconds)
    }

    static func domainTypes(_ words: [String], _ what: String) throws(WireError) -> [DomainType] {
        guard words.count <= 16 else { throw .outOfRange(what) }
        return try words.converted { (word) throws(WireError) in
            guard let type = DomainType(rawValue: word) else { throw .unknown(what) }
            return type
        }
    }

    static func serverName(_ text: String, _ what: String) throws(WireError) -> ServerName {
        guard let name = ServerName(text) else { throw .outOfRange(what) }
        return name
    }

    static func machineName(_ text: String, _ what: String) throws(WireError) -> VirtualMachineName {
        guard let name = VirtualMachineName(text) else { throw .outOfRange(what) }
        return name
    }

    static func tagKey(_ text: String, _ what: String) throws(WireError) -> TagKey {
        guard let key = TagKey(text) else { throw .outOfRange(what) }
        return key
    }
}

extension Array {
    /// `map` for conversions that throw `WireError`.
    func converted<Value>(_ convert: (Element) throws(WireError) -> Value) throws(WireError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for element in self { values.append(try convert(element)) }
        return values
    }
}

extension WireFacts {
    init(_ facts: PoolModel.ServerFacts) {
        self.init()
        totalMebibytes = Int64(facts.totalMemory.count)
        reservedMebibytes = Int64(facts.reservedMemory.count)
        processors = Int64(facts.processors)
        cards = facts.cards.map { card in
            .with {
                $0.name = card.name
                $0.kilobitsPerSecond = Int64(card.speed.count)
            }
        }
        bridges = facts.bridges.map { bridge in
            .with {
                $0.name = bridge.name
                $0.cards = bridge.cards
            }
        }
        storageRoots = facts.storageRoots.map { root in
            .with {
                $0.path = root.path
                $0.isShared = root.isShared
                $0.capacityMebibytes = Int64(root.capacity.count)
            }
        }
        domainTypes = facts.domainTypes.map(\.rawValue)
        hypervisor = facts.hypervisor
        if let facts = facts.processor { processor = WireProcessor(facts) }
    }

    func model() throws(WireError) -> PoolModel.ServerFacts {
        guard cards.count <= 256, bridges.count <= 1_024, storageRoots.count <= 256, domainTypes.count <= 16 else {
            throw .outOfRange("facts")
        }
        return PoolModel.ServerFacts(
            totalMemory: Mebibytes(try WireField.amount(totalMebibytes, "facts.total_mebibytes")),
            reservedMemory: Mebibytes(try WireField.amount(reservedMebibytes, "facts.reserved_mebibytes")),
            processors: try WireField.amount(processors, "facts.processors"),
            cards: try cards.converted { (card) throws(WireError) in
                NetworkInterfaceCard(
                    name: card.name, speed: KilobitsPerSecond(try WireField.amount(card.kilobitsPerSecond, "card.kilobits_per_second")))
            },
            bridges: bridges.map { NetworkBridge(name: $0.name, cards: $0.cards) },
            storageRoots: try storageRoots.converted { (root) throws(WireError) in
                StorageRoot(
                    path: root.path, isShared: root.isShared,
                    capacity: Mebibytes(try WireField.amount(root.capacityMebibytes, "storage_root.capacity_mebibytes")))
            },
            domainTypes: try WireField.domainTypes(domainTypes, "facts.domain_types"),
            hypervisor: hypervisor, processor: hasProcessor ? try processor.model() : nil)
    }
}

extension WireInterface {
    init(_ interface: InterfaceRequirement) {
        self.init()
        bridge = interface.bridge
        kilobitsPerSecond = Int64(interface.rate.count)
    }

    func model() throws(WireError) -> InterfaceRequirement {
        InterfaceRequirement(
            bridge: bridge, rate: KilobitsPerSecond(try WireField.amount(kilobitsPerSecond, "interface.kilobits_per_second")))
    }
}

extension WireRequirements {
    init(_ requirements: MachineRequirements) {
        self.init()
        domainType = requirements.domainType.rawValue
        mebibytes = Int64(requirements.memory.count)
        virtualCpus = Int64(requirements.virtualCPUs)
        interfaces = requirements.interfaces.map { WireInterface($0) }
        diskPaths = requirements.diskPaths
        newImageMebibytes = Int64(requirements.newImageSize.count)
        maximumMebibytes = Int64(requirements.maximumMemory.count)
        maximumVirtualCpus = Int64(requirements.maximumVirtualCPUs)
        onPoweroff = requirements.endActions.onPowerOff.rawValue
        onReboot = requirements.endActions.onReboot.rawValue
        onCrash = requirements.endActions.onCrash.rawValue
    }

    func model() throws(WireError) -> MachineRequirements {
        guard let type = DomainType(rawValue: domainType) else { throw .unknown("requirements.domain_type") }
        guard interfaces.count <= 1_024, diskPaths.count <= 1_024 else { throw .outOfRange("requirements") }
        return MachineRequirements(
            domainType: type, memory: Mebibytes(try WireField.amount(mebibytes, "requirements.mebibytes")),
            virtualCPUs: try WireField.amount(virtualCpus, "requirements.virtual_cpus"),
            interfaces: try interfaces.converted { (wire) throws(WireError) in try wire.model() },
            diskPaths: diskPaths, newImageSize: Mebibytes(try WireField.amount(newImageMebibytes, "requirements.new_image_mebibytes")),
            maximumMemory: Mebibytes(try WireField.amount(maximumMebibytes, "requirements.maximum_mebibytes")),
            maximumVirtualCPUs: try WireField.amount(maximumVirtualCpus, "requirements.maximum_virtual_cpus"),
            endActions: MachineEndActions(
                onPowerOff: try WireField.endAction(onPoweroff), onReboot: try WireField.endAction(onReboot),
                onCrash: try WireField.endAction(onCrash)))
    }
}

extension WireNewServer {
    init(_ server: NewServer) {
        self.init()
        name = server.name.text
        peerAddress = server.peerAddress
        queryAddress = server.queryAddress
        roles = UInt32(server.roles.rawValue)
        key = Data(server.key.bytes)
        storage = WireUuid(server.storage)
        if let known = server.hardware { hardware = WireUuid(known) }
    }

    func model() throws(WireError) -> NewServer {
        NewServer(
            name: try WireField.serverName(name, "server.name"), peerAddress: peerAddress, queryAddress: queryAddress,
            roles: try WireField.roles(roles, "server.roles"), key: try WireField.digest(key, "server.key"), storage: storage.model,
            hardware: hasHardware ? hardware.model : nil)
    }
}

extension WireCredential {
    init(_ credential: OperatorCredential) {
        self.init()
        name = credential.name
        secret = Data(credential.secret.bytes)
        role = Int32(credential.role.rawValue)
    }

    func model() throws(WireError) -> OperatorCredential {
        guard let role = OperatorRole(rawValue: Int(role)) else { throw .unknown("credential.role") }
        return OperatorCredential(name: name, secret: try WireField.digest(secret, "credential.secret"), role: role)
    }
}
