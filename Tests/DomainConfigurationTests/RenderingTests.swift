import DomainConfiguration
import Testing

@Suite("Writing a configuration")
struct RenderingTests {
    private let text = """
        name = "a\\"b"; memory = '64'; vcpus = 2; on_crash = 'preserve'
        disk = [ 'phy:/x,xvda,w!' ]
        vif = [ 'mac=00-16-3E-00-00-01,rate=1MB/s,vlan=7' ]
        wibble = [ 1, 'two', [ ] ]
        OVM_high_availability = True
        """

    @Test("what somebody else has to say is among the warnings, in the order of the text; of very many, the rest are counted")
    func addsWarnings() throws {
        let configuration = try DomainConfigurationText.parse("name = 'a'; memory = 64\nwibble = 1\nwobble = 2", file: "t.cfg")
        let more = (0..<300).map { ConfigurationWarning(line: 2, column: 1, message: "more \($0)") }

        let few = configuration.adding(Array(more.prefix(1))).warnings
        let many = configuration.adding(more).warnings

        #expect(few.map(\.line) == [2, 2, 3] && few[1].message == "more 0")
        #expect(many.count == 2 + 256 + 1 && many[257].message == "44 more warnings are not listed.")
    }

    @Test("JSON has xl.cfg's keys, disks and interfaces as objects, numbers as numbers, and the warnings")
    func json() throws {
        let json = try DomainConfigurationText.parse(text, file: "t.cfg").jsonText()

        #expect(
            json == """
                {
                  "name": "a\\"b",
                  "type": "pv",
                  "memory": 64,
                  "maxmem": 64,
                  "vcpus": 2,
                  "maxvcpus": 2,
                  "on_crash": "preserve",
                  "disk": [
                    {
                      "target": "/x",
                      "format": "raw",
                      "vdev": "xvda",
                      "access": "w!",
                      "cdrom": false
                    }
                  ],
                  "vif": [
                    {
                      "mac": "00:16:3e:00:00:01",
                      "rate": "8Mb/s",
                      "vlan": 7,
                      "rate_kilobits": 8000
                    }
                  ],
                  "wibble": [
                    1,
                    "two",
                    []
                  ],
                  "OVM_high_availability": true,
                  "warnings": [
                    {
                      "line": 2,
                      "column": 10,
                      "message": "The disk prefix \\"phy:\\" is deprecated; the path alone, with format= and script=, says the same."
                    },
                    {
                      "line": 2,
                      "column": 10,
                      "message": "The access w! is xm's for a disk that domains share; xl refuses the \\"!\\", so it is given as w."
                    },
                    {
                      "line": 4,
                      "column": 1,
                      "message": "The key wibble is unknown, and kept; look for a slip of the pen."
                    }
                  ]
                }

                """)
    }

    @Test("the canonical text is xl.cfg in the order given, the defaults last, and can leave out what xl cannot read")
    func canonical() throws {
        let configuration = try DomainConfigurationText.parse(text, file: "t.cfg")

        #expect(
            configuration.canonicalText(for: .xl) == """
                name = "a\\"b"
                memory = 64
                vcpus = 2
                on_crash = "preserve"
                disk = [ "format=raw, vdev=xvda, access=rw, target=/x" ]
                vif = [ "mac=00:16:3e:00:00:01,rate=8Mb/s,vlan=7" ]
                wibble = [ 1,
                           "two",
                           [ ] ]
                # OVM_high_availability = 1
                type = "pv"

                """)
        #expect(
            configuration.canonicalText().contains("access=w!") && configuration.canonicalText().contains("\nOVM_high_availability = 1\n"))
    }

    @Test("the summary has one column of labels, and shows no control character")
    func summary() throws {
        let summary = try DomainConfigurationText.parse(text + "\nextra = 'a\\x1b[2Jb'", file: "t.cfg").summaryText()

        #expect(
            summary == """
                name               a"b
                type               pv
                memory             64 MiB
                virtual CPUs       2
                high availability  yes
                command line       a\\u{1b}[2Jb
                on crash           preserve
                disk xvda          /x, raw, shared, read and write
                vif 0              00:16:3e:00:00:01, default bridge, rate 8Mb/s, vlan 7
                wibble             1,two,
                warning: t.cfg:2:10: The disk prefix "phy:" is deprecated; the path alone, with format= and script=, says the same.
                warning: t.cfg:2:10: The access w! is xm's for a disk that domains share; xl refuses the "!", so it is given as w.
                warning: t.cfg:4:1: The key wibble is unknown, and kept; look for a slip of the pen.

                """)
    }

    @Test("a key called warnings does not hide the warnings, nor control characters escape from JSON")
    func strayWarnings() throws {
        let json = try configuration("warnings = '\\x01\\x7f'").jsonText()

        #expect(json.contains("\"key:warnings\": \"\\u0001\\u007f\",") && json.contains("\"warnings\": [\n"))
    }

    @Test(
        "odd values survive writing and reading",
        arguments: [
            "a = -5; b = 1.5; c = 99999999999999999999; d = None; e = {'x': [1, {'y': 2}]}",
            "a = 'tab\\t nl\\n cr\\r quote\\\" \\\\ \\x7f é'",
            "disk = [ 'vdev=xvda,target=/a,,' ]; vif = [ '', 'flag', 'x=y=z' ]",
            "pae = 'x'; cpus = 3; vfb = 'type=vnc'; hap = True; cap = -1",
            "disk = [ '/a,,xvda,wibble=,active-disk=x' ]; boot = 5; bootloader_args = 7",
        ])
    func oddRoundTrip(_ lines: String) throws {
        let first = try configuration(lines)

        let again = try DomainConfigurationText.parse(first.canonicalText(), file: "t.cfg")

        #expect(again.settings == first.settings)
    }
}
