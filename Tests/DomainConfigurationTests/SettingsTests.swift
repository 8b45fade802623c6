import DomainConfiguration
import Testing

@Suite("What the keys mean")
struct SettingsTests {
    @Test(
        "a wrong value is refused with its place",
        arguments: [
            ("memory = 0", "2:10: Found memory = 0."), ("memory = -1", "2:10: Found memory = -1."),
            ("memory = '12x'", "2:10: Found memory = \"12x\"."),
            ("memory = 1000000000000000000000000000000", "2:10: Found memory = 1000000000000000000000000000000."),
            ("memory = 1.5", "2:10:"),
            ("memory = [1]", "2:10: Found memory = a list."), ("memory = True", "2:10:"),
            ("maxmem = 32", "2:10: Found maxmem = 32, less than memory = 64."),
            ("vcpus = 0", "2:9: Found vcpus = 0."), ("vcpus = 8193", "2:9:"),
            ("vcpus = 4; maxvcpus = 2", "2:23: Found maxvcpus = 2, less than vcpus = 4."),
            ("name = 'a/b'", "2:8: Found the name \"a/b\"."), ("name = 'a\\nb'", "2:8:"), ("name = ''", "2:8: Found an empty name."),
            ("name = ' a'", "2:8:"),
            ("name = '..'", "2:8:"), ("name = u'a\\u202eb'", "2:8:"), ("name = ['a']", "2:8: Found a list for name."),
            ("uuid = 'xyz'", "2:8: Found the UUID"),
            ("uuid = '0004fb00-0006-0000-a1c3-e7d29b5f4c0'", "2:8:"), ("type = 'xen'", "2:8: Found the domain type \"xen\"."),
            ("builder = 'x'", "2:11:"),
            ("on_crash = 'explode'", "2:12: Found on_crash = \"explode\". Write one of destroy"),
            ("OVM_high_availability = 'maybe'", "2:25:"),
            ("disk = 5", "2:8: Found a number in disk."), ("disk = [ ['a'] ]", "2:10: Found a list in disk."), ("kernel = [1]", "2:10:"),
            ("vif = [ 1 ]", "2:9:"),
        ])
    func refused(_ line: String, _ expected: String) {
        let message = refusal("name = 't'; memory = 64\n\(line)")

        #expect(message?.hasPrefix("t.cfg:\(expected)") == true, "\(message ?? "accepted")")
    }

    @Test("a name is the one key that every domain needs")
    func needsName() throws {
        let message = refusal("memory = 64\n")
        let alone = try DomainConfigurationText.parse("name = 'a'", file: "t.cfg")

        #expect(message?.hasPrefix("t.cfg:2:1: Found no name in the whole configuration.") == true)
        #expect(alone.settings.memoryMebibytes == 32 && alone.settings.virtualCPUs == 1 && alone.settings.domainType == .paravirtualized)
        #expect(alone.warnings.count == 1)
    }

    @Test("maxmem without memory, and maxvcpus without vcpus, count for both")
    func maximaAlone() throws {
        let settings = try DomainConfigurationText.parse("name = 'a'; maxmem = 512; maxvcpus = 3", file: "t.cfg").settings

        #expect(settings.memoryMebibytes == 512 && settings.maximumMemoryMebibytes == 512 && settings.virtualCPUs == 3)
    }

    @Test("a UUID is brought to lower case and dashes")
    func uuid() throws {
        let settings = try configuration("uuid = '0004FB0000060000A1C3E7D29B5F4C08'").settings

        #expect(settings.uuid == "0004fb00-0006-0000-a1c3-e7d29b5f4c08")
    }

    @Test(
        "type counts before builder",
        arguments: [
            ("builder = 'hvm'", DomainType.hardwareVirtualized), ("builder = 'linux'", .paravirtualized),
            ("type='pvh'; builder='hvm'", .pvh),
        ])
    func domainType(_ line: String, _ expected: DomainType) throws {
        let settings = try configuration(line).settings

        #expect(settings.domainType == expected)
    }

    @Test(
        "cmdline counts before root and extra",
        arguments: [
            ("root = '/dev/a ro'", "root=/dev/a ro"), ("root = '/dev/a'; extra = 'x'", "root=/dev/a x"), ("extra = 'x'", "x"),
            ("cmdline = 'c'; root = 'r'; extra = 'x'", "c"),
        ])
    func commandLine(_ line: String, _ expected: String) throws {
        let settings = try configuration(line).settings

        #expect(settings.commandLine == expected)
    }

