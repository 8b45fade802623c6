package import PoolModel

extension PoolState {
    /// The index of the last change of what a command is to change: of its machine, server, task or rule, or of the settings.
    ///
    /// - Returns: nil where that does not exist, or where the command changes nothing that has a version.
    package func version(changedBy command: PoolCommand) -> LogIndex? {
        switch command {
        case .deleteMachine(let machine), .changeMachine(let machine, _), .changeDevice(let machine, _), .startMachine(let machine),
            .stopMachine(let machine, _, _),
            .rebootMachine(let machine, _, _), .pauseMachine(let machine), .unpauseMachine(let machine), .suspendMachine(let machine),
            .resumeMachine(let machine), .migrateMachine(let machine, _), .resetMachineStatus(let machine),
            .putTag(let machine, _, _), .deleteTag(let machine, _):
            machines[machine]?.changedAt
        case .maintenance(let server, _), .removeServer(let server):
            servers[server].flatMap { $0.isRemoved ? nil : $0.changedAt }
        case .changeSettings: pool == nil ? nil : settings.changedAt
        case .cancelTask(let task): tasks[task]?.changedAt
        case .changeRule(let rule, _), .deleteRule(let rule): rules[rule]?.changedAt
        default: nil
        }
    }

    /// Refuses an entry whose caller has not seen the newest change: only here, where it is applied, is that known for certain.
    func checkExpectation(_ entry: PoolEntry) throws(Refused) {
        guard let expected = entry.expected else { return }
        let version = version(changedBy: entry.command)
        guard version != expected else { return }
        throw Refused(
            .changedMeanwhile,
            "What was to be changed \(version.map { "is of index \($0)" } ?? "has no version") and not of index \(expected). "
                + "Read it again, then decide anew.")
    }
}
