import PoolModel
import PoolStateMachine

/// What a text must look like.
struct OpenAPITextForm: Sendable {
    /// An ECMA 262 regular expression for the whole text.
    var pattern: String?
    /// The only texts that it may be.
    var words: [String] = []
    /// In Unicode scalars, as JSON Schema counts.
    var length: ClosedRange<Int>?
    var format: String?
    let example: String

    static let serverName = OpenAPITextForm(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", example: "alpha")
    static let machineName = OpenAPITextForm(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$", example: "web01")
    static let newMachineName = OpenAPITextForm(pattern: machineName.pattern, example: "web02")
    /// 32 bytes in base64url without padding.
    static let secret = OpenAPITextForm(pattern: "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", example: String(repeating: "A", count: 43))
    /// A disk's name in its domain.
    static let virtualDevice = OpenAPITextForm(pattern: "^[A-Za-z0-9][A-Za-z0-9/._-]{0,63}$", example: "xvdb")
    /// A MAC address, or a place in the list of interfaces.
    static let interfaceName = OpenAPITextForm(
        pattern: "^([0-9]{1,2}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5})$", example: "00:16:3e:2a:4c:8d")
    static let diskElement = OpenAPITextForm(length: 1...8_192, example: "phy:/dev/vg/data,xvdb,w")
    static let interfaceElement = OpenAPITextForm(length: 0...8_192, example: "bridge=xenbr0")
    static let mediumPath = OpenAPITextForm(pattern: "^/[^\u{0}-\u{1F}\u{7F}]{0,4094}$", example: "/OVS/iso_pool/debian.iso")
    static let tagKey = OpenAPITextForm(pattern: "^[A-Za-z0-9._/-]{1,128}$", example: "owner/team")
    static let tagPrefix = OpenAPITextForm(pattern: "^[A-Za-z0-9._/-]{0,128}$", example: "owner/")
    /// Its bound is one of bytes, which JSON Schema cannot count.
    static let tagValue = OpenAPITextForm(example: "web")
    static let ruleName = OpenAPITextForm(pattern: serverName.pattern, example: "spread-web")
    /// `KEY` or `KEY=VALUE`; the value's bound is one of bytes, too.
    static let tagSelector = OpenAPITextForm(pattern: "^[A-Za-z0-9._/-]{1,128}(=[\\s\\S]*)?$", example: "role=web")
    static let uuid = OpenAPITextForm(
        pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", format: "uuid",
        example: "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d10")
    /// `HOST:PORT`.
    static let address = OpenAPITextForm(pattern: "^[A-Za-z0-9._-]{1,240}:[1-9][0-9]{0,3}$", example: "10.0.0.1:4443")
    /// Control characters are refused in paths and queries.
    static let printable = OpenAPITextForm(pattern: "^[^\u{0}-\u{1F}\u{7F}]*$", example: "web")
    /// The same in a query.
    static let selectingTag = OpenAPITextForm(pattern: "^[A-Za-z0-9._/-]{1,128}(=[^\u{0}-\u{1F}\u{7F}]*)?$", example: "role=web")
    static let eventObject = kindAndName(EventFilter.objectKinds, example: "vm/web01")
    static let eventPrincipal = kindAndName(EventFilter.principalKinds, example: "operator/admin")
    static let eventKinds = wordsByCommas(PoolEventKind.allCases.map(\.rawValue), example: "vm-placed,vm-stopping")
    /// A time of day and a day that every month has.
    static let time = OpenAPITextForm(
        pattern: "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{3})?Z$",
        format: "date-time", example: "2011-06-28T08:05:09.120Z")
    /// What a page of the pool's state says as next.
    static let stateCursor = OpenAPITextForm(
        pattern: "^[1-9][0-9]{0,17}/((server|vm|rule)/NAME|tag/NAME/[A-Za-z0-9._/-]{1,128})$"
            .replacing("NAME", with: "[A-Za-z0-9][A-Za-z0-9._-]{0,79}"),
        example: "117/vm/web01")
    static let processorVendor = OpenAPITextForm(pattern: "^[ -~]{0,\(ProcessorFacts.vendorBytes)}$", example: "GenuineIntel")
    static let processorModel = OpenAPITextForm(
        pattern: "^[ -~]{0,\(ProcessorFacts.modelBytes)}$", example: "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz")
    static let processorFeatures = OpenAPITextForm(
        pattern: "^([0-9a-f]{8}(:[0-9a-f]{8}){0,\(ProcessorFeatures.mostWords - 1)})?$",
        example: "bfebfbff:77fef3ff:2c100800:00000121:0000000f:d39ffffb:00000008:00000100")
    static let entityTags = OpenAPITextForm(pattern: "^([*]|(W/)?\"[!#-~]*\")?$", example: "\"117-9f86d081884c7d65\"")
    /// Its bound is one of bytes.
    static let reason = OpenAPITextForm(example: "planned work on rack 7")
    static let serverNames = OpenAPITextForm(
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(,[A-Za-z0-9][A-Za-z0-9._-]{0,62}){0,63}$", example: "alpha")
    static let configuration = OpenAPITextForm(length: 1...65_536, example: "name = \"web02\"\nmemory = 256\nvcpus = 1\n")

    /// One of a few words, the first of them the example.
    static func word(_ words: String...) -> OpenAPITextForm { OpenAPITextForm(words: words, example: words.first ?? "") }

    /// A kind, a name, or both with a slash between; not neither.
    private static func kindAndName(_ kinds: [String], example: String) -> OpenAPITextForm {
        let text = "[^\u{0}-\u{1F}\u{7F}]"
        return OpenAPITextForm(
            pattern: "^((\(kinds.joined(separator: "|")))/\(text)*|/\(text)+|[^/\u{0}-\u{1F}\u{7F}]+)$", example: example)
    }

    private static func wordsByCommas(_ words: [String], example: String) -> OpenAPITextForm {
        let word = "(\(words.joined(separator: "|")))"
        return OpenAPITextForm(pattern: "^(\(word)(,\(word))*)?$", example: example)
    }

    /// What the form adds to a schema of the type string.
    func members(isNullable: Bool) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        if let pattern { members.append(("pattern", .text(pattern))) }
        if let format { members.append(("format", .text(format))) }
        if let length {
            members += [("minLength", .number(length.lowerBound)), ("maxLength", .number(length.upperBound))]
        }
        if !words.isEmpty { members.append(("enum", .list(words.map { .text($0) } + (isNullable ? [.null] : [])))) }
        return members
    }
}
