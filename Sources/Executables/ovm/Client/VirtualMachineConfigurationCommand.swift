import ArgumentParser
import DomainConfiguration
import Foundation
import PoolCommands

/// `ovm vm config`
struct VirtualMachineConfigurationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Works on vm.cfg files; needs no pool.", subcommands: [Check.self, Convert.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Says what vm.cfg files mean, or where their first mistake is.",
            discussion: """
                Among the warnings is what this version does not carry out on Xen.
                Exit status 1 when a file is refused; the others are shown all the same. With -o json or yaml there is one
                document for each file, after one another.

                  ovm vm config check web01.cfg
                  ovm vm config check -o json *.cfg
                """)

        @Option(name: .shortAndLong, help: "table or wide for people; json or yaml for programs; name for the names alone.")
        var output: OutputForm = .table
        @Argument(help: ArgumentHelp("The files; - reads standard input.", valueName: "file"), completion: .file(extensions: ["cfg"]))
        var files: [String]

        func run() throws {
            var isRefused = false
            for (position, file) in files.enumerated() {
                guard let text = try check(file) else {
                    isRefused = true
                    continue
                }
                try Console.write([.table, .wide].contains(output) && position > 0 ? "\n" + text : text)
            }
            if isRefused { throw ExitCode(1) }
        }

        /// What the file means; nil when it is refused, with the reason on standard error.
        private func check(_ file: String) throws -> String? {
            do {
                let read = try DomainConfigurationText.parse(bytes: ConfigurationFile.read(file), file: file)
                let configuration = read.adding(read.xenWarnings)
                switch output {
                case .json: return configuration.jsonText()
                case .yaml: return try YAMLPrinter.separator + YAMLPrinter.text(ofJSON: Data(configuration.jsonText().utf8))
                case .name: return configuration.settings.name + "\n"
                case .table, .wide: return configuration.summaryText()
                }
            } catch let error as DomainConfigurationError {
                Console.note(error.message + "\n")
                return nil
            } catch is ExitCode {
                return nil
            }
        }
    }
}

extension VirtualMachineConfigurationCommand {
    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "convert", abstract: "Writes a vm.cfg as canonical xl.cfg to standard output.",
            discussion: """
                Keys, values and their order are kept; comments and spacing are not. Reading the result gives the same \
                configuration. What was accepted with a loss is a warning with line and column on standard error. With \
                --for xl, what xl itself cannot read (keys with capitals, disks shared with w!) is left out, with a warning.

                  ovm vm config convert web01.cfg > web01.xl.cfg
                """)

        @Option(name: .customLong("for"), help: "Who is to read the result: pool (everything is kept) or xl.")
        var reader: ReaderName = .pool
        @Argument(help: ArgumentHelp("The file; - reads standard input.", valueName: "file"), completion: .file(extensions: ["cfg"]))
        var file: String

        func run() throws {
            do {
                let configuration = try DomainConfigurationText.parse(bytes: ConfigurationFile.read(file), file: file)
                let conversion = try configuration.converted(for: reader.reader)
                try Console.write(conversion.text)
                for warning in conversion.warnings { Console.note(configuration.warningLine(warning) + "\n") }
            } catch let error as DomainConfigurationError {
                Console.note(error.message + "\n")
                throw ExitCode(1)
            }
        }
    }

    /// Who is to read a canonical text, as the command line says it.
    enum ReaderName: String, ExpressibleByArgument, CaseIterable, Sendable {
        case pool, xl

        var reader: DomainConfiguration.Reader {
            switch self {
            case .pool: .pool
            case .xl: .xl
            }
        }
    }
}

/// A vm.cfg to be read.
enum ConfigurationFile {
    /// No vm.cfg is this long: what is longer is read no further, and refused by whoever reads its text.
    private static let byteLimit = 1_048_576

    /// The bytes of a file, or of standard input for `-`; of one that is too long, at least one byte more than the limit.
    ///
    /// - Throws: `ExitCode(1)`, with the reason on standard error.
    static func read(_ path: String) throws -> [UInt8] {
        do {
            let handle = path == "-" ? .standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            var bytes: [UInt8] = []
            while bytes.count <= byteLimit, let more = try handle.read(upToCount: 65_536), !more.isEmpty { bytes += more }
            return bytes
        } catch {
            let cause = (error as NSError).localizedFailureReason ?? error.localizedDescription
            Console.complain("\(path) cannot be read: \(cause) Check its name and who may read it.")
            throw ExitCode(1)
        }
    }

    /// The text of a file that the pool is to read.
    ///
    /// - Throws: `ExitCode(1)`, with the reason on standard error.
    static func text(_ path: String) throws -> String {
        guard let text = String(validating: try read(path), as: UTF8.self) else {
            Console.complain("\(path) is not UTF-8. Convert it, for example with iconv -t UTF-8.")
            throw ExitCode(1)
        }
        return text
    }
}
