import NIOHTTP1
package import QueryModel

/// Each gives the machine, with the task that changes its device where it runs.
extension PoolClient {
    /// A machine after a change, and the task that the change began.
    package typealias ChangedMachine = (machine: MachineDocument, task: UInt64?)

    /// - Parameter disk: an element of the vm.cfg's `disk`.
    package func attachDisk(_ disk: String, to name: String) async throws(ClientError) -> ChangedMachine {
        let body = try Self.encode(AttachDiskRequest(disk: disk))
        return try await change(.keyed(.POST, Self.path(name) + "/disks", body: body, reason: reason))
    }

    /// - Parameter force: takes it from a guest that does not release it.
    package func detachDisk(_ device: String, from name: String, force: Bool) async throws(ClientError) -> ChangedMachine {
        try await change(
            .keyed(.DELETE, Self.path(name) + "/disks/\(Self.escaped(device))" + (force ? "?force=true" : ""), reason: reason))
    }

    /// - Parameter path: a file or device of the server that the machine runs on.
    package func insertMedium(_ path: String, into drive: String, of name: String) async throws(ClientError) -> ChangedMachine {
        let body = try Self.encode(InsertMediumRequest(path: path))
        return try await change(.keyed(.PUT, Self.path(name) + "/cds/\(Self.escaped(drive))", body: body, reason: reason))
    }

    package func ejectMedium(from drive: String, of name: String) async throws(ClientError) -> ChangedMachine {
        try await change(.keyed(.DELETE, Self.path(name) + "/cds/\(Self.escaped(drive))", reason: reason))
    }

    /// - Parameter interface: an element of the vm.cfg's `vif`.
    package func attachInterface(_ interface: String, to name: String) async throws(ClientError) -> ChangedMachine {
        let body = try Self.encode(AttachInterfaceRequest(interface: interface))
        return try await change(.keyed(.POST, Self.path(name) + "/interfaces", body: body, reason: reason))
    }

    /// - Parameters:
    ///   - interface: its MAC address, or its place among the machine's interfaces.
    ///   - force: does not ask the guest.
    package func detachInterface(_ interface: String, from name: String, force: Bool) async throws(ClientError) -> ChangedMachine {
        try await change(
            .keyed(.DELETE, Self.path(name) + "/interfaces/\(Self.escaped(interface))" + (force ? "?force=true" : ""), reason: reason))
    }
}
