/// A domain as its configuration describes it: every key that the pool understands in a field, the others as they are.
///
/// Positions and spellings are left out, so that two texts that say the same in the same order give equal settings.
package struct DomainSettings: Hashable, Sendable {
    /// `name`: the domain's name, without slashes and control characters.
    package var name: String
    /// `uuid` in lower case with dashes; nil lets the pool choose one.
    package var uuid: String?
    /// `type`, or `builder` where there is none.
    package var domainType = DomainType.paravirtualized
    /// `memory` in MiB (1,048,576 bytes): what the domain starts with.
    package var memoryMebibytes = defaultMemoryMebibytes
    /// `maxmem` in MiB: what it may grow to; never below `memoryMebibytes`.
    package var maximumMemoryMebibytes = defaultMemoryMebibytes
    /// `vcpus`: the virtual CPUs online at the start.
    package var virtualCPUs = 1
    /// `maxvcpus`; never below `virtualCPUs`.
    package var maximumVirtualCPUs = 1
    /// `kernel`: a path on the server.
    package var kernel: String?
    /// `ramdisk`: a path on the server.
    package var ramdisk: String?
    /// `cmdline`: the kernel's whole command line, which counts before `root` and `extra`.
    package var wholeCommandLine: String?
    /// `root`: the kernel's root device, and whatever else was written after it.
    package var rootDevice: String?
    /// `extra`: further words of the kernel's command line.
    package var extraArguments: String?
    /// `bootloader`: a program on the server that finds the kernel inside the domain's disk.
    package var bootloader: String?
    /// `boot`: the letters of the devices tried, in order (c disk, d CD, n network).
    package var boot: String?
    /// What becomes of the domain when it ends.
    package var actions = DomainActions()
    /// `disk`, in order.
    package var disks: [DiskConfiguration] = []
    /// `vif`, in order: an element's index is its device number unless it says otherwise.
    package var interfaces: [InterfaceConfiguration] = []
    /// The keys of Oracle's tools.
    package var oracle = OracleSettings()
    /// Every other key in the order given, known or not; also a key that has a field, but came with an empty string.
    package var others: [ConfigurationSetting] = []
    /// Every key in the order in which it is written: as the text first gave them, then the defaults that a text should name.
    package var keyOrder: [String] = []

    /// The settings of a domain with nothing but a name: xl's defaults.
    package init(name: String) {
        self.name = name
    }

    /// libxl's default, which is next to nothing.
    package static let defaultMemoryMebibytes = 32

    /// The kernel's command line: `cmdline`, or `root=` and `extra` put together where there is none.
    package var commandLine: String? {
        if let wholeCommandLine { return wholeCommandLine }
        guard let rootDevice else { return extraArguments }
        return extraArguments.map { "root=\(rootDevice) \($0)" } ?? "root=\(rootDevice)"
    }
}

/// How a domain is virtualised (xl.cfg(5), `type`).
package enum DomainType: String, Hashable, Sendable, CaseIterable {
    /// Paravirtualised: a kernel built for Xen.
    case paravirtualized = "pv"
    /// Hardware virtualisation without an emulated computer around it.
    case pvh
    /// Hardware virtualisation with emulated firmware and devices.
    case hardwareVirtualized = "hvm"
}

/// The keys that Oracle's tools add to a vm.cfg.
package struct OracleSettings: Hashable, Sendable {
    /// `OVM_simple_name`: the name people use, where `name` is an identifier.
    package var simpleName: String?
    /// `OVM_high_availability`: whether the pool restarts the machine elsewhere; nil when the file does not say.
    package var highAvailability: Bool?
    /// `OVM_domain_type`, such as `xen_hvm_pv_drivers`.
    package var domainType: String?
    /// `OVM_os_type`, such as `Oracle Linux 5`.
    package var operatingSystem: String?
    /// `OVM_description`.
    package var summary: String?
    /// `OVM_cpu_compat_group`.
    package var cpuCompatibilityGroup: String?
    /// `guest_os_type`, such as `linux`.
    package var guestOperatingSystem: String?

    /// Settings that say nothing.
    package init() {}
}
