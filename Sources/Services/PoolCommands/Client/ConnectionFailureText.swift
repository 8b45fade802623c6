import NIOCore
import NIOPosix
import OpenSSLTransport

/// What an error of the network means, as the middle of a sentence.
enum ConnectionFailureText {
    static func text(of error: any Error) -> String {
        switch error {
        case let error as TLSError: error.message
        case let error as NIOConnectionError: text(of: error)
        case let error as IOError: "\(error)"
        case ChannelError.connectTimeout: "it did not answer in time"
        case let failure as AttemptFailure: text(of: failure)
        default: "\(error)"
        }
    }

    private static func text(of failure: AttemptFailure) -> String {
        switch failure {
        case .notSent(let cause), .lost(let cause): cause
        case .tooLarge(let limit): "its answer is longer than \(limit) bytes"
        case .cancelled: "the request was given up"
        }
    }

    private static func text(of error: NIOConnectionError) -> String {
        if let first = error.connectionErrors.first { return text(of: first.error) }
        return error.dnsAError == nil && error.dnsAAAAError == nil ? "no connection came about" : "the name \(error.host) is not known"
    }
}
