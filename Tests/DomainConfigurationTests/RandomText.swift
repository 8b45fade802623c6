/// Writes texts in either dialect from a seed: known and unknown keys, disks and interfaces in every form, right and wrong.
struct RandomText {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(state: seed) }

    mutating func text() -> String {
        var statements = ["name = 'vm'"]
        for _ in 0..<number(0...12) { statements.append(statement()) }
        return statements.shuffled(using: &generator).joined(separator: pick(["\n", " ; ", "  # c\n", "\r\n"]))
    }

    private mutating func statement() -> String {
        switch number(0...5) {
        case 0: "disk \(pick(["=", "+=", "="])) [ \((0..<number(0...3)).map { disk($0) }.joined(separator: ", ")) \(pick([",", ""]))]"
        case 1: "vif = [ \((0..<number(0...3)).map { _ in quoted(interface()) }.joined(separator: ",\n ")) ]"
        case 2:
            pick(["memory", "maxmem", "vcpus", "maxvcpus", "cap", "pae"]) + " = "
                + pick(["64", "'64'", "0x40", "0100", "64L", "None", "1", "True"])
        case 3:
            pick(["type = 'hvm'", "builder = 'hvm'", "builder = 'generic'", "type = ''", "builder = ''", "on_crash = 'rename_restart'"])
        case 4:
            pick(["kernel", "root", "extra", "cmdline", "boot", "OVM_description", "on_reboot", "vnc", "wibble"]) + " = "
                + literal(depth: 2)
        default:
            pick([
                "extra += 'x'", "vif += [ '' ]", "OVM_high_availability = " + pick(["True", "0", "'yes'", "''"]),
                "device_model = 'qemu-dm'",
            ])
        }
    }

    private mutating func disk(_ index: Int) -> String {
        let device = ["xvda", "hdb", "sdc1", "d3p1"][index]
        if number(0...9) == 0 { return "{ 'uname': 'phy:/a', 'dev': '\(device)', 'mode': '\(pick(["r", "w", "w!"]))' }" }
        let prefix = pick(["", "", "file:", "phy:", "tap:aio:", "tap2:tapdisk:", "qcow2:", "vhd:", "iscsi:", "drbd:", "ioemu:raw:"])
        var parts = [prefix + pick(["/a", "/dev/vg/v", "x", "", "/a b", "/a:b", "/é"])]
        if prefix.isEmpty || number(0...9) == 0 { parts.append(pick(["raw", "qcow2", "vhd", "", "qed"])) }
        parts.append(pick([device, device + ":cdrom", "ioemu:" + device, device]))
        parts.append(pick(["r", "ro", "w", "rw", "w!", "r!", ""]))
        let named = [
            "cdrom", "devtype=cdrom", "backend=b", "backendtype=phy", "script=s", "discard", "no-discard", "direct-io-safe", "trusted",
            "x=y",
        ]
        for _ in 0..<number(0...2) { parts.insert(pick(named), at: number(0...parts.count)) }
        return quoted(parts.joined(separator: pick([",", ", "])) + pick(["", "", ","]))
    }

    private mutating func interface() -> String {
        let parts = [
            "mac=00:16:3e:00:00:01", "mac=00-16-3E-00-00-02", "mac=", "bridge=b", "gatewaydev=g", "netdev=n", "type=netfront", "type=ioemu",
            "model=e1000", "vifname=v", "script=s", "ip=10.0.0.1", "backend=d", "rate=1MB/s@20ms", "rate=9b/s", "devid=3", "mtu=9000",
            "vlan=7", "vlan=009", "vlan=10p", "trusted", "untrusted", "trusted=0", "x=y", "flag", "",
        ]
        return (0..<number(0...5)).map { _ in pick(parts) }.joined(separator: pick([",", ", "]))
    }

    private mutating func literal(depth: Int) -> String {
        switch number(0...(depth > 0 ? 8 : 6)) {
        case 0: "''"
        case 1: quoted(pick(["a", "é", "a b", "#", ";"]))
        case 2: pick(["0", "12", "0x1F", "017", "-5", "1.5", "99999999999999999999"])
        case 3: pick(["True", "False", "None"])
        case 4: "u'\\xe9\\u20ac'"
        case 5: "r'C:\\d' 'x'"
        case 6: "\"\\\"\\\\\\n\\x41\\102\""
        case 7: "[ \((0..<number(0...3)).map { _ in literal(depth: depth - 1) }.joined(separator: ", ")) ]"
        default: "{ 'k': \(literal(depth: depth - 1)), 2: \(literal(depth: depth - 1)), }"
        }
    }

    private mutating func quoted(_ text: String) -> String { pick(["'\(text)'", "\"\(text)\"", "u'\(text)'"]) }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...(elements.count - 1))] }
}
