import AgentPorts
import ArgumentParser
import ConsoleStreams
import Foundation
import NIOCore
import NIOPosix
import PoolCommands
import QueryModel
import UnixSignals

/// `ovm vm console`
struct VirtualMachineConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Shows the text console of a virtual machine, wherever it runs; Ctrl-] ends it.",
        discussion: """
            What is typed goes to the guest, Ctrl-C included. Several may look at once: all see the same, and type into the same line. Where
            standard input is no terminal its bytes are handed on as they are, and the console goes on after their end. Who looked, and why,
            is among the events. Exit status 0 when you end it or the guest's console ends, 1 when it is lost.

              ovm vm console web01
              ovm vm console web01 --reason "boot hangs"
              ovm vm console web01 --log
              ovm vm console web01 --log | less -R
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @Flag(help: "Print what it has printed so far, at most 64 KiB, and end.")
    var log = false
    @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String

    func run() async throws {
        try await ClientSession.run(options, reason: reason.reason) { client, console in
            guard !log else {
                let text = try await client.consoleLog(name)
                return try Console.write(Console.isTerminal ? ConsoleText.harmless(text) : text)
            }
            try await Self.show(try await client.openConsole(name), of: name)
        }
    }

    private static func show(_ stream: any ConsoleStream, of name: String) async throws {
        let terminal = try TerminalConsole()
        // Before the terminal is changed: a signal that nobody has caught would leave it raw.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigquit)
        if terminal.isInteractive { Console.note("Connected to \(name). Ctrl-] ends it.\n") }
        try terminal.enterRawMode()
        let cause = await withTaskGroup(of: ConsoleFailure?.self) { group in
            group.addTask { await ConsoleRelay.run(terminal, stream) }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            let cause = await group.next() ?? nil
            group.cancelAll()
            return cause
        }
        terminal.leaveRawMode()
        if terminal.isInteractive { Console.note("\n") }
        if let cause {
            Console.complain(cause.message)
            throw ExitCode(1)
        }
        if terminal.isInteractive { Console.note("The console of \(name) is closed.\n") }
    }
}

/// `ovm vm vnc`
struct VirtualMachineDisplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnc", abstract: "Lets a VNC viewer on this machine reach the display of a virtual machine, wherever it runs.",
        discussion: """
            Prints the address to give to the viewer, and forwards until Ctrl-C. The port is on the loopback interface alone. A password, where
            the vm.cfg sets one (vncpasswd), is asked for by the viewer; --show-password prints it below the address.

              ovm vm vnc web01
              ovm vm vnc web01 --show-password
              ovm vm vnc web01 --port 5901
            """)

    @OptionGroup var options: ClientOptions
    @OptionGroup var reason: ReasonOption
    @Option(help: "The loopback port to listen on; without it, a free one.")
    var port = 0
    @Flag(help: "Print the password that the vm.cfg sets as well.")
    var showPassword = false
    @Argument(help: "The virtual machine's name.", completion: .machineNames) var name: String

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("A port is a number up to 65535.") }
    }

    func run() async throws {
        let (name, port) = (name, port)
        try await ClientSession.run(options, reason: reason.reason) { client, _ in
            // A name that nobody has is told now, and not to the first viewer.
            let machine = try await client.machine(name)
            let password = showPassword ? machine.configuration.flatMap { DisplayPassword.find(in: $0) } : nil
            let forwarder = DisplayForwarder(client, machine: name, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await forwarder.run(port: port) { bound in
                            try Console.write("127.0.0.1:\(bound)\n" + (password.map { "\($0)\n" } ?? ""))
                            Console.note("Forwarding to the display of \(name). Ctrl-C ends it.\n")
                        } onTrouble: {
                            Console.complain($0)
                        }
                    } catch let error as IOError {
                        Console.complain("Port \(port) cannot be listened on: \(error). Give another --port, or none.")
                        throw ExitCode(1)
                    }
                }
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { return }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
