package import AgentPorts
package import PoolModel

/// How an agent introduces itself on a connection that it opens for one console. Who it is says its certificate; this must agree with it.
package struct PeerConsoleCall: Hashable, Sendable {
    package let pool: PoolID
    package let server: ServerID
    package let wireVersion: UInt32
    package let request: ConsoleRequest

    package init(pool: PoolID, server: ServerID, request: ConsoleRequest, wireVersion: UInt32 = WireVersion.frames) {
        self.pool = pool
        self.server = server
        self.request = request
        self.wireVersion = wireVersion
    }
}

extension WireOpenConsole {
    init(_ machine: VirtualMachineID, _ epoch: PlacementEpoch, _ kind: ConsoleKind) {
        self.init()
        self.machine = machine.number
        self.epoch = epoch.number
        self.kind = kind.wireNumber
    }

    func kindModel() throws(WireError) -> ConsoleKind {
        guard let model = ConsoleKind.allCases.first(where: { $0.wireNumber == kind }) else { throw .unknown("console.kind") }
        return model
    }
}

extension WireConsoleCall {
    init(_ call: PeerConsoleCall) {
        self.init()
        pool = WireUuid(call.pool)
        server = call.server.number
        wireVersion = call.wireVersion
        console = WireOpenConsole(call.request.machine, call.request.epoch, call.request.kind)
        machineName = call.request.name.text
        principal = call.request.principal
    }

    func model() throws(WireError) -> PeerConsoleCall {
        guard let name = VirtualMachineName(machineName) else { throw .outOfRange("console_call.machine_name") }
        guard principal.utf8.count <= ConsoleLimits.principalBytes else { throw .outOfRange("console_call.principal") }
        return PeerConsoleCall(
            pool: pool.model, server: try WireField.server(server, "console_call.server"),
            request: ConsoleRequest(
                try console.kindModel(), of: VirtualMachineID(console.machine), name: name, epoch: PlacementEpoch(console.epoch),
                principal: principal),
            wireVersion: wireVersion)
    }
}

extension WireConsoleEnd {
    init(_ failure: ConsoleFailure?) {
        self.init()
        guard let failure else { return }
        kind = failure.wireWord
        cause = failure.cause
    }

    func model() throws(WireError) -> ConsoleFailure? {
        guard cause.utf8.count <= ConsoleLimits.causeBytes else { throw .outOfRange("console_end.cause") }
        switch kind {
        case "": return nil
        case "not-running": return .notRunning(cause: cause)
        case "no-console": return .noConsole(cause: cause)
        case "no-log": return .noLog(cause: cause)
        case "too-many": return .tooMany(cause: cause)
        case "not-allowed": return .notAllowed(cause: cause)
        case "lost": return .lost(cause: cause)
        default: throw .unknown("console_end.kind")
        }
    }
}

extension ConsoleFailure {
    fileprivate var wireWord: String {
        switch self {
        case .notRunning: "not-running"
        case .noConsole: "no-console"
        case .noLog: "no-log"
        case .tooMany: "too-many"
        case .notAllowed: "not-allowed"
        case .lost: "lost"
        }
    }
}

extension ConsoleKind {
    fileprivate var wireNumber: UInt32 {
        switch self {
        case .text: 1
        case .display: 2
        case .log: 3
        }
    }
}
