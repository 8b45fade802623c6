/// Reads one disk string: positional and named parameters, and the prefixes of xm (xl-disk-configuration(5)).
struct DiskSpecificationReader {
    let file: String
    let position: SourcePosition
    var disk = DiskConfiguration()
    private(set) var notes: [String] = []
    /// The parameters that have a value, by place or by name.
    var given: Set<Parameter> = []
    /// The places that are used up, be it by nothing between two commas.
    private var placed: Set<Parameter> = []
    private var hasPrefix = false

    /// The parameters that may be given once, by place or by name.
    enum Parameter: Hashable {
        case target, format, virtualDevice, access, backend, backendType, script, specification, deviceType, discard, trust
    }

    init(file: String, position: SourcePosition) {
        self.file = file
        self.position = position
    }

    /// Reads the whole of `text`.
    mutating func read(_ text: String) throws(DomainConfigurationError) {
        var rest = text[...]
        while true {
            rest = rest.withoutLeadingSpaces
            if rest.isEmpty { break }
            if let target = rest.dropping(prefix: "target=") {
                try readRest(target)
                break
            }
            let end = rest.firstIndex(ofByte: ",") ?? rest.endIndex
            let parameter = rest[..<end].trimmed
            try readParameter(given.contains(.target) ? parameter : readPrefixes(parameter))
            rest = end == rest.endIndex ? rest[end...] : rest[rest.utf8.index(after: end)...]
        }
        try finish()
    }

    /// Reads a dictionary, whose keys are xl's, or xend's `uname`, `dev` and `mode`.
    mutating func read(_ entries: [ConfigurationEntry]) throws(DomainConfigurationError) {
        for entry in entries {
            let value = String(SettingValue(entry.value).flatText[...].trimmed)
            guard Self.isName(entry.key[...]), entry.key == "target" || entry.key == "uname" || !value.utf8.contains(UInt8(ascii: ","))
            else {
                throw refusal(
                    found: "the disk parameter \(DisplayText.quoted(entry.key)) with \(DisplayText.quoted(value))",
                    expected: "a word for the parameter, and a value without commas")
            }
            if entry.key == "target" || entry.key == "uname" {
                try setTarget(entry.key == "uname" ? readPrefixes(value[...]) : value[...])
            } else {
                try readNamed(entry.key, value[...])
            }
        }
        try finish()
    }

    private mutating func readParameter(_ parameter: Substring) throws(DomainConfigurationError) {
        if let equals = parameter.firstIndex(ofByte: "="), Self.isName(parameter[..<equals]) {
            try readNamed(String(parameter[..<equals]), parameter[parameter.utf8.index(after: equals)...])
        } else if !readFlag(parameter) {
            try readPositional(parameter)
        }
    }

    private mutating func readFlag(_ parameter: Substring) -> Bool {
        switch parameter {
        case "cdrom": setCDROM(true)
        case "discard": setDiscard(true)
        case "no-discard": setDiscard(false)
        case "direct-io-safe": disk.isDirectIOSafe = true
        case "trusted": setTrust(true)
        case "untrusted": setTrust(false)
        case "colo", "no-colo": disk.others.append(DeviceParameter(key: String(parameter), value: nil))
        default: return false
        }
        return true
    }

    private mutating func readNamed(_ key: String, _ value: Substring) throws(DomainConfigurationError) {
        if value.isEmpty && Self.emptyMeansDefault.contains(key) {
            note("The disk parameter \(key) is empty, which leaves the default; it is not kept.")
        }
        switch key {
        // Behind a prefix, a named target ends with its parameter.
        case "target": try setTarget(value)
        case "format": try setFormat(value)
        case "vdev", "dev": try setVirtualDevice(value)
        case "access", "mode": try setAccess(value)
        case "devtype": try setDeviceType(value)
        case "backend": disk.backendDomain = try once(.backend, disk.backendDomain, value)
        case "backendtype": try setBackendType(value)
        case "script": disk.script = try once(.script, disk.script, value)
        case "specification": try setSpecification(value)
        case "trusted" where value == "1" || value == "0": setTrust(value == "1")
        case "discard" where value == "1" || value == "0": setDiscard(value == "1")
        default:
            let isKnown = key.hasPrefix("colo-") || ["active-disk", "hidden-disk", "grant_usage"].contains(key)
            if !isKnown { note("The disk parameter \(DisplayText.quoted(key)) is unknown and kept; xl may refuse it.") }
            disk.others.append(DeviceParameter(key: key, value: String(value)))
        }
    }

    private static let emptyMeansDefault: Set<String> = [
        "format", "vdev", "dev", "devtype", "backend", "backendtype", "script", "specification",
    ]

