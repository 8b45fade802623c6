import ArgumentParser
import Foundation
import PoolCommands

/// `ovm manual`
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Prints the manual page, made from this help.",
        discussion: """
            It is in the macros of man(7).

              ovm manual | man -l -
              ovm manual > /usr/local/share/man/man8/ovm.8
            """)

    func run() throws {
        let help = try JSONDecoder().decode(HelpDocument.self, from: Data(OVM._dumpHelp().utf8))
        try Console.write(ManualPage.text(of: help, version: ProgramVersion.text, date: ProgramVersion.date))
    }
}
