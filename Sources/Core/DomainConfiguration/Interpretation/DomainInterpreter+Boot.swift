extension DomainInterpreter {
    mutating func readKernel(_ domainType: DomainType) throws(DomainConfigurationError) -> String? {
        guard let kernel = try text("kernel") else { return nil }
        if domainType == .hardwareVirtualized,
            kernel.value.utf8.split(separator: UInt8(ascii: "/")).last?.elementsEqual("hvmloader".utf8) == true
        {
            warnings.add("The kernel hvmloader is xm's way to start an hvm domain; it is kept, and xl ignores it.", at: kernel.position)
        }
        return kernel.value
    }

    /// `cmdline` counts before `root` and `extra`, which xl puts together as `root=ROOT EXTRA`.
    mutating func readCommandLine() throws(DomainConfigurationError) -> String? {
        let root = try text("root")
        let extra = try text("extra")
        if let commandLine = try text("cmdline") {
            for (key, ignored) in [("root", root), ("extra", extra)] {
                if let ignored { warnings.add("The key \(key) is ignored because of cmdline, which counts.", at: ignored.position) }
            }
            return commandLine.value
        }
        guard let root else { return extra?.value }
        return extra.map { "root=\(root.value) \($0.value)" } ?? "root=\(root.value)"
    }

    mutating func readBoot(_ domainType: DomainType) throws(DomainConfigurationError) -> String? {
        guard let boot = try text("boot") else { return nil }
        if !boot.value.utf8.allSatisfy({ "acdn".utf8.contains($0) }) {
            warnings.add(
                "The boot order \(DisplayText.quoted(boot.value)) has letters other than c (disk), d (CD), n (network) and a (floppy).",
                at: boot.position)
        }
        return boot.value
    }
}
