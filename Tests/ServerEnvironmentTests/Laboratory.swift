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