    @Test("every event takes every action, with underscores too")
    func actions() throws {
        for event in DomainEvent.allCases {
            for action in DomainAction.allCases {
                let spelling = String(action.rawValue.map { $0 == "-" ? "_" : $0 })

                let plain = try configuration("\(event.key) = '\(action.rawValue)'").settings.actions
                let old = try configuration("\(event.key) = '\(spelling)'").settings.actions

                #expect(plain[event: event] == action && old == plain)
            }
        }
    }

    @Test(
        "what is accepted but odd earns a warning in its place",
        arguments: [
            ("wibble = 1", 2, 1, "The key wibble is unknown, and kept; look for a slip of the pen."),
            ("dhcp = 'on'", 2, 1, "The key dhcp is xm's, and xl ignores it; it is kept."),
            ("pae = 7", 2, 7, "The key pae should be a number from 0 to 1, not 7; it is kept."),
            ("cpu_weight = 'x'", 2, 14, "The key cpu_weight should be a number from 1 to 65535, not \"x\"; it is kept."),
            ("vcpus = 010", 2, 9, "\"010\" is octal because of its leading zero, and means 8."),
            ("vcpus = '010'", 2, 9, "The number vcpus is octal because of its leading zero, and means 8."),
            ("vnuma = None", 2, 1, "None for vnuma means that it is not given."),
            ("pci = [ 'a' 'b' ]", 2, 13, "Two strings side by side are joined into one; a comma may be missing between them."),
            ("boot = 'xyz'", 2, 8, "The boot order \"xyz\" has letters other than c (disk), d (CD), n (network) and a (floppy)."),
            ("vif = 'bridge=b'", 2, 7, "The key vif should be a list; its value is taken as a list of one."),
            ("root = 'r'; cmdline = 'c'", 2, 8, "The key root is ignored because of cmdline, which counts; it is kept."),
            ("type = 'hvm'; vcpus = 129", 2, 23, "Xen gives a hvm domain at most 128 virtual CPUs, not 129."),
            (
                "on_reboot = 'rename-restart'", 2, 13,
                "The pool does not do on_reboot = \"rename-restart\" yet: it restarts, and keeps no old domain beside the new one."
            ),
            ("on_crash = 'soft-reset'", 2, 12, "The pool does not do on_crash = \"soft-reset\" yet: it restarts."),
            (
                "on_watchdog = 'restart'", 2, 15,
                "The pool does not do on_watchdog = \"restart\": that event counts as what on_crash is about."
            ),
            (
                "on_soft_reset = 'soft-reset'", 2, 17,
                "The pool does not do on_soft_reset = \"soft-reset\": that event counts as what on_reboot is about."
            ),
            ("name = '12'", 2, 8, "The name 12 is a number, which xl's commands take for a domain's number."),
            (
                "vif = [ 'mac=00:16:3e:00:00:01',\n 'mac=00163e000001' ]", 3, 2,
                "The MAC address 00:16:3e:00:00:01 is given to two interfaces of this domain."
            ),
            (
                "OVM_domain_type = 'xen_hvm'", 2, 19,
                "OVM_domain_type is \"xen_hvm\", but the domain is pv; write type = \"hvm\" if that is meant."
            ),
        ])
    func warned(_ line: String, _ number: Int, _ column: Int, _ message: String) throws {
        let warnings = try configuration(line).warnings

        #expect(warnings.contains(ConfigurationWarning(line: number, column: column, message: message)), "\(warnings)")
    }

    @Test("a key that is known and in order earns none")
    func silent() throws {
        let warnings = try configuration(
            """
            cpus = ["2", "3-8,^5"]; cpu_weight = "512"; vnuma = [ ["pnode=0", "size=64"] ]
            serial = ['pty', 'null']; pci = ['01:00.0']; spice = 1; hap = True; rtc_timeoffset = -3600; OVM_description = 'x'
            """
        ).warnings

        #expect(warnings == [])
    }

    @Test("what a pool must know is drawn from the settings")
    func requirements() throws {
        let settings = try configuration(
            "vcpus = 2; disk = ['/a,,xvda', '/b,,xvdb,w!', ',hdc:cdrom,r', 'vg/x,,xvdd,r']; vif = ['bridge=b,rate=1MB/s', '']"
        ).settings

        let requirements = settings.requirements

        #expect(requirements.memoryMebibytes == 64 && requirements.virtualCPUs == 2 && requirements.domainType == .paravirtualized)
        #expect(
            requirements.disks == [
                .init(path: "/a", isWritten: true, isShared: false), .init(path: "/b", isWritten: true, isShared: true),
                .init(path: "/dev/vg/x", isWritten: false, isShared: false),
            ])
        #expect(requirements.interfaces == [.init(bridge: "b", kilobitsPerSecond: 8_000), .init(bridge: nil, kilobitsPerSecond: nil)])
    }
}
