import PoolModel
import Testing

@Suite("What a server tells of its CPUs")
struct ProcessorTests {
    /// What `xl info` printed on a Xeon of 2017, and on an older one without AVX-512, TSX and MPX.
    private static let skylake = "bfebfbff:77fef3ff:2c100800:00000121:0000000f:d39ffffb:00000008:00000100"
    private static let haswell = "bfebfbff:77fef3ff:2c100800:00000021:00000001:000037ab:00000000:00000100"

    private static func facts(_ features: String = skylake, vendor: String = "GenuineIntel", nodes: Int = 1) -> ProcessorFacts? {
        ProcessorFeatures(features).flatMap {
            ProcessorFacts(
                vendor: vendor, model: "m", sockets: 1, coresPerSocket: 8, threadsPerCore: 2, nodes: nodes, features: $0,
                liveDomainTypes: [.hvm, .pv])
        }
    }

    @Test("the features are read and written as xl info prints them; no word is nothing known")
    func roundTripsFeatures() throws {
        let read = try #require(ProcessorFeatures(Self.skylake))

        #expect(read.words.count == 8 && read.words.first == 0xBFEB_FBFF)
        #expect(read.text == Self.skylake)
        #expect(ProcessorFeatures("") == .unknown && ProcessorFeatures.unknown.text.isEmpty)
        #expect(ProcessorFeatures("00000000:00000000") == .unknown)
    }

    @Test(
        "what is no list of words is refused",
        arguments: ["0", ":", "bfebfbff:", ":bfebfbff", "bfebfbff77fef3ff", "BFEBFBFF", "bfebfbf", "bfebfbfg", "bfebfbff 77fef3ff"])
    func refusesFeatures(text: String) { #expect(ProcessorFeatures(text) == nil) }

    @Test("at most 32 words are taken")
    func boundsFeatures() {
        let word = "00000001"

        #expect(ProcessorFeatures(Array(repeating: word, count: 32).joined(separator: ":"))?.words.count == 32)
        #expect(ProcessorFeatures(Array(repeating: word, count: 33).joined(separator: ":")) == nil)
        #expect(ProcessorFeatures(words: Array(repeating: 1, count: 33)) == nil)
    }

    @Test("what the older CPU lacks is named, in Xen's order; the newer lacks nothing")
    func comparesFeatures() throws {
        let (new, old) = (try #require(ProcessorFeatures(Self.skylake)), try #require(ProcessorFeatures(Self.haswell)))

        #expect(
            new.lacking(in: old) == [
                "3dnowpf", "xsavec", "xgetbv1", "xsaves", "rtm", "avx512f", "avx512dq", "rdseed", "adx", "smap", "clflushopt", "clwb",
                "avx512cd", "avx512bw", "avx512vl", "pku",
            ])
        #expect(old.lacking(in: new) == [])
        #expect(new.lacking(in: new) == [])
    }

    @Test("bits that no guest is given unasked, that Xen makes up, or that mean nothing are not compared")
    func masksFeatures() throws {
        // All bits of the eight words, and none but one that both have.
        let all = try #require(ProcessorFeatures(words: Array(repeating: .max, count: 8)))
        let least = try #require(ProcessorFeatures(words: [1] + Array(repeating: 0, count: 7)))

        let names = all.lacking(in: least)

        let never: Set = [
            "fpu", "apic", "psn", "ds", "htt", "tm", "ia64", "pbe", "monitor", "vmx", "smx", "est", "x2apic", "osxsave", "hyper", "cmp",
            "svm", "osvw", "ibs", "skinit", "topoext", "sgx", "hle", "mpx", "pqm", "ospke", "cet-ss", "movdiri", "itsc", ".",
        ]
        #expect(never.intersection(names) == [])
        #expect(names.count == 97 && Set(names).count == names.count)
        for expected in ["vme", "acpi", "ss", "sse3", "pcid", "avx", "rdrnd", "nx", "lm", "lahf_lm", "xsaves", "fsgsbase", "rdpid"] {
            #expect(names.contains(expected), "\(expected)")
        }
    }

    @Test("words that one of both does not tell, or that have no names here, are not compared")
    func leavesOutUnknown() throws {
        let eight = try #require(ProcessorFeatures(words: Array(repeating: .max, count: 8)))
        let one = try #require(ProcessorFeatures(words: [.max]))
        let ten = try #require(ProcessorFeatures(words: Array(repeating: .max, count: 10)))
        let tenWithout = try #require(ProcessorFeatures(words: Array(repeating: .max, count: 8) + [0, 0]))

        #expect(eight.lacking(in: one) == [])
        #expect(eight.lacking(in: .unknown) == [] && ProcessorFeatures.unknown.lacking(in: eight) == [])
        #expect(ten.lacking(in: tenWithout) == [])
    }

    @Test("a gap is what is lacking, or another maker; nothing known is no gap")
    func tellsGaps() throws {
        let (new, old) = (try #require(Self.facts()), try #require(Self.facts(Self.haswell)))
        let other = try #require(Self.facts(vendor: "AuthenticAMD"))
        let silent = try #require(Self.facts("", vendor: ""))

        #expect(new.gap(to: old)?.features.contains("avx512f") == true && new.gap(to: old)?.vendor == nil)
        #expect(old.gap(to: new) == nil)
        #expect(new.gap(to: other) == ProcessorGap(features: [], vendor: "AuthenticAMD"))
        #expect(other.gap(to: new) == ProcessorGap(features: [], vendor: "GenuineIntel"))
        #expect(new.gap(to: silent) == nil && silent.gap(to: new) == nil)
    }

    @Test("counts and texts out of bounds are refused, and the types are in the order of their declaration")
    func boundsFacts() {
        #expect(Self.facts()?.liveDomainTypes == [.pv, .hvm])
        #expect(Self.facts(nodes: 0) == nil && Self.facts(nodes: 65_537) == nil)
        #expect(Self.facts(vendor: "a\nb") == nil && Self.facts(vendor: "é") == nil)
        #expect(Self.facts(vendor: String(repeating: "x", count: 64)) != nil)
        #expect(Self.facts(vendor: String(repeating: "x", count: 65)) == nil)
    }

    @Test(
        "what a CPU calls itself is kept on one line of printable words",
        arguments: [
            ("  Intel(R)   Xeon(R)\tGold ", "Intel(R) Xeon(R) Gold"), ("\u{1B}[31mred", "[31mred"), ("é AMD", "AMD"), ("", ""),
            (" \n ", ""),
            (String(repeating: "x ", count: 100), String(repeating: "x ", count: 14) + "x"),
        ])
    func cleans(text: String, shown: String) { #expect(ProcessorFacts.cleaned(text, bytes: 30) == shown) }

    @Test("a paravirtualized domain moves live by shadow page tables only, the others by hardware assisted paging too")
    func tellsLiveTypes() {
        let all = DomainType.allCases

        #expect(ProcessorFacts.liveDomainTypes(of: all, hasShadow: true, hasHardwarePaging: false) == all)
        #expect(ProcessorFacts.liveDomainTypes(of: all, hasShadow: false, hasHardwarePaging: true) == [.pvh, .hvm])
        #expect(ProcessorFacts.liveDomainTypes(of: [.pv], hasShadow: false, hasHardwarePaging: true) == [])
        #expect(ProcessorFacts.liveDomainTypes(of: [.hvm], hasShadow: true, hasHardwarePaging: true) == [.hvm])
    }
}
