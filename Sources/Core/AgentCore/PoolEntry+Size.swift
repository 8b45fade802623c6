import PoolModel
import PoolStateMachine
import RaftCore

extension PoolEntry {
    /// About how many bytes the entry takes in the log and on the wire, rather too many than too few; what Raft's bounds count.
    package var approximateSize: Int { 256 + reason.utf8.count + command.textBytes }

    /// Why the entry is not proposed: no frame could take it to the other servers, and the log would stand still behind it.
    var refusalOfSize: PoolRefusal? {
        guard approximateSize > PoolLimits.entryBytes else { return nil }
        return PoolRefusal(
            .invalidValue,
            "What is to be stored takes \(approximateSize) bytes, and \(PoolLimits.entryBytes) is the most. Give less text.")
    }
}

extension PoolCommand {
    /// At most how many bytes the command's texts and lists take.
    fileprivate var textBytes: Int {
        switch self {
        case .putTag(_, let key, let value): key.text.utf8.count + value.utf8.count
        case .createMachine(let definition): definition.textBytes
        case .createRule(let rule):
            Self.bytes(of: rule.machines, rule.tags)
        case .changeRule(_, let change):
            Self.bytes(of: change.addedMachines, change.addedTags) + Self.bytes(of: change.removedMachines, change.removedTags)
        case .changeDevice(_, let change): change.textBytes
        case .changeMachine(_, let change):
            ((change.preferredServers?.count ?? 0) + change.addedRules.count + change.removedRules.count) * 10
        case .hello(let hello): hello.facts.listedBytes + hello.agentVersion.utf8.count + 24 * hello.strays.count
        case .strays(_, _, let strays): 24 * strays.count
        case .serverFacts(_, _, let facts): facts.listedBytes
        case .createPool(let foundation):
            foundation.name.utf8.count + foundation.founder.textBytes + foundation.credential.name.utf8.count
        case .join(let request): request.server.textBytes
        case .createCredential(let credential): credential.name.utf8.count
        case .observed(_, _, _, _, let observation): observation.textBytes
        case .imageRemoved(_, _, _, _, let failure): (failure?.utf8.count ?? 0) + 64
        case .migrationReported(_, _, _, _, .failed(let cause)): cause.utf8.count + 64
        case .migrateMachine, .migrationReported(_, _, _, _, .received), .remnantGone, .raiseFormat, .changeSettings, .released,
            .reachability, .maintenance, .removeServer, .createToken, .revokeToken,
            .deleteMachine,
            .startMachine, .stopMachine, .rebootMachine, .pauseMachine, .unpauseMachine, .suspendMachine, .resumeMachine,
            .resetMachineStatus, .openConsole, .cancelTask, .deleteTag,
            .deleteRule, .revokeCredential:
            128
        }
    }

    private static func bytes(of machines: [VirtualMachineName], _ tags: [TagSelector]) -> Int {
        tags.reduce(machines.reduce(0) { $0 + $1.text.utf8.count + 2 }) {
            $0 + $1.key.text.utf8.count + ($1.value?.utf8.count ?? 0) + 8
        }
    }
}

extension MachineDefinition {
    fileprivate var textBytes: Int {
        let texts = configuration.utf8.count + (configuredName?.utf8.count ?? 0)
        let paths = requirements.diskPaths.reduce(texts) { $0 + $1.utf8.count + 4 }
        return requirements.interfaces.reduce(paths + preferredServers.count * 10) { $0 + $1.bridge.utf8.count + 16 } + 256
    }
}

extension DeviceChange {
    fileprivate var textBytes: Int {
        let texts = configuration.utf8.count + operation.element.utf8.count + operation.device.utf8.count
        let paths = diskPaths.reduce(texts) { $0 + $1.utf8.count + 4 }
        return interfaces.reduce(paths) { $0 + $1.bridge.utf8.count + 16 } + 128
    }
}

extension NewServer {
    fileprivate var textBytes: Int { name.text.utf8.count + peerAddress.utf8.count + queryAddress.utf8.count + 256 }
}

extension MachineObservation {
    fileprivate var textBytes: Int {
        switch self {
        case .running, .paused, .shuttingDown, .ended, .suspended, .resized, .deviceChanged: 64
        case .failed(_, let cause), .waiting(_, let cause), .stopped(_, let cause): cause.utf8.count + 64
        case .dumped(.made(let text)), .dumped(.failed(let text)): text.utf8.count + 64
        }
    }
}

/// A pool's entries are what its agents' Raft carries.
extension PoolEntry: RaftPayload {}
