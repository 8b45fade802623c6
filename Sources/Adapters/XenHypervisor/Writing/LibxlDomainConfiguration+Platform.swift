import CXenLight

extension LibxlDomainConfiguration {
    func writePlatform(_ platform: PlatformPlan) throws(XenRefusal) {
        set(\.b_info.acpi, platform.acpi)
        set(\.b_info.nested_hvm, platform.nestedVirtualization)
        set(\.b_info.localtime, platform.localTime)
        set(\.b_info.disable_migrate, platform.disablesMigration)
        if let offset = platform.clockOffset { pointer.pointee.b_info.rtc_timeoffset = UInt32(bitPattern: Int32(clamping: offset)) }
        if let mode = platform.timestampMode { pointer.pointee.b_info.tsc_mode = Self.code(of: mode) }
        if let mode = platform.timerMode { pointer.pointee.b_info.timer_mode = Self.code(of: mode) }
        if let channels = platform.eventChannels { pointer.pointee.b_info.event_channels = UInt32(clamping: channels) }
        if let frames = platform.grantFrames { pointer.pointee.b_info.max_grant_frames = UInt32(clamping: frames) }
        if let frames = platform.mapTrackFrames { pointer.pointee.b_info.max_maptrack_frames = UInt32(clamping: frames) }
        writeDeviceModel(platform)
        try writeFeatures(platform.processorFeatures)
        if platform.hostMemoryMap != nil { set(\.b_info.u.pv.e820_host, platform.hostMemoryMap) }
        guard pointer.pointee.c_info.type == LIBXL_DOMAIN_TYPE_PVH else { return }
        set(\.b_info.u.pvh.pvshim, platform.shim)
        pointer.pointee.b_info.u.pvh.pvshim_path = XenMemory.copy(platform.shimPath)
        pointer.pointee.b_info.u.pvh.pvshim_cmdline = XenMemory.copy(platform.shimCommandLine)
        pointer.pointee.b_info.u.pvh.pvshim_extra = XenMemory.copy(platform.shimExtra)
    }

    private func writeDeviceModel(_ platform: PlatformPlan) {
        switch platform.deviceModelVersion {
        case .traditional: pointer.pointee.b_info.device_model_version = LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN_TRADITIONAL
        case .current: pointer.pointee.b_info.device_model_version = LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN
        case nil: break
        }
        pointer.pointee.b_info.device_model = XenMemory.copy(platform.deviceModel)
        pointer.pointee.b_info.device_model_user = XenMemory.copy(platform.deviceModelUser)
        pointer.pointee.b_info.extra = XenMemory.copy(platform.deviceModelArguments)
        pointer.pointee.b_info.extra_pv = XenMemory.copy(platform.deviceModelArgumentsPV)
        pointer.pointee.b_info.extra_hvm = XenMemory.copy(platform.deviceModelArgumentsHVM)
    }

    private func writeFeatures(_ features: PlatformPlan.ProcessorFeatures?) throws(XenRefusal) {
        let (lines, parse) =
            switch features {
            case nil: ([String](), library.libxl.libxl_cpuid_parse_config)
            case .leaves(let leaves): (leaves, library.libxl.libxl_cpuid_parse_config_xend)
            case .flags(let flags): (flags, library.libxl.libxl_cpuid_parse_config)
            }
        for line in lines where parse(&pointer.pointee.b_info.cpuid, line) != 0 {
            // xl prints a message and starts the domain with features that it should not have: it may then not run elsewhere.
            throw XenRefusal(
                cause: "Xen does not understand the line \(ForeignText.shown(line, longest: 80)) of cpuid.",
                cure: "Correct it: a leaf such as 1:edx= and 32 of 0, 1, x, k and s, or after \"host\" a feature such as tm=0.")
        }
    }

    private static func code(of mode: PlatformPlan.TimestampMode) -> libxl_tsc_mode {
        switch mode {
        case .standard: LIBXL_TSC_MODE_DEFAULT
        case .alwaysEmulate: LIBXL_TSC_MODE_ALWAYS_EMULATE
        case .native: LIBXL_TSC_MODE_NATIVE
        case .nativeParavirtualized: LIBXL_TSC_MODE_NATIVE_PARAVIRT
        }
    }

    private static func code(of mode: PlatformPlan.TimerMode) -> libxl_timer_mode {
        switch mode {
        case .delayForMissedTicks: LIBXL_TIMER_MODE_DELAY_FOR_MISSED_TICKS
        case .noDelayForMissedTicks: LIBXL_TIMER_MODE_NO_DELAY_FOR_MISSED_TICKS
        case .noMissedTicksPending: LIBXL_TIMER_MODE_NO_MISSED_TICKS_PENDING
        case .oneMissedTickPending: LIBXL_TIMER_MODE_ONE_MISSED_TICK_PENDING
        }
    }
}
