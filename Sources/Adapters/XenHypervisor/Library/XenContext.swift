import CXenLight
import PoolModel

/// A libxl context, for one call: nothing that a call leaves behind can trouble another, and what libxl says belongs to one call.
final class XenContext {
    let library: XenLibrary
    let handle: OpaquePointer
    private let log: CallLog
    private let logger: UnsafeMutablePointer<ovm_logger>

    /// Opens the ways to the hypervisor and to xenstore.
    init(_ library: XenLibrary) throws(XenFailure) {
        self.library = library
        log = CallLog()
        logger = .allocate(capacity: 1)
        // The log outlives the context, as both belong to this object.
        ovm_logger_init(
            logger,
            { context, level, _, text in
                guard let context else { return }
                Unmanaged<CallLog>.fromOpaque(context).takeUnretainedValue().add(String(cString: text), level: level)
            }, Unmanaged.passUnretained(log).toOpaque())
        var context: OpaquePointer?
        let base = UnsafeMutableRawPointer(logger).assumingMemoryBound(to: xentoollog_logger.self)
        let code = library.libxl.libxl_ctx_alloc(&context, LIBXL_VERSION, 0, base)
        guard code == 0, let context else {
            let cause = log.cause
            logger.deallocate()
            throw XenFailure("be reached", code: code, name: Self.name(of: code, library), log: cause)
        }
        handle = context
        library.libxl.libxl_childproc_setmode(context, ovm_childproc(), nil)
    }

    deinit {
        _ = library.libxl.libxl_ctx_free(handle)
        logger.deallocate()
    }

    /// Fails where `code` is not 0.
    ///
    /// - Parameter action: what was to be done, after "could not".
    func require(_ code: Int32, _ action: String) throws(XenFailure) {
        guard code == 0 else { throw failure(code, action) }
    }

    func failure(_ code: Int32, _ action: String) -> XenFailure {
        XenFailure(action, code: code, name: Self.name(of: code, library), log: log.cause)
    }

    private static func name(of code: Int32, _ library: XenLibrary) -> String {
        // libxl's table has none for a code that it does not know.
        guard let text = library.libxl.libxl_error_to_string(libxl_error(rawValue: libxl_error.RawValue(code))) else { return "\(code)" }
        return "ERROR_" + String(cString: text).uppercased()
    }
}

extension XenContext {
    /// Xen's version and capabilities (`xl info`).
    struct Version {
        /// Such as `4.17.7-pre`.
        let text: String
    }

    func version() throws(XenFailure) -> Version {
        // The structure belongs to the context.
        guard let info = library.libxl.libxl_get_version_info(handle)?.pointee else { throw failure(-3, "tell its version") }
        let extra = info.xen_version_extra.map { String(cString: $0) } ?? ""
        return Version(text: ForeignText.shown("\(info.xen_version_major).\(info.xen_version_minor)\(extra)", longest: 64))
    }

    /// Which CPUs there are, and the NUMA node of each, by the CPU's number; nil for a CPU that is not there.
    func topology() throws(XenFailure) -> XenTopology {
        var count: Int32 = 0
        guard let list = library.libxl.libxl_get_cpu_topology(handle, &count) else { throw failure(-3, "tell its CPUs") }
        defer { library.libxl.libxl_cputopology_list_free(list, count) }
        let invalid = UInt32.max
        return XenTopology(nodes: (0..<Int(max(0, count))).map { list[$0].core == invalid ? nil : Int(list[$0].node) })
    }
}
