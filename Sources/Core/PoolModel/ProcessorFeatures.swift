/// The features of a server's CPUs, as Xen counts them: words of bits (`cpufeatureset.h`), of which `xl info` prints the first eight as
/// `hw_caps`.
package struct ProcessorFeatures: Hashable, Sendable {
    /// In Xen's order; none where the server tells of none, as an ARM server does.
    package let words: [UInt32]

    /// The most words; Xen 4.17 tells eight of its 18.
    package static let mostWords = 32

    package static let unknown = ProcessorFeatures()

    private init() { words = [] }

    /// Nil for more words than can be. Words without a bit are none at all.
    package init?(words: [UInt32]) {
        guard words.count <= Self.mostWords else { return nil }
        self.words = words.contains { $0 != 0 } ? words : []
    }

    /// Reads `xxxxxxxx:xxxxxxxx`, small hexadecimal digits, as `xl info` prints it; nothing is no word.
    package init?(_ text: String) {
        guard !text.utf8.isEmpty else {
            self = .unknown
            return
        }
        guard text.utf8.count < Self.mostWords * 9 else { return nil }
        var words: [UInt32] = []
        for part in text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            guard part.count == 8 else { return nil }
            var word: UInt32 = 0
            for byte in part {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): word = word << 4 | UInt32(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"): word = word << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
                default: return nil
                }
            }
            words.append(word)
        }
        self.init(words: words)
    }

    /// As `xl info` prints it.
    package var text: String {
        words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined(separator: ":")
    }

    /// What virtual machines may be given here and `other` lacks, by `xen-cpuid`'s names, in Xen's order.
    ///
    /// Words that one of both does not tell are left out, and so is what no guest is given unasked: whether it is there keeps nothing from
    /// moving.
    package func lacking(in other: ProcessorFeatures) -> [String] {
        var names: [String] = []
        for (word, (here, there)) in zip(words, other.words).enumerated() where word < Self.givenNames.count {
            let missing = here & ~there
            guard missing != 0 else { continue }
            for bit in 0..<32 where missing & (1 << UInt32(bit)) != 0 {
                if let name = Self.givenNames[word][bit] { names.append(name) }
            }
        }
        return names
    }

    /// The names of the bits that guests are given by default: those that `cpufeatureset.h` of Xen 4.17 marks A, S or H, but for apic, htt,
    /// x2apic, hyper and cmp, which Xen makes up for every guest. A dot is a bit that none is given (monitor, ds, tm, osxsave), that has no
    /// meaning, or that only an operator's word gives (vmx, svm, itsc).
    private static let givenNames: [[String?]] = [
        // 1d: CPUID 0x00000001.edx.
        """
        fpu vme de pse tsc msr pae mce cx8 . . sysenter mtrr pge mca cmov
        pat pse36 . clflush . . acpi mmx fxsr sse sse2 ss . . . .
        """,
        // 1c: CPUID 0x00000001.ecx.
        """
        sse3 pclmulqdq . . . . . . . ssse3 . . fma cx16 . .
        . pcid . sse41 sse42 . movebe popcnt tsc-dl aesni xsave . avx f16c rdrnd .
        """,
        // e1d: CPUID 0x80000001.edx.
        """
        . . . . . . . . . . . syscall . . . .
        . . . . nx . mmx+ . . fxsr+ pg1g rdtscp . lm 3dnow+ 3dnow
        """,
        // e1c: CPUID 0x80000001.ecx.
        """
        lahf_lm . . . cr8d lzcnt sse4a msse 3dnowpf . . xop . . . .
        fma4 . . . . tbm . . . . dbx . . . . .
        """,
        // Da1: CPUID 0x0000000d:1.eax.
        """
        xsaveopt xsavec xgetbv1 xsaves . . . . . . . . . . . .
        . . . . . . . . . . . . . . . .
        """,
        // 7b0: CPUID 0x00000007:0.ebx.
        """
        fsgsbase tsc-adj . bmi1 . avx2 . smep bmi2 erms invpcid rtm . . . .
        avx512f avx512dq rdseed adx smap avx512-ifma . clflushopt clwb . avx512pf avx512er avx512cd sha avx512bw avx512vl
        """,
        // 7c0: CPUID 0x00000007:0.ecx.
        """
        prefetchwt1 avx512_vbmi umip pku . . avx512_vbmi2 . gfni vaes vpclmulqdq avx512_vnni avx512_bitalg . avx512_vpopcntdq .
        . . . . . . rdpid . . cldemote . . . . . .
        """,
        // e7d: CPUID 0x80000007.edx.
        """
        . . . . . . . . . . . . . . . .
        . . . . . . . . . . . . . . . .
        """,
    ].map { text in
        let names = text.split { $0 == " " || $0 == "\n" }.map { $0 == "." ? nil : String($0) }
        precondition(names.count == 32, "a word of CPU features has \(names.count) bits")
        return names
    }
}
