import PoolModel

/// What the Linux kernel calls this machine's CPUs. Under Xen, Domain-0's: those of the machine itself.
package struct LinuxProcessor: Hashable, Sendable {
    /// As ``ProcessorFacts/vendor``; empty where the kernel does not tell, as on ARM.
    package let vendor: String
    /// As ``ProcessorFacts/model``.
    package let model: String

    /// Reads anew.
    ///
    /// - Parameter processes: the folder of proc(5).
    package init(processes: String = "/proc") { self.init(cpuinfo: SystemFile.text("\(processes)/cpuinfo") ?? "") }

    /// Reads the text of /proc/cpuinfo, of which the first CPU counts.
    package init(cpuinfo text: String) {
        let lines = text.split(separator: "\n")
        func value(_ key: String) -> Substring? {
            for line in lines {
                guard let colon = line.firstIndex(of: ":") else { continue }
                if line[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ") == key { return line[colon...].dropFirst() }
            }
            return nil
        }
        vendor = ProcessorFacts.cleaned(value("vendor_id") ?? "", bytes: ProcessorFacts.vendorBytes)
        model = ProcessorFacts.cleaned(value("model name") ?? "", bytes: ProcessorFacts.modelBytes)
    }
}
