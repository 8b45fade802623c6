/// Why Xen cannot be driven from here.
package enum XenUnavailable: Error, Hashable, Sendable {
    /// The kernel offers no way to the hypervisor: it does not run above Xen, or this is no privileged domain.
    case noHypervisor(paths: [String])
    /// A library of Xen cannot be opened.
    case libraryMissing(name: String, reason: String)
    /// A library lacks a function: it is another version's.
    case functionMissing(library: String, function: String)
    /// The kernel cannot keep a process's files from what libxl starts.
    case kernelTooOld
    /// libxl was loaded, but does not answer.
    case noAnswer(reason: String)

    /// What happened, as a sentence.
    package var cause: String {
        switch self {
        case .noHypervisor(let paths): "There is no Xen here: \(paths.joined(separator: " and ")) do not exist."
        case .libraryMissing(let name, let reason): "Xen's library \(name) cannot be opened: \(reason)."
        case .functionMissing(let library, let function): "Xen's library \(library) has no \(function), so it is of another version."
        case .kernelTooOld: "Domain-0's kernel has no close_range, so that device models would inherit the agent's sockets."
        case .noAnswer(let reason): "Xen does not answer: \(reason)."
        }
    }

    /// What to do, as a sentence.
    package var cure: String {
        switch self {
        case .noHypervisor: "Boot this server with Xen and run ovm in Domain-0, as root."
        case .libraryMissing, .functionMissing: "Install Xen 4.17's libraries (on Debian 12: apt-get install libxenmisc4.17)."
        case .kernelTooOld: "Boot Domain-0 with Linux 5.11 or newer."
        case .noAnswer: "Run ovm in Domain-0, as root, and check that xenstored runs."
        }
    }

    /// One sentence for what happened, one for what to do.
    package var message: String { "\(cause) \(cure)" }
}
