import Foundation
import Testing

@testable import ServerEnvironment

@Suite("the data directory")
struct DataDirectoryTests {
    @Test("it is made for its owner alone, and making it again changes nothing")
    func creates() throws {
        try withDirectory { (directory) throws in
            try directory.create()

            #expect([directory.path, directory.certificateFolder, directory.operatorFolder].map(mode(of:)) == [0o700, 0o700, 0o700])
            #expect(!directory.isFounded)
        }
    }

    @Test("a relative path and a trailing slash are made absolute and plain")
    func normalizesPath() {
        let working = FileManager.default.currentDirectoryPath

        #expect(DataDirectory("/var/lib/ovm/").path == "/var/lib/ovm")
        #expect(DataDirectory("here").path == "\(working)/here")
    }

    @Test("a directory that others may use is refused with the cure, and not repaired", arguments: [0o701, 0o750, 0o770] as [mode_t])
    func refusesOpenDirectory(given: mode_t) throws {
        try withDirectory { (directory) throws in
            #expect(chmod(directory.path, given) == 0)

            let error = refusal { () throws(EnvironmentError) in try directory.requirePrivacy() }

            #expect(
                error?.message == """
                    Others may read \(directory.path) (mode \(String(given, radix: 8))), and it holds secrets. \
                    Run `chmod go= \(directory.path)`, then try again.
                    """)
            #expect(mode(of: directory.path) == UInt32(given))
        }
    }

    @Test("a link or a file in place of the directory is refused")
    func refusesOthers() throws {
        try withFolder { (folder) throws in
            let link = DataDirectory("\(folder)/link")
            #expect(symlink(folder, link.path) == 0)
            let file = DataDirectory("\(folder)/file")
            #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
            let absent = DataDirectory("\(folder)/absent")

            let errors = [link, file, absent].map { directory in
                refusal { () throws(EnvironmentError) in try directory.requirePrivacy() }?.message
            }

            #expect(errors[0] == "The system refused to use \(link.path): it is no directory. Mend that, then try again.")
            #expect(errors[1] == "The system refused to use \(file.path): it is no directory. Mend that, then try again.")
            #expect(errors[2] == "The system refused to look at \(absent.path): No such file or directory. Mend that, then try again.")
        }
    }

    @Test("one process at a time holds the directory, and the next may have it when the first is done")
    func locks() throws {
        try withDirectory { (directory) throws in
            func second() -> EnvironmentError? {
                refusal { () throws(EnvironmentError) in withExtendedLifetime(try directory.lock()) {} }
            }
            let first = try directory.lock()

            let during = withExtendedLifetime(first) { second() }

            #expect(during == .inUse(path: directory.path))
            #expect(
                during?.message == "An agent runs on \(directory.path) already. Stop it first, or name another data directory.")
        }
    }

    @Test("a lock that is let go can be taken again")
    func locksAgain() throws {
        try withDirectory { (directory) throws in
            withExtendedLifetime(try directory.lock()) {}

            let error = refusal { () throws(EnvironmentError) in withExtendedLifetime(try directory.lock()) {} }

            #expect(error == nil)
        }
    }

    @Test("a file is written for its owner alone, replaced whole, and leaves no draft")
    func writes() throws {
        try withDirectory { (directory) throws in
            let file = "\(directory.path)/value"

            try directory.write([1, 2, 3], to: file)
            try directory.write([4], to: file)

            #expect(try directory.read(file, limit: 1) == [4])
            #expect(mode(of: file) == 0o600)
            #expect(try names(in: directory.path) == ["certificates", "operator", "value"])
        }
    }

    @Test("what cannot be written leaves what was there, and says why")
    func keepsOld() throws {
        try withDirectory { (directory) throws in
            let taken = directory.certificateFolder

            let error = refusal { () throws(EnvironmentError) in try directory.write([1], to: taken) }

            #expect(error?.message == "The system refused to write \(taken): Is a directory. Mend that, then try again.")
            #expect(try names(in: directory.path) == ["certificates", "operator"])
        }
    }

    @Test("a file that others may read, a link, a pipe and a long file are not read")
    func refusesFiles() throws {
        try withDirectory { (directory) throws in
            let paths = ["open", "link", "pipe", "long"].map { "\(directory.path)/\($0)" }
            for path in [paths[0], paths[3]] { try directory.write([1, 2, 3], to: path) }
            #expect(chmod(paths[0], 0o640) == 0 && symlink(paths[3], paths[1]) == 0 && mkfifo(paths[2], 0o600) == 0)

            let errors = paths.map { path in
                refusal { () throws(EnvironmentError) in _ = try directory.read(path, limit: path == paths[3] ? 2 : 3) }
            }

            #expect(errors[0]?.message.hasPrefix("Others may read \(paths[0]) (mode 640)") == true)
            #expect(errors[1] == .refused(operation: "read", path: paths[1], reason: "Too many levels of symbolic links"))
            #expect(errors[2] == .refused(operation: "read", path: paths[2], reason: "it is no file"))
            #expect(errors[3] == .refused(operation: "read", path: paths[3], reason: "it has more than 2 bytes"))
        }
    }

    @Test("what belongs to another user is refused", .enabled(if: geteuid() == 0, "only root can give a file away"))
    func refusesStrangers() throws {
        try withDirectory { (directory) throws in
            let file = "\(directory.path)/value"
            try directory.write([1], to: file)
            #expect(chown(file, 12_345, 12_345) == 0)

            let ofFile = refusal { () throws(EnvironmentError) in _ = try directory.read(file, limit: 1) }
            #expect(chown(directory.path, 12_345, 12_345) == 0)
            let ofFolder = refusal { () throws(EnvironmentError) in try directory.requirePrivacy() }

            #expect(ofFile == .notOwned(path: file))
            #expect(
                ofFolder?.message == "\(directory.path) belongs to another user. Run as that user, or change its owner with chown.")
        }
    }
}
