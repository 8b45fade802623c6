import AgentCore
import Foundation
import PoolModel
import Testing
import XenHypervisor

@Suite("The file of a suspended guest's memory") struct ImageFileTests {
    private func withFile(_ body: (ImageFile, String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/image-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let image = DomainImage(root: nil, pool: UniqueIdentifier(high: 1, low: 2), stem: "web01-7", epoch: PlacementEpoch(3))
        try body(ImageFile(image, own: folder), "\(folder)/\(UniqueIdentifier(high: 1, low: 2))")
    }

    @Test("an image lies below its storage root, or in the server's own folder; pools that share a storage have folders of their own")
    func hasPlace() {
        let pool = UniqueIdentifier(high: 1, low: 2)
        let paths = ["/OVS", "/", nil].map {
            DomainImage(root: $0, pool: pool, stem: "web01-7", epoch: PlacementEpoch(3)).path(own: "/own")
        }

        #expect(paths == ["/OVS/suspended", "/suspended", "/own"].map { "\($0)/\(pool)/web01-7-3.image" })
    }

    @Test("it bears its name once it is whole, is its owner's alone, and is removed as often as one likes")
    func writes() throws {
        try withFile { (file, folder) throws in
            var during: [String] = []
            try file.write(bytes: 1) { (descriptor) throws(FileFailure) in
                during = FileManager.default.subpaths(atPath: folder) ?? []
                #expect(write(descriptor, "memory", 6) == 6)
            }
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            let content = try String(contentsOfFile: file.path, encoding: .utf8)
            try file.remove()
            try file.remove()

            #expect(during == ["web01-7-3.image.unfinished"] && mode == 0o600 && content == "memory")
            #expect(FileManager.default.subpaths(atPath: folder) == [])
        }
    }

    @Test("a machine's images are found by its name and number, half written ones too, and nobody else's")
    func findsAll() throws {
        try withFile { (file, folder) throws in
            try file.write(bytes: 1) { (_) throws(FileFailure) in }
            for name in ["web01-7-12.image.unfinished", "web01-7-x.image", "web01-71-1.image", "web01-7-.image", "web01-7-4.core"] {
                #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
            }

            let found = ImageFile.all(in: folder, stem: "web01-7")

            #expect(found.map(\.epoch) == [PlacementEpoch(3), PlacementEpoch(12)])
            #expect(found.map(\.image.path) == ["web01-7-3", "web01-7-12"].map { "\(folder)/\($0).image" })
            try found[1].image.remove()
            #expect(ImageFile.all(in: folder, stem: "web01-7").map(\.epoch) == [PlacementEpoch(3)])
        }
    }

    @Test("what fails leaves nothing, and neither does what would fill the disk")
    func leavesNothing() throws {
        try withFile { (file, folder) throws in
            #expect(throws: FileFailure(reason: "it failed")) {
                try file.write(bytes: 1) { (_) throws(FileFailure) in throw FileFailure(reason: "it failed") }
            }
            let full = #expect(throws: FileFailure.self) {
                try file.write(bytes: 1 << 60) { (_) throws(FileFailure) in Issue.record("it was begun") }
            }

            #expect(full?.reason.contains("MiB free, and the image needs") == true)
            #expect(FileManager.default.subpaths(atPath: folder) == [])
        }
    }
}
