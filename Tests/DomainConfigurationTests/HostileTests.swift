import DomainConfiguration
import Testing

@Suite("Hostile texts")
struct HostileTests {
    /// A text of one unit over and over; a failed test shows the unit and not the whole.
    struct Filled: Sendable, CustomTestStringConvertible {
        let unit: String
        let start: String
        let end: String

        var text: String {
            let count = (ConfigurationLimits.textBytes - start.utf8.count - end.utf8.count) / unit.utf8.count
            return start + String(repeating: unit, count: count) + end
        }

        var testDescription: String { "\(start)\(unit)...\(end)" }
    }

    private static func filled(_ unit: String, start: String = "", end: String = "") -> Filled {
        Filled(unit: unit, start: start, end: end)
    }

    @Test(
        "a mebibyte of one thing is refused by a named limit",
        arguments: [
            (filled("[", start: "a = "), "1:21: Found more than 16 brackets"),
            (filled("(", start: "a = "), "1:21: Found more than 16 brackets"),
            (filled("{'a':", start: "a = "), "1:85: Found more than 16 brackets"),
            (filled("x", start: "a = '", end: "'"), "1:5: Found a string of more than"),
            (filled("''", start: "a = [", end: "]"), ""), (filled("1,", start: "a = [", end: "]"), "1:2054: Found more than 1024 elements"),
            (filled("a=1\n"), "8193:1: Found more than 8192 assignments"), (filled("a", end: "=1"), "1:1: Found a key of"),
            (filled("a+=[1]\n"), "8193:1:"), (filled("9", start: "memory = "), "1:10:"),
            (filled("'a' ", start: "a = "), "1:5: Found a string of more than"),
            (filled("#"), "1:1048577: Found no name"),
            (filled("\n"), ""), (filled(";"), ""), (filled("\\\n"), ""), (filled("a."), "1:1: Found the expression"),
            (filled("é", start: "a = "), "1:5:"),
            (filled("tap:", start: "name='a';disk=['", end: "/a']"), "1:"), (filled("0", start: "a = 0x"), "1:5:"),
            (filled("-", start: "a = "), "1:5:"),
        ])
    func limits(_ filled: Filled, _ expected: String) {
        let message = refusal(filled.text)

        #expect(message?.hasPrefix("t.cfg:\(expected)") == true, "\(message?.prefix(200) ?? "accepted")")
        #expect((message?.utf8.count ?? 0) < 1_000)
    }

    @Test("a text of more than a mebibyte is not read at all")
    func tooLong() {
        let text = String(repeating: " ", count: ConfigurationLimits.textBytes + 1)

        #expect(refusal(text)?.hasPrefix("t.cfg:1:1: Found a text of more than 1048576 bytes.") == true)
    }

    @Test("the forms that no sample has are accepted as they stand")
    func exoticIsAccepted() {
        #expect(refusal(Self.exotic) == nil)
    }

    @Test("long device strings and many appended lists are read in linear time")
    func longDevices() throws {
        let parameters = String(repeating: "backend=b,", count: 6_000)
        let prefixes = String(repeating: "tap:", count: 15_000)
        let disks = (0..<7).map { "'\(parameters)vdev=xvd\("abcdefg".dropFirst($0).first ?? "a"),target=/x'" }
        let text =
            "disk = [\(disks.joined(separator: ",")), '\(prefixes)/a,xvdz,w']\n" + String(repeating: "vif += ['mtu=1500']\n", count: 1_000)

        let settings = try configuration(text).settings

        #expect(settings.disks.count == 8 && settings.interfaces.count == 1_000)
    }

    @Test("warnings are counted beyond their limit, not listed")
    func manyWarnings() throws {
        let warnings = try configuration(String(repeating: "wibble = 1\n", count: 8_000)).warnings

        #expect(warnings.count == ConfigurationLimits.warnings + 1)
        #expect(warnings.last?.message == "7744 more warnings are not listed.")
    }

    /// Forms that no sample has.
    private static let exotic = """
        name = 'x'; memory = 0100; maxmem = '0x100L'; uuid = '0004FB0000060000A1C3E7D29B5F4C08'
        disk = [ { 'uname': 'tap:qcow2:/a', 'dev': 'hda', 'mode': 'w!' }, 'iscsi:iqn,xvdb', '/c,qed,xvdc,ro!,backendtype=qdisk,no-discard,colo' ]
        vif = ( { 'mac': '00163e000001', 'rate': '1Mb/s@2' }, 'netdev=e,ip=10.0.0.1 10.0.0.2,trusted=1,devid=4,flag,x=y=z,vlan=10p', )
        a = { 'k': [ 1, -2, { 'n': None } ], 3: 4.5 }; b = u'\\xe9\\u20ac'; c = 'x' "y" r'\\z'
        b += '\\x41\\101'; root = '/dev/x'; extra = \"\"\"a
        b\"\"\"; viridian = [ 'base' ]; rtc_timeoffset = -3600; OVM_high_availability = 'yes'; d = None
        """

    @Test(
        "a changed sample never crashes, and what is accepted survives writing and reading",
        arguments: Samples.accepted + ["refused.cfg", "exotic"])
    func mutations(_ name: String) throws {
        let original = name == "exotic" ? Array(Self.exotic.utf8) : try Samples.bytes(name)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(state: seed)
        let pieces = [
            "'", "\"", "[", "]", "{", "}", "(", ",", ":", "=", "+=", ";", "#", "\n", "\\", "\\x0", "u'", "True", "None", "-", "0",
            "9999999999", "target=", "tap:", "\u{301}", "!",
        ]

        for round in 0..<400 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: Array((pieces.randomElement(using: &generator) ?? "'").utf8), at: place)
                default: bytes.removeSubrange(place..<min(place + Int.random(in: 1...40, using: &generator), bytes.count))
                }
                if bytes.isEmpty { bytes = [0x0A] }
            }

            guard let first = try? DomainConfigurationText.parse(bytes: bytes, file: name) else { continue }
            let again = try? DomainConfigurationText.parse(first.canonicalText(), file: name)

            #expect(again?.settings == first.settings, "seed \(seed), round \(round)")
            #expect(!first.jsonText().isEmpty && !first.summaryText().isEmpty)
        }
    }
}
