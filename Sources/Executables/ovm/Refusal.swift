import AgentCore
import AgentPorts
import AgentRuntime
import ArgumentParser
import Foundation
import OpenSSLTransport
import PoolCommands
import ServerEnvironment
import SimulatedHost
import XenHypervisor

/// How a refusal reaches the person at the terminal: one line on standard error, and an exit status.
enum Refusal {
    /// Prints `ovm: CAUSE. CURE.` and gives the exit status: 1, but for a join that reached no master (3) or whose outcome is unknown (4).
    static func exit(with error: any Error) -> ExitCode {
        print(sentence(for: error))
        return ExitCode((error as? SetupError)?.exitCode ?? 1)
    }

    /// Prints to standard error.
    static func print(_ sentence: String) { FileHandle.standardError.write(Data("ovm: \(sentence)\n".utf8)) }

    /// What the error says to an operator.
    static func sentence(for error: any Error) -> String {
        switch error {
        case let error as EnvironmentError: error.message
        case let error as SetupError: error.message
        case let error as StorageError: error.message
        case let error as HypervisorError: error.message
        case let error as XenUnavailable: error.message
        case let error as HypervisorRefusal: error.message
        case let error as CertificateError: error.message
        case let error as TLSError: error.message
        case let error as AgentHalt: error.message
        case let error as SimulatedHostError: error.message
        case let error as DemoError: error.message
        case let error as ClientError: error.message
        case let error as PoolFileError: error.message
        case let error as PoolStateDecodingError: error.message
        default: "\(error)"
        }
    }
}
