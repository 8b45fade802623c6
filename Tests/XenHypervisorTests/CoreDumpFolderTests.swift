import Foundation
import Testing
import XenHypervisor

@Suite("Where memory is dumped to") struct CoreDumpFolderTests {
    /// A folder of its own, removed afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "/dump-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func files(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    @Test("a dump is called one once it is whole, and only its owner reads it")
    func dumps() throws {
        try withFolder { path in
            let folder = CoreDumpFolder(path) { _ in 10 << 30 }
            var draft = ""

            let whole = try folder.dump(name: "web01", bytes: 1 << 30, time: 1_795_693_501) { (file) throws(FileFailure) in
                draft = file
                #expect(FileManager.default.createFile(atPath: "\(file).other", contents: nil))
            }

            #expect(whole == "\(path)/web01-20261126T114501Z.core")
            #expect(draft == "\(path)/web01-20261126T114501Z.core.unfinished")
            #expect(try files(path) == ["web01-20261126T114501Z.core", "web01-20261126T114501Z.core.unfinished.other"])
            let modes = try [path, whole].map { try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int }
            #expect(modes == [0o700, 0o600])
        }
    }

    @Test("what fails leaves nothing, and what an ended agent left goes; of other machines everything stays")
    func cleans() throws {
        try withFolder { path in
            let folder = CoreDumpFolder(path) { _ in nil }
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let left = ["web-20260101T000000Z.core.unfinished", "web-1-20260101T000000Z.core.unfinished", "web-20260101T000000Z.core"]
            for file in left { #expect(FileManager.default.createFile(atPath: "\(path)/\(file)", contents: nil)) }

            #expect(throws: FileFailure(reason: "it failed")) {
                try folder.dump(name: "web", bytes: 1, time: 0) { (_) throws(FileFailure) in throw FileFailure(reason: "it failed")
                }
            }

            #expect(try files(path) == [left[1], left[2]].sorted())
        }
    }

    @Test("where the dump would leave less than 512 MiB free, it is not begun")
    func sparesDisk() throws {
        try withFolder { (path) throws in
            let folder = CoreDumpFolder(path) { _ in 3 << 30 }

            let failure = #expect(throws: FileFailure.self) {
                try folder.dump(name: "web", bytes: 5 << 29, time: 0) { (_) throws(FileFailure) in Issue.record("it was begun") }
            }

            #expect(failure?.reason.contains("has 3072 MiB free, and the dump needs 2616 MiB and 512 MiB to be left") == true)
            #expect(try files(path) == [])
        }
    }

    @Test("a name is made harmless", arguments: [("../etc/x", "_._etc_x"), (".", "_"), ("", "_"), ("a b\n", "a_b_")])
    func tamesName(name: String, shown: String) throws {
        try withFolder { path in
            let whole = try CoreDumpFolder(path) { _ in nil }.dump(name: name, bytes: 1, time: 0) { (_) throws(FileFailure) in }

            #expect(whole == "\(path)/\(shown)-19700101T000000Z.core")
        }
    }
}