    /// A parameter without a name goes to the first place that is still free.
    private mutating func readPositional(_ value: Substring) throws(DomainConfigurationError) {
        if isFree(.target) {
            try setTarget(value)
        } else if isFree(.format) && !hasPrefix {
            placed.insert(.format)
            if value.firstIndex(ofByte: ":") != nil {
                // xend's `x,ioemu:hda,w` and its empty drive, `,hdc:cdrom,r`, have no format.
                placed.insert(.virtualDevice)
                try setVirtualDevice(value)
            } else if isFree(.virtualDevice) && Self.looksLikeDevice(value) {
                note("The disk has no format between target and device; raw is taken. xl needs the place, if only empty.")
                placed.insert(.virtualDevice)
                try setVirtualDevice(value)
            } else {
                try setFormat(value)
            }
        } else if isFree(.virtualDevice) {
            let isFormat = value.isEmpty ? isFree(.format) : DiskConfiguration.Format(rawValue: String(value)) != nil
            if hasPrefix && isFormat {
                placed.insert(.format)
                try setFormat(value)
            } else {
                placed.insert(.virtualDevice)
                try setVirtualDevice(value)
            }
        } else if !placed.contains(.access) {
            placed.insert(.access)
            try setAccess(value)
        } else if hasPrefix && !given.contains(.backend) {
            note("The place after access is xm's backend domain; write backend= before \(DisplayText.quoted(value)) for xl.")
            disk.backendDomain = try once(.backend, nil, value)
        } else {
            throw refusal(
                found: "a disk with too many parameters, from \(DisplayText.quoted(value)) on",
                expected: "TARGET,FORMAT,VDEV,ACCESS, and target=... last if the path has a comma")
        }
    }

    /// Whether a parameter without a name may still be this one.
    private func isFree(_ place: Parameter) -> Bool { !given.contains(place) && !placed.contains(place) }

    mutating func note(_ message: String) { notes.append(message) }

    func refusal(found: String, expected: String) -> DomainConfigurationError {
        DomainConfigurationError(file: file, at: position, found: found, expected: expected)
    }
}

extension DiskSpecificationReader {
    /// The prefixes of xm that named a driver, which xl chooses by itself.
    private static let ignoredPrefixes: Set<Substring> = ["file", "phy", "tap", "tap2", "aio", "tapdisk", "ioemu"]

    /// Strips `tap:aio:` and the like, which may be chained, and takes what they mean.
    private mutating func readPrefixes(_ text: Substring) throws(DomainConfigurationError) -> Substring {
        var rest = text
        var stripped: [Substring] = []
        while let colon = rest.firstIndex(ofByte: ":") {
            let prefix = rest[..<colon]
            let after = rest[rest.utf8.index(after: colon)...]
            let isIgnored = Self.ignoredPrefixes.contains(prefix)
            if !isIgnored, let format = DiskConfiguration.Format(rawValue: String(prefix)), format != .qed {
                try setFormat(prefix)
            } else if !isIgnored, ["iscsi", "nbd", "enbd", "drbd"].contains(prefix) {
                disk.script = try once(.script, disk.script, "block-\(prefix)")
            } else if !isIgnored, Self.isName(prefix), after.utf8.first == UInt8(ascii: "/") {
                throw refusal(
                    found: "the unknown disk prefix \(DisplayText.quoted(prefix))",
                    expected: "a path with format= and backendtype= where they matter, or target=... if the colon belongs to it")
            } else if !isIgnored {
                break
            }
            hasPrefix = true
            if stripped.count < ConfigurationLimits.nestingDepth { stripped.append(prefix) }
            rest = after
        }
        if !stripped.isEmpty {
            let prefixes = stripped.map { "\($0):" }.joined()
            note("The disk prefix \(DisplayText.quoted(prefixes)) is deprecated; the path alone, with format= and script=, says the same.")
        }
        return rest
    }

    private mutating func finish() throws(DomainConfigurationError) {
        guard !disk.virtualDevice.isEmpty else {
            throw refusal(
                found: "a disk without a virtual device", expected: "its name in the domain, such as xvda, as third parameter or vdev=xvda")
        }
        guard !disk.target.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw refusal(found: "a disk target with a control character", expected: "the path as it is on the server")
        }
        if disk.target.isEmpty && !disk.isCDROM {
            note("The disk \(disk.virtualDevice) has no target and is taken as an empty CD drive; write devtype=cdrom.")
            disk.isCDROM = true
        }
        guard disk.isCDROM, disk.access != .read else { return }
        if given.contains(.access) {
            note("The CD drive \(disk.virtualDevice) is given to write, but a CD can only be read.")
        }
        disk.access = .read
    }

    /// Whether `text` can be the name of a parameter, so that `=` after it is not a part of a path.
    static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, TextScanner.isWordStart(first) else { return false }
        return text.utf8.allSatisfy { TextScanner.isWordPart($0) || $0 == UInt8(ascii: "-") }
    }
}
