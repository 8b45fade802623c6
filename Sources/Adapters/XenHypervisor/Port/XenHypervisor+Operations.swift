import AgentCore
import CXenLight
import Glibc
import PoolModel
import Synchronization

extension XenHypervisor {
    func carryOut(_ operation: DomainOperation, _ context: XenContext) throws(XenFailure) -> DomainOperationResult {
        let libxl = library.libxl
        let uuid = try operation.domain.map { (domain) throws(XenFailure) in try requireOwnership(of: domain, operation.words, context) }
        switch operation {
        case .createPaused(let specification): try create(specification, context)
        case .unpause(let domain):
            try requireWhole(domain, operation.words)
            try consumeImage(of: domain, operation.words)
            try context.require(libxl.libxl_domain_unpause(context.handle, domain, nil), operation.words)
        case .pause(let domain): try context.require(libxl.libxl_domain_pause(context.handle, domain, nil), operation.words)
        case .shutdown(let domain):
            try ask(libxl.libxl_domain_shutdown(context.handle, domain, nil), domain, LIBXL_TRIGGER_POWER, operation.words, context)
        case .reboot(let domain):
            try ask(libxl.libxl_domain_reboot(context.handle, domain, nil), domain, LIBXL_TRIGGER_RESET, operation.words, context)
        case .resize(let domain, let memory, let virtualCPUs): try resize(domain, memory, virtualCPUs, operation.words, context)
        case .changeDevice(let domain, let change): try changeDevice(domain, change, operation.words, context)
        case .destroy(let domain):
            try context.require(libxl.libxl_domain_destroy(context.handle, domain, nil), operation.words)
            if let uuid { try XenStore(library).remove(OwnershipRecord.buildingPath(of: uuid)) }
        case .suspend(let domain, let image): try suspend(domain, to: image, operation.words, context)
        case .unsuspend(let domain): try unsuspend(domain, operation.words, context)
        case .removeImage(let image): try remove(image, operation.words)
        case .sendDomain, .receiveDomain: throw XenFailure(operation.words, reason: "a domain moves over a stream, and none was given")
        case .dumpCore(let domain): return .dumped(path: try dumpCore(of: domain, operation.words, context))
        }
        return .done
    }

    /// Refuses a domain that does not bear the mark of a pool: the agent never touches what the pool did not create.
    ///
    /// - Returns: the domain's UUID.
    @discardableResult
    func requireOwnership(of domain: UInt32, _ what: String, _ context: XenContext) throws(XenFailure) -> UniqueIdentifier {
        guard domain != 0 else { throw XenFailure(what, reason: "it is Domain-0") }
        var info = libxl_dominfo()
        try context.require(library.libxl.libxl_domain_info(context.handle, &info, domain), what)
        let uuid = Self.uuid(of: info)
        library.libxl.libxl_dominfo_dispose(&info)
        guard ownership(of: domain, uuid, try XenStore(library)) != nil else {
            throw XenFailure(what, reason: "it bears no mark of the pool, and so is left alone")
        }
        return uuid
    }

    /// Refuses to let a domain run whose building was cut short by the end of an agent: it lacks devices, or memory.
    private func requireWhole(_ domain: UInt32, _ what: String) throws(XenFailure) {
        guard try XenStore(library).bytes("/local/domain/\(domain)/\(OwnershipRecord.builtNode)", longest: 1) != nil else {
            throw XenFailure(what, reason: "it was never built to its end, so it can only be destroyed")
        }
    }

    /// A guest with Xen's drivers is asked through xenstore, another by pressing the button of its emulated computer.
    private func ask(
        _ code: Int32, _ domain: UInt32, _ trigger: libxl_trigger, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        guard code == ERROR_NOPARAVIRT.rawValue else { return try context.require(code, what) }
        try context.require(library.libxl.libxl_send_trigger(context.handle, domain, trigger, 0, nil), what)
    }

