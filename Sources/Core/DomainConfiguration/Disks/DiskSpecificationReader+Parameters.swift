extension DiskSpecificationReader {
    /// A `target=` takes everything up to the end; only one last comma is dropped, as xl does.
    mutating func readRest(_ text: Substring) throws(DomainConfigurationError) {
        let target = text.utf8.last == UInt8(ascii: ",") ? Substring(text.utf8.dropLast()) : text
        try setTarget(target)
    }

    mutating func setTarget(_ value: Substring) throws(DomainConfigurationError) {
        // An empty target may be followed by a named one.
        if given.contains(.target) && !disk.target.isEmpty && disk.target != value { throw refuseSecond("target", value) }
        given.insert(.target)
        disk.target = String(value)
    }

    mutating func setFormat(_ value: Substring) throws(DomainConfigurationError) {
        let format: DiskConfiguration.Format
        if let known = DiskConfiguration.Format(rawValue: String(value)) {
            format = known
        } else if value.isEmpty {
            return
        } else if value == "empty" {
            format = .raw
        } else {
            throw refusal(
                found: "the disk format \(DisplayText.quoted(value))",
                expected: "raw, qcow, qcow2, vhd or qed (TARGET,FORMAT,VDEV,ACCESS)")
        }
        if given.contains(.format) && disk.format != format { throw refuseSecond("format", value) }
        given.insert(.format)
        disk.format = format
    }

    /// Takes `xvda`, and xm's `hdc:cdrom` and `ioemu:hda`.
    mutating func setVirtualDevice(_ value: Substring) throws(DomainConfigurationError) {
        var device = value
        if let rest = device.dropping(prefix: "ioemu:") {
            device = rest
            note("The prefix ioemu: of the device \(DisplayText.quoted(device)) is xm's, and dropped.")
        }
        if let colon = device.lastIndex(ofByte: ":") {
            let type = device[device.utf8.index(after: colon)...]
            device = device[..<colon]
            note(
                "The spelling \(DisplayText.quoted(value)) is deprecated; write the device and devtype=cdrom apart."
            )
            try setDeviceType(type)
        }
        guard !device.isEmpty else { return }
        guard Self.isPlain(device), device.utf8.count <= ConfigurationLimits.virtualDeviceBytes else {
            throw refusal(
                found: "the virtual device \(DisplayText.quoted(device))", expected: "a name such as xvda, hdc, sda1 or d0p1")
        }
        if !Self.looksLikeDevice(device) {
            note("The virtual device \(DisplayText.quoted(device)) is none of xvd*, hd*, sd*, vd*, d*p* or a number; xl may refuse it.")
        }
        if given.contains(.virtualDevice) && disk.virtualDevice != device { throw refuseSecond("virtual device", device) }
        given.insert(.virtualDevice)
        disk.virtualDevice = String(device)
    }

    mutating func setDeviceType(_ value: Substring) throws(DomainConfigurationError) {
        switch value {
        case "cdrom": setCDROM(true)
        case "disk": setCDROM(false)
        case "": return
        default:
            throw refusal(found: "the device type \(DisplayText.quoted(value))", expected: "devtype=cdrom, or nothing for a disk")
        }
    }

    mutating func setCDROM(_ isCDROM: Bool) {
        noteSecond(.deviceType, "device type", isChanged: disk.isCDROM != isCDROM)
        disk.isCDROM = isCDROM
    }

    mutating func setDiscard(_ discards: Bool) {
        noteSecond(.discard, "discard", isChanged: disk.discards != discards)
        disk.discards = discards
    }

    mutating func setTrust(_ isTrusted: Bool) {
        noteSecond(.trust, "trust", isChanged: disk.isTrusted != isTrusted)
        disk.isTrusted = isTrusted
    }

    /// Of two that contradict each other the last one counts, as in xl.
    private mutating func noteSecond(_ parameter: Parameter, _ name: String, isChanged: Bool) {
        guard !given.insert(parameter).inserted, isChanged else { return }
        note("The disk's \(name) is given twice; the last one counts.")
    }

    mutating func setAccess(_ value: Substring) throws(DomainConfigurationError) {
        let access: DiskConfiguration.Access
        switch value {
        case "r", "ro": access = .read
        case "w", "rw", "": access = .write
        case "w!", "rw!": access = .sharedWrite
        case "r!", "ro!": access = .sharedRead
        default:
            throw refusal(
                found: "the disk access \(DisplayText.quoted(value))", expected: "ro, rw, or w! for a disk that several domains share")
        }
        if given.contains(.access) && disk.access != access { note("The disk's access is given twice; the last one counts.") }
        if access.isShared {
            note("The access \(value) is xm's for a disk that domains share; xl refuses the \"!\", so it is given as \(value.dropLast()).")
        }
        if !value.isEmpty { given.insert(.access) }
        disk.access = access
    }

    mutating func setBackendType(_ value: Substring) throws(DomainConfigurationError) {
        guard let type = DiskConfiguration.BackendType(rawValue: String(value)) else {
            if value.isEmpty { return }
            throw refusal(found: "the disk backend \(DisplayText.quoted(value))", expected: "phy, qdisk, standalone or tap")
        }
        if given.contains(.backendType) && disk.backendType != type { throw refuseSecond("backendtype", value) }
        given.insert(.backendType)
        disk.backendType = type
    }

    mutating func setSpecification(_ value: Substring) throws(DomainConfigurationError) {
        guard value == "xen" || value == "virtio" else {
            if value.isEmpty { return }
            throw refusal(found: "the disk specification \(DisplayText.quoted(value))", expected: "xen or virtio")
        }
        disk.specification = try once(.specification, disk.specification, value)
    }

    /// The value of a parameter that may be given only once; an empty one leaves the default.
    mutating func once(
        _ parameter: Parameter, _ earlier: String?, _ value: Substring
    ) throws(DomainConfigurationError) -> String? {
        if value.isEmpty { return earlier }
        if let earlier, earlier != value { throw refuseSecond("\(parameter)", value) }
        given.insert(parameter)
        return String(value)
    }

    private func refuseSecond(_ what: String, _ value: Substring) -> DomainConfigurationError {
        refusal(found: "a second \(what) in one disk, \(DisplayText.quoted(value))", expected: "each disk parameter once")
    }

    private static func isPlain(_ device: Substring) -> Bool {
        device.utf8.allSatisfy {
            TextScanner.isWordPart($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".")
        }
    }

    /// Whether `device` has one of the forms of xen-vbd-interface(7).
    static func looksLikeDevice(_ device: Substring) -> Bool {
        if case .integer(let number, _) = Numeral(device) { return number >= 0 }
        let bytes = Array(device.utf8)
        for prefix in ["xvd", "hd", "sd", "vd", "fd"] where device.hasPrefix(prefix) {
            let letters = bytes.dropFirst(prefix.utf8.count).prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
            let digits = bytes.dropFirst(prefix.utf8.count + letters.count)
            if (1...3).contains(letters.count) && digits.count <= 5 && digits.allSatisfy(TextScanner.isDigit) { return true }
        }
        guard bytes.first == UInt8(ascii: "d"), bytes.count > 1 else { return false }
        let parts = bytes.dropFirst().split(separator: UInt8(ascii: "p"), maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(TextScanner.isDigit) }
    }
}
