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
    mutating func readCommandLine(into settings: inout DomainSettings) throws(DomainConfigurationError) {
        let root = try text("root")
        let extra = try text("extra")
        settings.rootDevice = root?.value
        settings.extraArguments = extra?.value
        settings.wholeCommandLine = try text("cmdline")?.value
        guard settings.wholeCommandLine != nil else { return }
        for (key, ignored) in [("root", root), ("extra", extra)] {
            if let ignored { warnings.add("The key \(key) is ignored because of cmdline, which counts; it is kept.", at: ignored.position) }
        }
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
