/// The bounds on what one configuration may hold, so that a hostile or broken file costs little time and memory.
package enum ConfigurationLimits {
    /// Bytes of UTF-8 in one text.
    package static let textBytes = 1_048_576
    /// Lists, dictionaries and parentheses inside one another.
    package static let nestingDepth = 16
    /// Elements of one list or dictionary, also when `+=` lengthens it.
    package static let listElements = 1_024
    /// Bytes of one string, also when `+=` or adjacency lengthens it. A kernel's command line is far shorter.
    package static let stringBytes = 65_536
    /// `KEY = value` statements in one text.
    package static let assignments = 8_192
    /// Warnings listed before the rest are only counted.
    package static let warnings = 256
    /// Bytes in the name of a domain.
    package static let nameBytes = 255
    /// Bytes in the name of a virtual device; `xvdaa15` is a long one.
    package static let virtualDeviceBytes = 64
    /// Memory in MiB: 16 TiB, the most that Xen gives one domain.
    package static let memoryMebibytes = 1...16_777_216
    /// Virtual CPUs: Xen's bound for paravirtualised domains, the larger of its bounds.
    package static let virtualCPUs = 1...8_192
    /// Virtual CPUs of a domain with hardware virtualisation, over which Xen refuses to build it.
    package static let hardwareVirtualCPUs = 128
    /// Scalars of the operator's text that one message quotes.
    static let quotedScalars = 60
}
