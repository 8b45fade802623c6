package import AgentCore
package import PoolModel

/// The hypervisor of this server.
package protocol HypervisorPort: Sendable {
    /// All domains but Domain-0.
    func listDomains() async throws(HypervisorError) -> [DomainReport]

    /// Performs an operation to its end. Many may run side by side. What moves a domain needs a stream, and fails here.
    func perform(_ operation: DomainOperation) async -> DomainOperationResult

    /// Performs `.sendDomain`: writes the domain's memory to a stream, and at the end suspends its guest. Who asks says that it was all, and
    /// closes the stream.
    ///
    /// It ends soon after a write has failed, with the domain as it then is: running, or suspended. It never lets a suspended guest go on.
    func send(_ domain: UInt32, _ transfer: DomainTransfer, to stream: any TransferStream) async -> DomainOperationResult

    /// Performs `.receiveDomain`: builds a domain of what a stream brings, and leaves it paused. Who asks closes the stream.
    func receive(
        _ specification: DomainSpecification, _ transfer: DomainTransfer, from stream: any TransferStream
    ) async -> DomainOperationResult

    /// What this server has to offer, read anew.
    func facts() async throws(HypervisorError) -> ServerFacts

    /// What the domains of pools use of this server, read anew. Whoever watches waits for it: it ends within a few seconds, and when its
    /// task is cancelled; and no other call waits for it.
    func usage() async throws(HypervisorError) -> [DomainUsage]

    /// Identifies this boot of the server: another value proves that all domains of the former one are gone.
    func bootIdentifier() async throws(HypervisorError) -> UniqueIdentifier

    /// Identifies the machine itself (SMBIOS), the same at every boot; nil where its firmware tells nothing that could.
    func hardwareIdentifier() async throws(HypervisorError) -> UniqueIdentifier?

    /// Yields whenever domains may have changed; may be silent, since the agent also polls. Ends when the hypervisor is gone for good.
    func changes() -> AsyncStream<Void>
}

/// Why the hypervisor gave no answer.
package enum HypervisorError: Error, Hashable, Sendable {
    /// It is not there.
    case unreachable(reason: String)
    /// It answered with something else than an answer.
    case invalidAnswer(reason: String)

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .unreachable(let reason):
            "The hypervisor does not answer: \(reason). Check that it runs and that the agent may reach it."
        case .invalidAnswer(let reason):
            "The hypervisor's answer makes no sense: \(reason). Check that the agent and the hypervisor are of matching versions."
        }
    }
}
