import DomainConfiguration

/// Makes settings of every kind from a seed: each field given or not, every key of a form that its field can have.
struct RandomSettings {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(state: seed) }

    mutating func settings() -> DomainSettings {
        var settings = DomainSettings(name: "vm" + word())
        settings.uuid = maybe { _ in "0004fb00-0006-0000-a1c3-e7d29b5f4c08" }
        settings.domainType = pick(DomainType.allCases)
        settings.memoryMebibytes = number(1...1_000_000)
        settings.maximumMemoryMebibytes = settings.memoryMebibytes + number(0...3)
        settings.virtualCPUs = number(1...128)
        settings.maximumVirtualCPUs = settings.virtualCPUs + number(0...3)
        settings.kernel = maybe { $0.text() }
        settings.ramdisk = maybe { $0.text() }
        settings.wholeCommandLine = maybe { $0.text() }
        settings.rootDevice = maybe { $0.text() }
        settings.extraArguments = maybe { $0.text() }
        settings.bootloader = maybe { $0.text() }
        settings.boot = maybe { $0.text() }
        for event in DomainEvent.allCases { settings.actions[event: event] = maybe { $0.pick(DomainAction.allCases) } }
        for index in 0..<number(0...4) { settings.disks.append(disk(index)) }
        for _ in 0..<number(0...3) { settings.interfaces.append(interface()) }
        settings.oracle.simpleName = maybe { $0.text() }
        settings.oracle.highAvailability = maybe { $0.flag() }
        settings.oracle.domainType = maybe { $0.text() }
        settings.oracle.operatingSystem = maybe { $0.text() }
        settings.oracle.summary = maybe { $0.text() }
        settings.oracle.cpuCompatibilityGroup = maybe { $0.text() }
        settings.oracle.guestOperatingSystem = maybe { $0.text() }
        for index in 0..<number(0...4) { settings.others.append(ConfigurationSetting(key: "unknown_\(index)", value: value(depth: 3))) }
        giveOrder(to: &settings)
        return settings
    }

    /// The keys in an order of their own; a key without a field comes among the others as the order has it.
    private mutating func giveOrder(to settings: inout DomainSettings) {
        settings.keyOrder = settings.canonicalText().split(separator: "\n").compactMap { line in
            line.hasPrefix(" ") ? nil : line.split(separator: " ").first.map(String.init)
        }
        settings.keyOrder.shuffle(using: &generator)
        let valueByKey = Dictionary(uniqueKeysWithValues: settings.others.map { ($0.key, $0) })
        settings.others = settings.keyOrder.compactMap { valueByKey[$0] }
    }

    private mutating func disk(_ index: Int) -> DiskConfiguration {
        var disk = DiskConfiguration()
        disk.isCDROM = number(0...3) == 0
        disk.target = disk.isCDROM && flag() ? "" : "/" + path()
        disk.format = pick(DiskConfiguration.Format.allCases)
        disk.virtualDevice = "xvd" + ["a", "b", "c", "d"][index] + pick(["", "1", "15"])
        disk.access = disk.isCDROM ? .read : pick(DiskConfiguration.Access.allCases)
        disk.backendDomain = maybe { $0.word() }
        disk.backendType = maybe { $0.pick(DiskConfiguration.BackendType.allCases) }
        disk.script = maybe { $0.word() }
        disk.discards = maybe { $0.flag() }
        disk.isDirectIOSafe = flag()
        disk.specification = maybe { $0.pick(["xen", "virtio"]) }
        disk.isTrusted = maybe { $0.flag() }
        disk.others = maybe { [DeviceParameter(key: "wibble", value: $0.word()), DeviceParameter(key: "colo", value: nil)] } ?? []
        return disk
    }

    private mutating func interface() -> InterfaceConfiguration {
        var interface = InterfaceConfiguration()
        interface.mac = maybe { MACAddress("00:16:3e:00:00:0\($0.number(0...9))") } ?? nil
        interface.bridge = maybe { $0.word() }
        interface.gatewayDevice = maybe { $0.word() }
        interface.kind = maybe { $0.pick(InterfaceConfiguration.Kind.allCases) }
        interface.model = maybe { $0.word() }
        interface.interfaceName = maybe { $0.word() }
        interface.script = maybe { $0.word() }
        interface.ip = maybe { "10.0.0.\($0.number(1...9)) " + $0.word() }
        interface.backendDomain = maybe { $0.word() }
        interface.rate = maybe {
            InterfaceRate(bytesPerSecond: $0.number(1...4_000_000_000), intervalMicroseconds: $0.number(1...1_000_000))
        }
        interface.deviceID = maybe { $0.number(0...65_535) }
        interface.mtu = maybe { $0.number(68...65_535) }
        interface.vlan = maybe { $0.pick(["1", "4094", "10p", "009", "trunk"]) }
        interface.isTrusted = maybe { $0.flag() }
        interface.others = maybe { [DeviceParameter(key: "wibble", value: $0.word()), DeviceParameter(key: "flag", value: nil)] } ?? []
        return interface
    }

    private mutating func value(depth: Int) -> SettingValue {
        switch number(0...(depth > 0 ? 3 : 2)) {
        case 0: .text(text())
        case 1: .number(number(0...Int.max))
        case 2: .text("")
        default: .list((0..<number(0...3)).map { _ in value(depth: depth - 1) })
        }
    }

    /// A string that is not empty, with everything in it that a writer could forget to escape.
    private mutating func text() -> String {
        let pieces = [
            "a", " ", "\"", "'", "\\", "\n", "\t", "\r", "\u{1}", "\u{7F}", "é", "\u{301}", "€", "😀", "#", ";", "]", ",", "=", "0", "+=",
        ]
        return (0..<number(1...8)).map { _ in pick(pieces) }.joined()
    }

    private mutating func path() -> String {
        let pieces = ["a", " ", "\"", "'", "\\", "é", "\u{301}", "#", ";", "]", ",", ", ", "=", ":", "phy:", "target=", "!"]
        return (0..<number(1...8)).map { _ in pick(pieces) }.joined()
    }

    private mutating func word() -> String { pick(["a", "b1", "c-d", "e_f", "g.h", "/i/j"]).replacing("/", with: "") }

    private mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? { flag() ? make(&self) : nil }

    private mutating func flag() -> Bool { Bool.random(using: &generator) }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...(elements.count - 1))] }
}
