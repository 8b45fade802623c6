import DomainConfiguration
import PoolModel

/// What a domain is told of the computer it runs on.
package struct PlatformPlan: Hashable, Sendable {
    /// `tsc_mode` (libxl_tsc_mode).
    package enum TimestampMode: String, Hashable, Sendable, CaseIterable {
        case standard = "default"
        case alwaysEmulate = "always_emulate"
        case native
        case nativeParavirtualized = "native_paravirt"
    }

    /// `timer_mode` (libxl_timer_mode).
    package enum TimerMode: String, Hashable, Sendable, CaseIterable {
        case delayForMissedTicks = "delay_for_missed_ticks"
        case noDelayForMissedTicks = "no_delay_for_missed_ticks"
        case noMissedTicksPending = "no_missed_ticks_pending"
        case oneMissedTickPending = "one_missed_tick_pending"
    }

    /// `cpuid`: the features of its CPUs.
    package enum ProcessorFeatures: Hashable, Sendable {
        /// xm's form, one leaf a line: `1:edx=xx..`.
        case leaves([String])
        /// libxl's form after `host`: `tm=0`.
        case flags([String])
    }

    /// `device_model_version`.
    package enum DeviceModelVersion: String, Hashable, Sendable, CaseIterable {
        case traditional = "qemu-xen-traditional"
        case current = "qemu-xen"
    }

    package var acpi: Bool?
    package var hap: Bool?
    package var nestedVirtualization: Bool?
    package var localTime: Bool?
    /// Seconds that the domain's clock is ahead of the server's.
    package var clockOffset: Int?
    package var timestampMode: TimestampMode?
    package var timerMode: TimerMode?
    package var processorFeatures: ProcessorFeatures?
    package var deviceModelVersion: DeviceModelVersion?
    package var deviceModel: String?
    package var deviceModelUser: String?
    package var deviceModelArguments: [String]
    package var deviceModelArgumentsPV: [String]
    package var deviceModelArgumentsHVM: [String]
    package var disablesMigration: Bool?
    package var eventChannels: Int?
    package var grantFrames: Int?
    package var mapTrackFrames: Int?
    /// pv: the server's memory map.
    package var hostMemoryMap: Bool?
    /// pvh: run a pv kernel inside.
    package var shim: Bool?
    package var shimPath: String?
    package var shimCommandLine: String?
    package var shimExtra: String?

    init(type: PoolModel.DomainType, keys: inout ConfigurationKeys) {
        acpi = keys.flag("acpi")
        hap = keys.flag("hap")
        nestedVirtualization = keys.flag("nestedhvm")
        localTime = keys.flag("localtime")
        clockOffset = keys.number("rtc_timeoffset", -Int(Int32.max)...Int(Int32.max))
        timestampMode = keys.choice("tsc_mode", of: TimestampMode.self)
        timerMode = type == .pv ? nil : keys.choice("timer_mode", of: TimerMode.self)
        processorFeatures = Self.features(&keys)
        deviceModelVersion = keys.choice("device_model_version", of: DeviceModelVersion.self)
        deviceModel = keys.text("device_model_override")
        deviceModelUser = keys.text("device_model_user")
        deviceModelArguments = keys.texts("device_model_args")
        deviceModelArgumentsPV = keys.texts("device_model_args_pv")
        deviceModelArgumentsHVM = keys.texts("device_model_args_hvm")
        disablesMigration = keys.flag("nomigrate")
        eventChannels = keys.number("max_event_channels", 0...131_071)
        grantFrames = keys.number("max_grant_frames", 0...Int(Int32.max))
        mapTrackFrames = keys.number("max_maptrack_frames", 0...Int(Int32.max))
        hostMemoryMap = type == .pv ? keys.flag("e820_host") : nil
        guard type == .pvh else { return }
        shim = keys.flag("pvshim")
        shimPath = keys.text("pvshim_path")
        shimCommandLine = keys.text("pvshim_cmdline")
        shimExtra = keys.text("pvshim_extra")
    }

    private static func features(_ keys: inout ConfigurationKeys) -> ProcessorFeatures? {
        switch keys.take("cpuid") {
        case nil, .text(""): return nil
        case .list(let elements): return .leaves(elements.map(\.flatText))
        case .some(let value):
            let words = value.flatText.split(separator: ",").map { $0.filter { $0 != " " } }
            guard words.first == "host" else {
                keys.warnShape("cpuid", "a list such as [ '1:edx=xxxx..' ], or a string that begins with \"host\"")
                return nil
            }
            return .flags(Array(words.dropFirst()))
        }
    }
}
