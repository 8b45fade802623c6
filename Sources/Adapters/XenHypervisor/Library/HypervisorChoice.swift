package import ServerEnvironment

/// Which hypervisor a server is set up for, and why.
package struct HypervisorChoice: Hashable, Sendable {
    package let kind: HypervisorKind
    /// A sentence for the operator.
    package let reason: String

    /// Chooses.
    ///
    /// - Parameters:
    ///   - asked: what the operator asked for; nil leaves the choice to the server: Xen.
    ///   - probe: asks Xen, and gives its version.
    /// - Throws: why Xen cannot be driven, where it was asked for or nothing was: a server that only pretends to run machines is never chosen
    ///   silently.
    package init(asked: HypervisorKind?, probe: () throws(XenUnavailable) -> String = Self.probe) throws(HypervisorRefusal) {
        if asked == .simulated {
            kind = .simulated
            reason = "The hypervisor is simulated, as was asked for: no virtual machine really runs."
            return
        }
        let version: String
        do throws(XenUnavailable) { version = try probe() } catch { throw HypervisorRefusal(reason: error) }
        kind = .xen
        reason =
            asked == nil ? "The hypervisor is Xen \(version), which answers here." : "The hypervisor is Xen \(version), as was asked for."
    }

    /// Asks Xen for its version. It blocks for as long as that takes.
    package static func probe() throws(XenUnavailable) -> String {
        try XenPresence.version(of: XenPresence.open())
    }
}

/// Why a server cannot be set up for Xen.
package struct HypervisorRefusal: Error, Hashable, Sendable {
    package let reason: XenUnavailable

    package init(reason: XenUnavailable) { self.reason = reason }

    /// One sentence for what happened, one for what to do.
    package var message: String {
        let cure = reason.cure.hasSuffix(".") ? String(reason.cure.dropLast()) : reason.cure
        return "\(reason.cause) \(cure), or give --hypervisor simulated for a server that only pretends to run machines."
    }
}
