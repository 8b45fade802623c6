import Foundation
import Testing

/// Files of bytes in hexadecimal, one record a line, kept for ever: a changed line means that what is stored out there cannot be read.
enum Golden {
    static func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    /// Compares, or writes the file when it is asked for by OVM_WRITE_GOLDEN=1 (only for a new version).
    static func compare(_ lines: [String], with name: String, file: String = #filePath) throws {
        let url = URL(filePath: file).deletingLastPathComponent().appending(path: "Golden").appending(path: name)
        if ProcessInfo.processInfo.environment["OVM_WRITE_GOLDEN"] == "1" {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
        }
        let kept = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.count >= kept.count)
        for (line, golden) in zip(lines, kept) { #expect(line == golden) }
    }
}