    private func resize(
        _ domain: UInt32, _ amount: Mebibytes, _ virtualCPUs: Int, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        let code = library.libxl.libxl_set_memory_target(context.handle, domain, Int64(amount.count) * 1_024, 0, 1)
        try context.require(code, what)
        try XenStore(library).write(String(amount.count), to: "/local/domain/\(domain)/\(OwnershipRecord.memoryNode)")
        guard virtualCPUs > 0 else { throw XenFailure(what, reason: "a domain needs a virtual CPU") }
        var online = XenMemory.bitmap(Array(0..<virtualCPUs), size: virtualCPUs)
        defer { free(online.map) }
        try context.require(library.libxl.libxl_set_vcpuonline(context.handle, domain, &online, nil), what)
    }
}

extension XenHypervisor {
    /// - Parameter stream: where the memory of a domain comes from that moves here; nil for one that boots, or goes on from an image.
    func create(_ specification: DomainSpecification, from stream: Int32? = nil, _ context: XenContext) throws(XenFailure) {
        let what = DomainOperation.createPaused(specification).words
        let configuration: LibxlDomainConfiguration
        do throws(XenRefusal) {
            let plan = try XenDomainPlan(specification)
            let topology = plan.processors.hard == nil && plan.processors.soft == nil ? XenTopology(nodes: []) : try self.topology(context)
            configuration = try LibxlDomainConfiguration(
                plan, ownership: specification.ownership, topology: topology, library: library)
        } catch {
            throw XenFailure(what, reason: Self.joined(error))
        }
        try awaitMemory(for: configuration, what, context)
        let store = try XenStore(library)
        let building = OwnershipRecord.buildingPath(of: specification.uuid)
        try store.write(OwnershipRecord.text(of: specification.ownership), to: building)
        defer { store.remove(building) }
        var domain = ovm_no_domain()
        // It stays paused until it is unpaused; where it fails, libxl takes down what it has built.
        if let stream {
            try restore(from: stream, configuration, &domain, what, context)
        } else if let image = specification.image {
            try restore(image, configuration, &domain, what, context)
        } else {
            try context.require(library.libxl.libxl_domain_create_new(context.handle, configuration.pointer, &domain, nil, nil), what)
        }
        try store.write("1", to: "/local/domain/\(domain)/\(OwnershipRecord.builtNode)")
        // Until a move is decided, the placement at the other end is the one that images of the machine may belong to.
        if stream == nil { removeOutdatedImages(specification) }
    }

    private func topology(_ context: XenContext) throws(XenRefusal) -> XenTopology {
        do throws(XenFailure) { return try context.topology() } catch {
            throw XenRefusal(cause: error.sentence, cure: "Remove cpus and cpus_soft, or try again.")
        }
    }

    /// Cause and cure as the middle of a sentence that ends with a full stop of its own.
    static func joined(_ refusal: XenRefusal) -> String {
        let text = refusal.message
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// How long memory that another domain has just given back may take to be wiped, which Xen does at its leisure.
    private static let scrubbing = Duration.seconds(15)

    /// libxl builds a domain without asking whether there is memory, and fails late and with obscure words where there is none.
    private func awaitMemory(
        for configuration: LibxlDomainConfiguration, _ what: String, _ context: XenContext
    ) throws(XenFailure) {
        var needed: UInt64 = 0
        try context.require(
            library.libxl.libxl_domain_need_memory(context.handle, configuration.pointer, ovm_no_domain(), &needed), what)
        let deadline = ContinuousClock.now + Self.scrubbing
        while true {
            var free: UInt64 = 0
            try context.require(library.libxl.libxl_get_free_memory(context.handle, &free), what)
            if free >= needed { return }
            guard ContinuousClock.now < deadline else {
                throw XenFailure(what, reason: "it needs \(needed / 1_024) MiB, and Xen has \(free / 1_024) MiB free")
            }
            usleep(200_000)
        }
    }
}

extension DomainOperation {
    /// The domain that the operation is for; nil where it is yet to be built.
    fileprivate var domain: UInt32? {
        switch self {
        case .createPaused, .receiveDomain: nil
        case .unpause(let domain), .pause(let domain), .shutdown(let domain), .reboot(let domain), .destroy(let domain),
            .dumpCore(let domain), .suspend(let domain, _), .unsuspend(let domain), .sendDomain(let domain, _):
            domain
        case .removeImage: nil
        case .resize(let domain, _, _), .changeDevice(let domain, _): domain
        }
    }
}
