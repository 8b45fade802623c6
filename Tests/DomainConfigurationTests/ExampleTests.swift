import DomainConfiguration
import Foundation
import Testing

@Suite("The examples that Debian's xen-utils-common ships")
struct ExampleTests {
    @Test(
        "the three are read without a warning, and survive writing and reading in their order",
        .enabled(if: DebianExamples.all != nil, "apt-get cannot download xen-utils-common here: no network, or no package lists"))
    func examples() throws {
        let examples = try #require(DebianExamples.all)
        #expect(examples.keys.sorted() == ["xlexample.hvm", "xlexample.pvhlinux", "xlexample.pvlinux"])

        for (name, bytes) in examples.sorted(by: { $0.key < $1.key }) {
            let configuration = try DomainConfigurationText.parse(bytes: bytes, file: name)
            let conversion = try configuration.converted(for: .xl)
            let again = try DomainConfigurationText.parse(conversion.text, file: name)

            #expect(conversion.warnings == [], "\(name)")
            #expect(again.settings == configuration.settings, "\(name)")
            // Only the type has a default here that the text may leave out.
            #expect(again.assignments.map(\.key).filter { $0 != "type" } == configuration.assignments.map(\.key).filter { $0 != "type" })
            #expect(configuration.settings.name == name.replacing("xlexample", with: "example"))
            #expect(configuration.settings.disks.map(\.virtualDevice) == ["xvda"] && configuration.settings.interfaces.count == 1)
        }
        let types = try examples.mapValues { try DomainConfigurationText.parse(bytes: $0, file: "example").settings.domainType }
        #expect(types["xlexample.hvm"] == .hardwareVirtualized && types["xlexample.pvhlinux"] == .pvh)
        #expect(types["xlexample.pvlinux"] == .paravirtualized)
    }
}

/// The files `etc/xen/xlexample.*` of the package, which is unpacked and not installed.
enum DebianExamples {
    /// Name and bytes of each; nil where the package cannot be had.
    static let all: [String: [UInt8]]? = {
        do {
            return try download()
        } catch {
            print("xlexample.*: \(error)")
            return nil
        }
    }()

    struct Unavailable: Error {
        let reason: String
    }

    private static func download() throws -> [String: [UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ovm-examples-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch { print("could not remove \(folder.path)") }
        }
        // A machine without a network must not hold up the tests for long.
        try run(["timeout", "60", "apt-get", "-q", "-o", "Acquire::Retries=1", "download", "xen-utils-common"], in: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        guard let package = names.first(where: { $0.hasSuffix(".deb") }) else { throw Unavailable(reason: "apt-get left no package") }
        try run(["dpkg-deb", "-x", package, "unpacked"], in: folder)
        let examples = folder.appending(path: "unpacked/etc/xen")
        var bytes: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: examples.path) where name.hasPrefix("xlexample.") {
            bytes[name] = Array(try Data(contentsOf: examples.appending(path: name)))
        }
        return bytes
    }

    private static func run(_ command: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Unavailable(reason: "\(command.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
    }
}
