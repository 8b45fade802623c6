import PoolModel
import PoolStateMachine
import Testing

@testable import WireFormat

@Suite("Changes of devices in a snapshot")
struct DeviceRoundTripTests {
    @Test("a change that is under way survives a snapshot, and so does the text that it leaves", arguments: DeviceChangeKind.allCases)
    func roundTrips(_ kind: DeviceChangeKind) throws {
        var state = try WireRoundTripTests.busyState()
        let id = VirtualMachineID(1)
        let machine = try #require(state.machines[id])
        let placement = try #require(machine.placement)
        let admin = Principal.operator(name: "admin", credential: CredentialID(2))
        let sample = WireSamples.deviceChange(kind)
        let change = DeviceChange(
            sample.operation, basis: PoolState.digest(ofConfiguration: machine.configuration), configuration: sample.configuration,
            interfaces: machine.requirements.interfaces, diskPaths: machine.requirements.diskPaths)
        let coding = WireSnapshotCoding()
        func apply(_ command: PoolCommand, _ principal: Principal) throws -> PoolState {
            let entry = PoolEntry(command: command, principal: principal, proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
            guard case .done = state.apply(entry, at: state.appliedIndex.next).outcome else { throw NotDone() }
            let restored = try coding.decode(coding.encode(state))
            #expect(restored.digest == state.digest && restored.inconsistency == nil && coding.encode(restored) == coding.encode(state))
            return restored
        }
        func word(_ observation: MachineObservation) -> PoolCommand {
            .observed(id, server: placement.server, session: placement.session, epoch: placement.epoch, observation)
        }

        _ = try apply(word(.running), .server(placement.server))
        guard kind.isAboutMedium == false else {
            // The machine of the scene is paravirtualized: its drives keep their media.
            #expect(throws: NotDone.self) { try apply(.changeDevice(id, change), admin) }
            return
        }
        let begun = try apply(.changeDevice(id, change), admin)
        let task = try #require(begun.machines[id]?.task)
        let done = try apply(word(.deviceChanged(task)), .server(placement.server))

        #expect(begun.machines[id]?.deviceChange == change && begun.tasks[task]?.kind == .changeDevice)
        #expect(done.machines[id]?.configuration == sample.configuration && done.machines[id]?.deviceChange == nil)
    }

    private struct NotDone: Error {}
}
