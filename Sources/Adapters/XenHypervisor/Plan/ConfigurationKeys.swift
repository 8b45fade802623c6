import DomainConfiguration
import PoolModel

/// Hands out the keys that have no field in `DomainSettings`, each to the part of the plan that carries it out, and warns about the rest.
struct ConfigurationKeys {
    let domainType: PoolModel.DomainType
    private let configuration: DomainConfiguration
    private let values: [String: SettingValue]
    /// The assignments that count, by key: the last `=` and every `+=` after it.
    private let assignments: [String: [ConfigurationAssignment]]
    private var taken: Set<String> = []
    private var warnings: [XenWarning] = []

    init(_ configuration: DomainConfiguration, type: PoolModel.DomainType) {
        self.configuration = configuration
        domainType = type
        values = Dictionary(configuration.settings.others.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        var assignments: [String: [ConfigurationAssignment]] = [:]
        for assignment in configuration.assignments {
            if assignment.operation == .set { assignments[assignment.key] = [] }
            assignments[assignment.key, default: []].append(assignment)
        }
        self.assignments = assignments
    }

    /// Whether the configuration gives `key`, be it empty. It stays for others to take.
    func has(_ key: String) -> Bool { values[key] != nil }

    /// The value of `key`, which counts as carried out from now on.
    mutating func take(_ key: String) -> SettingValue? {
        guard let value = values[key] else { return nil }
        taken.insert(key)
        return value
    }

    /// A string; a number counts as its digits, an empty string as none.
    mutating func text(_ key: String) -> String? {
        switch take(key) {
        case nil: return nil
        case .text(let text): return text.isEmpty ? nil : text
        case .number(let number): return String(number)
        case .list:
            warnShape(key, "a string")
            return nil
        }
    }

    /// 0 or 1.
    mutating func flag(_ key: String) -> Bool? {
        number(key, 0...1).map { $0 == 1 }
    }

    /// A whole number within `range`.
    mutating func number(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        let number: Int?
        switch take(key) {
        case nil, .text(""): return nil
        case .number(let value): number = value
        case .text(let text): number = Int(text)
        case .list: number = nil
        }
        guard let number, range.contains(number) else {
            warnShape(key, "a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// The elements of a list, or a string that stands alone; empty strings are left out.
    mutating func texts(_ key: String) -> [String] {
        switch take(key) {
        case nil: []
        case .list(let elements): elements.map(\.flatText).filter { !$0.isEmpty }
        case .some(let value): value.flatText.isEmpty ? [] : [value.flatText]
        }
    }

    /// One of an enumeration's words, or its number in the order of declaration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, of: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let text = text(key) else { return nil }
        let all = Array(Choice.allCases)
        if let choice = Choice(rawValue: text) { return choice }
        if let number = Int(text), all.indices.contains(number) { return all[number] }
        warnShape(key, "one of " + all.map(\.rawValue).joined(separator: ", "))
        return nil
    }

    /// Warns about a key at its place, or at that of one element of its list.
    mutating func warn(_ key: String, element: Int? = nil, _ sentence: String) {
        let position = element.flatMap { place(of: key, element: $0) } ?? place(of: key)
        warnings.append(XenWarning(key: key, line: position.line, column: position.column, sentence: sentence))
    }

    mutating func warnShape(_ key: String, _ expected: String) {
        warn(key, "The key \(key) is not carried out: its value is not \(expected).")
    }

    /// All warnings in the order of the text, those about keys that nobody took included.
    mutating func finish() -> [XenWarning] {
        for setting in configuration.settings.others where !taken.contains(setting.key) {
            warn(setting.key, KeyReason.sentence(for: setting.key, domainType))
        }
        return warnings.enumerated().sorted { left, right in
            (left.element.line, left.element.column, left.offset) < (right.element.line, right.element.column, right.offset)
        }.map(\.element)
    }
}

extension ConfigurationKeys {
    private func place(of key: String) -> SourcePosition {
        assignments[key]?.first?.position ?? SourcePosition(line: 1, column: 1)
    }

    private func place(of key: String, element: Int) -> SourcePosition? {
        let elements = (assignments[key] ?? []).flatMap { assignment -> [ConfigurationValue] in
            if case .list(let elements) = assignment.value.content { return elements }
            return [assignment.value]
        }
        return elements.indices.contains(element) ? elements[element].position : nil
    }
}

/// Why a key is not carried out.
enum KeyReason {
    /// The keys that xl reads for hardware virtualized domains alone.
    static let hardwareOnly: Set<String> = [
        "apic", "pae", "nx", "hpet", "vpt_align", "viridian", "xen_platform_pci", "acpi_s3", "acpi_s4", "acpi_laptop_slate", "bios",
        "bios_path_override", "firmware_override", "smbios_firmware", "acpi_firmware", "vga", "stdvga", "serial", "usb", "usbdevice",
        "usbversion", "hdtype", "soundhw", "vkb_device", "ms_vm_genid", "mmio_hole", "videoram", "boot", "nographic",
    ]

    static func sentence(for key: String, _ type: PoolModel.DomainType) -> String {
        switch key {
        case "device_model":
            return "The key device_model is not carried out, as xl does not: device_model_override names another device model."
        case _ where hardwareOnly.contains(key) && type != .hvm:
            return "The key \(key) is not carried out: it counts for hvm machines, and this one is \(type.rawValue)."
        case "timer_mode" where type == .pv: return "The key timer_mode is not carried out: Xen has no timer modes for pv machines."
        case "e820_host": return "The key e820_host is not carried out: it counts for pv machines, and this one is \(type.rawValue)."
        case _ where key.hasPrefix("pvshim"):
            return "The key \(key) is not carried out: it counts for pvh machines, and this one is \(type.rawValue)."
        default: return "The key \(ForeignText.shown(key, longest: 80)) is not carried out on Xen by this version, and kept."
        }
    }
}
