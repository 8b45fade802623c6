import PoolModel
import PoolStateMachine
import Testing

@testable import WireFormat

@Suite("A core dump in a snapshot") struct DumpRoundTripTests {
    @Test(
        "what became of a core dump survives a snapshot",
        arguments: [MachineDump.made(path: "/var/lib/xen/dump/web01.core"), .failed(cause: "The disk is full.")])
    func roundTrips(_ dump: MachineDump) throws {
        var state = try WireRoundTripTests.busyState()
        let machine = VirtualMachineID(1)
        let placement = try #require(state.machines[machine]?.placement)
        for observation in [MachineObservation.running, .ended(.crashed, isTooSoon: true), .dumped(dump)] {
            let command = PoolCommand.observed(
                machine, server: placement.server, session: placement.session, epoch: placement.epoch, observation)
            let entry = PoolEntry(
                command: command, principal: .server(placement.server), proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
            #expect(state.apply(entry, at: state.appliedIndex.next).outcome == .done(.none))
        }
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.machines[machine]?.ended == MachineEnd(reason: .crashed, isTooSoon: true, dump: dump))
        #expect(restored.digest == state.digest && coding.encode(restored) == coding.encode(state))
    }
}
