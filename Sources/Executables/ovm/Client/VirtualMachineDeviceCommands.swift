import ArgumentParser
import PoolCommands
import QueryModel

/// `ovm vm disk`
struct VirtualMachineDiskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk", abstract: "Attaches and detaches disks, also while the machine runs.",
        discussion: """
              ovm vm disk attach web01 'phy:/dev/vg/data,xvdb,w'
              ovm vm disk detach web01 xvdb
            """,
        subcommands: [Attach.self, Detach.self])

    struct Attach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "attach", abstract: "Attaches a disk.",
            discussion: """
                The disk is written as in a vm.cfg. Where the machine runs, its server must see the disk. The pool writes the machine's vm.cfg
                anew, in the form of `ovm vm config convert`: comments are lost.

                  ovm vm disk attach web01 'phy:/dev/vg/data,xvdb,w'
                  ovm vm disk attach web01 '/OVS/running_pool/web01/data.qcow2,qcow2,xvdc,rw' --reason "more room"
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var wait: WaitOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Argument(help: ArgumentHelp("The disk, as an element of the vm.cfg's disk.", valueName: "target,format,vdev,access"))
        var disk: String

        func run() async throws {
            let (name, disk) = (name, disk)
            try await DeviceChangeRun(options, reason, wait).run { client throws(ClientError) in
                try await client.attachDisk(disk, to: name)
            }
        }
    }

    struct Detach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "detach", abstract: "Detaches a disk; its file stays.",
            discussion: """
                A running guest is asked to release it: unmount it there first. A guest that still uses the disk keeps it, and the command says
                so after some seconds. With --force the disk is taken away; what the guest had not written is lost.

                  ovm vm disk detach web01 xvdb
                  ovm vm disk detach web01 xvdb --force
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var wait: WaitOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Argument(help: ArgumentHelp("The disk's name in the machine, such as xvdb.", valueName: "vdev")) var device: String
        @Flag(help: "Take the disk from a guest that does not release it.")
        var force = false

        func run() async throws {
            let (name, device, force) = (name, device, force)
            try await DeviceChangeRun(options, reason, wait).run { client throws(ClientError) in
                try await client.detachDisk(device, from: name, force: force)
            }
        }
    }
}

/// `ovm vm cd`
struct VirtualMachineDriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cd", abstract: "Puts media into CD drives, and takes them out.",
        discussion: """
            While it runs only a hardware virtualized machine takes another medium. The drive itself is a disk of the machine:
            'vdev=hdc, devtype=cdrom, target=' is an empty one.

              ovm vm cd insert web01 /OVS/iso_pool/debian.iso
              ovm vm cd eject web01 --drive hdc
            """,
        subcommands: [Insert.self, Eject.self])

    struct Insert: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "insert", abstract: "Puts a medium into a CD drive, in place of another.",
            discussion: """
                  ovm vm cd insert web01 /OVS/iso_pool/debian.iso
                  ovm vm cd insert web01 /dev/sr0 --drive hdd
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var wait: WaitOption
        @OptionGroup var drive: DriveOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Argument(help: ArgumentHelp("A file or device of the machine's server.", valueName: "path")) var path: String

        func run() async throws {
            let (name, path, drive) = (name, path, drive)
            try await DeviceChangeRun(options, reason, wait).run { client in
                try await client.insertMedium(path, into: try await drive.find(in: name, client), of: name)
            }
        }
    }

    struct Eject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "eject", abstract: "Leaves a CD drive empty.",
            discussion: """
                  ovm vm cd eject web01
                  ovm vm cd eject web01 --drive hdd
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var wait: WaitOption
        @OptionGroup var drive: DriveOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String

        func run() async throws {
            let (name, drive) = (name, drive)
            try await DeviceChangeRun(options, reason, wait).run { client in
                try await client.ejectMedium(from: try await drive.find(in: name, client), of: name)
            }
        }
    }
}

/// Which drive of a machine is meant.
struct DriveOption: ParsableArguments {
    @Option(help: ArgumentHelp("The drive, such as hdc; not needed where the machine has one.", valueName: "vdev"))
    var drive: String?

    /// The drive that was named, or the only one.
    func find(in name: String, _ client: PoolClient) async throws -> String {
        if let drive { return drive }
        let drives = MachineDevices(of: try await client.machine(name))?.drives ?? []
        if drives.count == 1 { return drives[0] }
        Console.complain(
            TextTable.printable(
                drives.isEmpty
                    ? "\(name) has no CD drive. Attach one, as `ovm vm disk attach \(name) 'vdev=hdc, devtype=cdrom, target='`."
                    : "\(name) has several CD drives. Name one with --drive: \(drives.joined(separator: ", "))."))
        throw ExitCode(1)
    }
}

/// `ovm vm nic`
struct VirtualMachineInterfaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nic", abstract: "Attaches and detaches network interfaces, also while the machine runs.",
        discussion: """
              ovm vm nic attach web01 'bridge=xenbr0'
              ovm vm nic detach web01 00:16:3e:2a:4c:8d
            """,
        subcommands: [Attach.self, Detach.self])

    struct Attach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "attach", abstract: "Attaches a network interface.",
            discussion: """
                The interface is written as in a vm.cfg. Without mac= it gets an address of Xen's range, which it keeps. Where the machine runs,
                its server must have the bridge, and room for the rate there.

                  ovm vm nic attach web01 'bridge=xenbr0'
                  ovm vm nic attach web01 'mac=00:16:3e:01:02:03,bridge=xenbr1,rate=100Mb/s'
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var wait: WaitOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Argument(help: ArgumentHelp("The interface, as an element of the vm.cfg's vif.", valueName: "key=value,..")) var interface: String

        func run() async throws {
            let (name, interface) = (name, interface)
            try await DeviceChangeRun(options, reason, wait).run { client throws(ClientError) in
                try await client.attachInterface(interface, to: name)
            }
        }
    }

    struct Detach: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "detach", abstract: "Detaches a network interface.",
            discussion: """
                A running guest is asked to release it, and loses it after some seconds if it does not. --force does not ask.

                  ovm vm nic detach web01 00:16:3e:2a:4c:8d
                  ovm vm nic detach web01 1
                """)

        @OptionGroup var options: ClientOptions
        @OptionGroup var reason: ReasonOption
        @OptionGroup var wait: WaitOption
        @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String
        @Argument(help: ArgumentHelp("Its MAC address, or its place among the interfaces, counted from 0.", valueName: "mac-or-index"))
        var interface: String
        @Flag(help: "Do not ask the guest.")
        var force = false

        func run() async throws {
            let (name, interface, force) = (name, interface, force)
            try await DeviceChangeRun(options, reason, wait).run { client throws(ClientError) in
                try await client.detachInterface(interface, from: name, force: force)
            }
        }
    }
}

/// A command that changes a device of one virtual machine.
private struct DeviceChangeRun {
    private let options: ClientOptions
    private let reason: ReasonOption
    private let isAwaited: Bool

    init(_ options: ClientOptions, _ reason: ReasonOption, _ wait: WaitOption) {
        self.options = options
        self.reason = reason
        isAwaited = !wait.noWait
    }

    /// Changes, waits for the task where there is one, and shows the machine.
    func run(_ change: @escaping @Sendable (PoolClient) async throws -> PoolClient.ChangedMachine) async throws {
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            let changed = try await change(client)
            var machine = changed.machine
            if let task = changed.task, isAwaited {
                let ended = try await client.finish(task)
                machine = try await client.machine(machine.name, after: ended, isAwaited: false)
            }
            try console.show(machine) { MachineText.properties(of: machine) }
        }
    }
}
