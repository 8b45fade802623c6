import PoolModel
import PoolStateMachine
import Testing

@testable import WireFormat

@Suite("Core dumps and images in a snapshot") struct DumpRoundTripTests {
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

    @Test("an image survives a snapshot, with its machine and with the placement that took it")
    func roundTripsImage() throws {
        var state = try WireRoundTripTests.busyState()
        let machine = VirtualMachineID(1)
        let admin = Principal.operator(name: "admin", credential: CredentialID(2))
        let coding = WireSnapshotCoding()
        func word(_ observation: MachineObservation) throws -> (PoolCommand, Principal) {
            let placement = try #require(state.machines[machine]?.placement)
            return (
                .observed(machine, server: placement.server, session: placement.session, epoch: placement.epoch, observation),
                .server(placement.server)
            )
        }
        func apply(_ command: (PoolCommand, Principal)) throws -> PoolState {
            let entry = PoolEntry(
                command: command.0, principal: command.1, proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
            guard case .done = state.apply(entry, at: state.appliedIndex.next).outcome else { throw DumpMissing() }
            let restored = try coding.decode(coding.encode(state))
            #expect(restored.machines[machine]?.image == state.machines[machine]?.image)
            #expect(restored.machines[machine]?.placement == state.machines[machine]?.placement)
            #expect(restored.digest == state.digest && restored.inconsistency == nil)
            return restored
        }

        _ = try apply(try word(.running))
        let writing = try apply((.suspendMachine(machine), admin))
        let whole = try apply(try word(.suspended))
        _ = try apply(try word(.stopped(.requested, cause: "")))
        let taken = try apply((.resumeMachine(machine), admin))

        #expect(writing.machines[machine]?.image?.phase == .writing && whole.machines[machine]?.image?.phase == .whole)
        #expect(taken.machines[machine]?.placement?.image?.phase == .whole && taken.machines[machine]?.image == nil)
    }

    @Test("a migration survives a snapshot, and so does what it leaves")
    func roundTripsMigration() throws {
        var state = try WireRoundTripTests.busyState()
        let machine = VirtualMachineID(1)
        var parts = state.parts
        let position = try #require(parts.machines.firstIndex { $0.id == machine })
        let target = try #require(parts.servers.last?.id)
        parts.machines[position].migration = MachineMigration(
            target: target, session: SessionNumber(4), epoch: PlacementEpoch(9), isLive: true, bandwidth: 50)
        parts.machines[position].remnants = [
            MachineRemnant(server: target, epoch: PlacementEpoch(8), memory: Mebibytes(512)),
            MachineRemnant(server: target, epoch: PlacementEpoch(7), memory: Mebibytes(256)),
        ]
        state = try PoolState(restoring: parts)

        let coding = WireSnapshotCoding()
        let restored = try coding.decode(coding.encode(state))

        #expect(restored.machines[machine] == state.machines[machine] && restored.digest == state.digest)
        #expect(restored.inconsistency == nil && restored.reservations(on: target) == state.reservations(on: target))
    }

    private struct DumpMissing: Error {}
}
