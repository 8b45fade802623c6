import Foundation

@testable import ServerEnvironment

struct Missing: Error {}

/// A folder of mode 0700 for the time of `body`.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    var template = Array("/tmp/ovm-environment-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Missing() }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("the folder \(path) of a test is left over: \(error)")
        }
    }
    return try body(path)
}

/// A data directory within a folder that goes away.
func withDirectory<Value>(_ body: (DataDirectory) throws -> Value) throws -> Value {
    try withFolder { (folder) throws in
        let directory = DataDirectory("\(folder)/data")
        try directory.create()
        return try body(directory)
    }
}

/// The error that `body` throws; nil where it does not.
func refusal(_ body: () throws(EnvironmentError) -> Void) -> EnvironmentError? {
    do throws(EnvironmentError) {
        try body()
        return nil
    } catch {
        return error
    }
}

func mode(of path: String) -> UInt32 {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

func names(in folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

/// Listens on a port of a local address until it is let go.
final class Listener {
    let port: Int
    private let descriptor: Int32

    /// - Parameter host: `127.0.0.1`, `localhost` (for its first address) or `::1`.
    init(host: String) throws {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "0", &wanted, &found) == 0, let first = found?.pointee else { throw Missing() }
        defer { freeaddrinfo(found) }
        descriptor = socket(first.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, first.ai_addr, first.ai_addrlen) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        // The port lies at the same place in both families' names.
        port = withUnsafeBytes(of: &name) { Int($0[2]) << 8 | Int($0[3]) }
        guard isListening else { throw Missing() }
    }

    deinit { close(descriptor) }
}
