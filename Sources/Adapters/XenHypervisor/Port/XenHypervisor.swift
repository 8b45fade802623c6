package import AgentCore
package import AgentPorts
package import Logging
package import PoolModel
import ServerEnvironment
import Synchronization

/// The Xen hypervisor of this server, driven through libxl.
///
/// Every call has a thread and a libxl context of its own: a call that hangs holds up no other, and is named in the log.
package final class XenHypervisor: HypervisorPort {
    let library: XenLibrary
    let log: Logger
    /// What this adapter remembers between calls.
    let memory = Mutex(HostMemory())
    private let storageRoots: [String]
    /// Threads that look: listing, facts.
    private let lookers = CallThreads(most: 4, mostWaiting: 64)
    /// One thread for file systems, which hang for other reasons than Xen does: no look at domains waits for them.
    private let rootLookers = CallThreads(most: 1, mostWaiting: 0)
    /// Threads that look for whoever watches, who may ask again and again while Xen hangs: no look of the agent's waits for them.
    let usageLookers = CallThreads(most: 2, mostWaiting: 2)
    /// Threads that change something.
    private let performers = CallThreads(most: 16, mostWaiting: 1_024)
    /// Threads that write or read memory, for minutes, on a disk that may hang: nothing else waits for them.
    private let dumpers = CallThreads(most: 2, mostWaiting: 1_024)
    private let imagers = CallThreads(most: 4, mostWaiting: 1_024)
    /// Threads that send or receive domains, for minutes: none waits for another, as the network lets no more through at a time.
    let movers = CallThreads(most: 2 * TransferLimits.sessions, mostWaiting: 16)
    /// Where dumps of memory lie.
    let dumpFolder: String
    /// Where images lie that lie on no shared storage.
    let imageFolder: String

    /// How long a look at the host may take.
    static let patience = Duration.seconds(20)
    /// How long the file systems of the storage roots are waited for.
    private static let storagePatience = Duration.seconds(5)
    /// After how long, and how often, a call that is still running is named.
    private static let slowness = Duration.seconds(30)

    /// Loads Xen's libraries and makes sure that Xen answers. It blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - storageRoots: the folders below which the images of virtual machines lie; libxl knows of none.
    ///   - dumpFolder: where the memory of ended guests is dumped to.
    ///   - imageFolder: where the memory of suspended guests lies that lies on no shared storage.
    package init(
        storageRoots: [String] = StorageRootReading.standard, dumpFolder: String = CoreDumpFolder.standard,
        imageFolder: String = ImageFile.standardFolder, log: Logger = Logger(label: "ovm.xen")
    ) throws(XenUnavailable) {
        self.dumpFolder = dumpFolder
        self.imageFolder = imageFolder
        library = try XenPresence.open()
        self.storageRoots = storageRoots
        self.log = log
        let version = try XenPresence.version(of: library)
        log.info("the hypervisor is Xen \(version), as agent.json says")
    }

    package func listDomains() async throws(HypervisorError) -> [DomainReport] {
        try await look("list the domains") { context throws(XenFailure) in try self.list(context) }
    }

    package func facts() async throws(HypervisorError) -> ServerFacts {
        let roots = await currentRoots()
        return try await look("tell the server's facts") { context throws(XenFailure) in try self.facts(context, roots) }
    }

    /// The storage roots; as they were last, while their file systems do not answer.
    private func currentRoots() async -> [StorageRoot] {
        let paths = storageRoots
        let former = memory.withLock { $0.storageRoots }
        do throws(CallEnd) {
            let roots = try await rootLookers.run(
                patience: Self.storagePatience, slowness: Self.slowness, onSlow: warn("look at the storage roots")
            ) { StorageRootReading.read(paths, former: former) }
            memory.withLock {
                $0.storageRoots = roots
                $0.isStorageSilent = false
            }
            return roots
        } catch {
            let isNews = memory.withLock { memory in
                defer { memory.isStorageSilent = true }
                return !memory.isStorageSilent
            }
            if isNews {
                log.warning("the storage roots \(paths.joined(separator: ", ")) do not all answer; what they offer is told as it was last")
            }
            return former
        }
    }

    package func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier {
        // Domain-0 boots with Xen and ends with it: one identifier serves both.
        do throws(EnvironmentError) { return try BootIdentifier.read() } catch { throw .unreachable(reason: Self.middle(of: error)) }
    }

    package func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier? {
        // Domain-0 sees the real machine's SMBIOS tables.
        HardwareIdentifier.read()
    }

    package func perform(_ operation: DomainOperation) async -> DomainOperationResult {
        let what = operation.words
        let threads =
            switch operation {
            case .dumpCore: dumpers
            case .suspend, .removeImage: imagers
            case .createPaused(let specification): specification.image == nil ? performers : imagers
            default: performers
            }
        return await run(what, on: threads) { context throws(XenFailure) in try self.carryOut(operation, context) }
    }

    /// Performs something to its end, on a thread and with a context of its own.
    func run(
        _ what: String, on threads: CallThreads,
        _ work: @escaping @Sendable (XenContext) throws(XenFailure) -> DomainOperationResult
    ) async -> DomainOperationResult {
        do throws(CallEnd) {
            return try await threads.run(patience: nil, slowness: Self.slowness, onSlow: warn(what)) {
                do throws(XenFailure) {
                    return try work(XenContext(self.library))
                } catch {
                    return .failed(cause: error.sentence)
                }
            }
        } catch {
            switch error {
            case .refused: return .failed(cause: "Too many operations of Xen hang or wait, so this one was not begun.")
            case .timedOut, .cancelled:
                return .failed(cause: "The agent stopped waiting for Xen to \(what): whether it was done is unknown.")
            }
        }
    }

    /// - Parameter threads: nil means those of the agent's own looks.
    func look<Value: Sendable>(
        _ what: String, on threads: CallThreads? = nil, patience: Duration = XenHypervisor.patience,
        _ work: @escaping @Sendable (XenContext) throws(XenFailure) -> Value
    ) async throws(HypervisorError) -> Value {
        let result: Result<Value, XenFailure>
        do throws(CallEnd) {
            result = try await (threads ?? lookers).run(patience: patience, slowness: Self.slowness, onSlow: warn(what)) {
                do throws(XenFailure) { return .success(try work(XenContext(self.library))) } catch { return .failure(error) }
            }
        } catch {
            throw .unreachable(reason: error.reason(what))
        }
        do throws(XenFailure) { return try result.get() } catch {
            throw .unreachable(reason: "it could not \(error.action): \(error.reason)")
        }
    }

    private func warn(_ what: String) -> @Sendable (Duration) -> Void {
        let log = log
        return { passed in log.warning("Xen has been asked to \(what) for \(passed.components.seconds) s and is not done") }
    }

    static func middle(of error: EnvironmentError) -> String {
        guard case .refused(let operation, let path, let reason) = error else { return error.message }
        return "the system refused to \(operation) \(path), as \(reason)"
    }
}

extension CallEnd {
    fileprivate func reason(_ what: String) -> String {
        switch self {
        case .refused: "earlier calls of libxl hang, and too many wait to \(what)"
        case .timedOut: "libxl took too long to \(what)"
        case .cancelled: "the agent stopped waiting"
        }
    }
}

extension DomainOperation {
    /// What the operation does, after "to".
    var words: String {
        switch self {
        case .createPaused(let specification): "build the domain of \(specification.name)"
        case .unpause(let domain): "unpause domain \(domain)"
        case .pause(let domain): "pause domain \(domain)"
        case .shutdown(let domain): "shut down domain \(domain)"
        case .reboot(let domain): "reboot domain \(domain)"
        case .resize(let domain, let memory, let virtualCPUs):
            "give domain \(domain) \(memory) and \(virtualCPUs) virtual CPUs"
        case .changeDevice(let domain, let change): change.words(domain)
        case .destroy(let domain): "destroy domain \(domain)"
        case .dumpCore(let domain): "dump the memory of domain \(domain)"
        case .suspend(let domain, let image): "suspend domain \(domain) to the image \(image.name)"
        case .unsuspend(let domain): "let the suspended domain \(domain) go on"
        case .removeImage(let image): "remove the image \(image.name)"
        case .sendDomain(let domain, let transfer): "send domain \(domain) to server \(transfer.peer)"
        case .receiveDomain(let specification, let transfer): "receive the domain of \(specification.name) from server \(transfer.peer)"
        }
    }
}
