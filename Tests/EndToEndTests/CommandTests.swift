import Foundation
import Testing

/// One pool of one server, started once for all tests of a suite.
private struct SharedPool: SuiteTrait, TestScoping {
    @TaskLocal static var file = ""

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        let scene = try ProgramScene()
        let folder = "\(scene.folder)/d"
        let made = try scene.run("pool", "demo", "--dir", folder, "--servers", "1", "--detach")
        try #require(made.status == 0, "\(made.output)\(made.errors)")
        do {
            try await Self.$file.withValue("\(folder)/pool.json") { try await function() }
        } catch {
            _ = try scene.run("pool", "demo", "--dir", folder, "--stop")
            throw error
        }
        _ = try scene.run("pool", "demo", "--dir", folder, "--stop")
    }
}

@Suite("The commands against a pool", SharedPool())
struct CommandTests {
    private let scene: ProgramScene

    init() throws { scene = try ProgramScene() }

    /// Runs a command line against the suite's pool.
    private func ovm(_ line: String) throws -> ProgramScene.Outcome {
        try scene.run(line.split(separator: " ").map(String.init) + ["--pool", SharedPool.file])
    }

    /// Runs what must succeed.
    private func output(_ line: String) throws -> String {
        let outcome = try ovm(line)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(line): \(outcome.status) \(outcome.errors)")
        return outcome.output
    }

    private func create(_ name: String) throws {
        let file = "\(scene.folder)/out-\(name).cfg"
        try "name = '\(name)'\nmemory = 64\nmaxmem = 128\n".write(toFile: file, atomically: true, encoding: .utf8)
        _ = try output("vm create -f \(file)")
    }

    @Test("a machine's life: explained, started, changed, paused, rebooted, stopped, deleted")
    func lives() throws {
        try create("life")

        #expect(try output("vm explain life").contains("life would start on alpha."))
        #expect(try output("vm start life").contains("  alpha: remains free: memory"))
        #expect(try output("vm ls --no-headers").contains(#/life +Running +alpha/#))
        #expect(try output("vm set life --memory 96 -o json").contains(#/"memoryMiB" ?: ?96/#))
        #expect(try output("vm pause life") == "life is Paused on alpha.\n")
        #expect(try output("vm unpause life") == "life is Running on alpha.\n")
        #expect(try output("vm reboot life") == "life is Running on alpha.\n")
        let early = try ovm("vm delete life")
        #expect(try output("vm stop life") == "life is PoweredOff.\n")
        _ = try output("vm delete life")
        let late = try ovm("vm show life")

        #expect(early.isOneSentenceOfEach, "\(early.errors)")
        #expect(late.status == 1 && late.errors == "ovm: There is no virtual machine \"life\". `ovm vm ls` lists them.\n", "\(late.errors)")
    }

    @Test("disks and interfaces come and go while the machine runs, a CD while it does not")
    func devices() throws {
        try create("devices")
        let base = ["--pool", SharedPool.file]
        func vm(_ words: String...) throws -> ProgramScene.Outcome { try scene.run(["vm"] + words + base) }
        _ = try output("vm start devices")

        let disk = try vm("disk", "attach", "devices", "phy:/dev/vg/data,xvdb,w")
        let interface = try vm("nic", "attach", "devices", "bridge=xenbr0")
        let address = try #require(interface.output.firstMatch(of: #/(00:16:3e:[0-9a-f:]{8}) on xenbr0/#)?.1, "\(interface.output)")
        let twice = try vm("disk", "attach", "devices", "/dev/vg/data,raw,xvdb,w")
        let unseen = try vm("nic", "attach", "devices", "bridge=nowhere")
        let gone = try vm("nic", "detach", "devices", String(address))
        let drive = try vm("disk", "attach", "devices", "vdev=xvdc, devtype=cdrom, target=")
        let running = try vm("cd", "insert", "devices", "/OVS/debian.iso")
        _ = try output("vm stop devices")
        let inserted = try vm("cd", "insert", "devices", "/OVS/debian.iso")
        let ejected = try vm("cd", "eject", "devices")
        let detached = try vm("disk", "detach", "devices", "xvdb", "--force")
        let tasks = try output("task ls --no-headers")

        for outcome in [disk, interface, gone, drive, inserted, ejected, detached] {
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
        #expect(disk.output.contains("xvdb /dev/vg/data") && inserted.output.contains("xvdc /OVS/debian.iso, a CD drive"))
        #expect(!gone.output.contains(address) && !detached.output.contains("xvdb"))
        for outcome in [twice, unseen, running] { #expect(outcome.status == 1 && outcome.isOneSentenceOfEach, "\(outcome.errors)") }
        #expect(tasks.matches(of: #/change-device +devices? *.*done/#).count == 4, "\(tasks)")
    }

    @Test("tags are set, read, listed and removed")
    func tags() throws {
        try create("tagged")

        #expect(try output("vm tag set tagged team/owner erp") == "tagged has team/owner=erp\n")
        #expect(try output("vm tag get tagged team/owner") == "erp\n")
        #expect(try output("vm tag ls tagged -o name") == "team/owner\n")
        _ = try output("vm tag rm tagged team/owner")

        #expect(try output("vm tag ls tagged -o name").isEmpty)
        #expect(try ovm("vm tag get tagged team/owner").status == 1)
    }

    @Test("a rule is made, shown and removed; one that says nothing of its kind is a wrong command line")
    func rules() throws {
        try create("one")
        try create("two")

        _ = try output("rule add apart --anti-affinity --vm one,two")
        let shown = try output("rule show apart")
        let kindless = try ovm("rule add other --vm one,two")
        try create("three")
        let changed = try output("rule set apart --soft --add three --add-tag role=web")
        let left = try output("vm set three --remove-rule apart")
        let machine = try output("vm set one --memory 96M --remove-rule apart")
        let unchanged = try ovm("rule set apart")
        let stranger = try ovm("vm set one --remove-rule apart")
        let whole = try output("pool show --color never")
        _ = try output("rule rm apart")

        #expect(shown.contains("one") && shown.contains("two"), "\(shown)")
        #expect(kindless.status == 2, "\(kindless.errors)")
        #expect(changed == "Rule apart is changed.\n")
        #expect(!left.contains("apart") && !machine.contains("apart") && machine.contains("96 MiB"), "\(machine)")
        #expect(unchanged.status == 2, "\(unchanged.errors)")
        #expect(whole.contains("RULE") && whole.contains("apart") && whole.contains("tag role=web"), "\(whole)")
        #expect(stranger.isOneSentenceOfEach, "\(stranger.errors)")
        #expect(try output("rule ls -o name").isEmpty)
        #expect(try ovm("rule show apart").isOneSentenceOfEach)
    }

    @Test("the pool's settings are shown and set, by who has seen their last change if so asked; a diff shows both values")
    func settings() throws {
        let former = try output("pool settings -o json")
        let changed = try output("pool set --cpu-overcommit 6 --voter-limit 3 --voter-replacement 10m --reason rack7 -o yaml")
        let index = try #require(changed.firstMatch(of: #/changedAt: ([0-9]+)/#)?.1)

        let late = try ovm("pool set --voter-limit 5 --if-match 1")
        let again = try output("pool set --voter-replacement 90s --if-match \(index)")
        let impossible = try ovm("pool set --voter-limit 4")
        let nothing = try ovm("pool set")

        #expect(former.contains(#/"overcommitRatio" ?: ?4/#) && former.contains(#/"changedAt" ?: ?0/#), "\(former)")
        #expect(changed.contains("overcommitRatio: 6\n") && changed.contains("voterReplacementSeconds: 600\n"), "\(changed)")
        #expect(late.isOneSentenceOfEach && late.errors.contains("Read it again"), "\(late.errors)")
        #expect(again.contains("voter replacement  after 90s of silence"), "\(again)")
        #expect(impossible.isOneSentenceOfEach && impossible.errors.contains("Give 1, 3, 5 or 7."), "\(impossible.errors)")
        #expect(nothing.status == 2 && nothing.errors.contains("--voter-replacement"), "\(nothing.errors)")
        #expect(try output("event ls --kind setting-changed").contains("rack7"))
        let diff = try output("pool diff \(Int(index).map { $0 - 1 } ?? 0)..")
        #expect(diff.contains(#/overcommitRatio.*4.*6/#) && diff.contains(#/voterReplacementSeconds.*600.*90/#), "\(diff)")
    }

    @Test("a start's task is listed, shown, and cannot be cancelled once it has ended")
    func tasks() throws {
        let number = try #require(try output("task ls --no-headers").split(separator: "\n").first?.split(separator: " ").first)

        let shown = try output("task show \(number) -o json")
        let cancelled = try ovm("task cancel \(number)")

        #expect(shown.contains("\"done\""), "\(shown)")
        #expect(cancelled.isOneSentenceOfEach, "\(cancelled.errors)")
        #expect(try ovm("task show 999999").isOneSentenceOfEach)
    }

    @Test("maintenance names what is still there, and a machine that finds no server says why")
    func maintenance() throws {
        try create("homeless")

        let on = try output("server maintenance on alpha")
        let started = try ovm("vm start homeless")
        let off = try output("server maintenance off alpha")

        #expect(on.hasPrefix("alpha is in maintenance.") && on.contains("erp-db01"), "\(on)")
        #expect(started.status == 1 && started.errors.contains("maintenance"), "\(started.errors)")
        #expect(off == "alpha is out of maintenance.\n")
    }

    @Test("the pool's past is shown and compared, and events begin after an index")
    func past() throws {
        let then = try output("pool show --at 3")
        try create("late")
        let diff = try output("pool diff 3..")
        let events = try output("event ls --since 3 --no-headers")

        #expect(then.contains(#/index +3, /#) && !then.contains("late"), "\(then)")
        #expect(diff.contains("added vm late") || diff.contains("added virtual machine late"), "\(diff.suffix(400))")
        let indexes = events.split(separator: "\n").compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        #expect(!indexes.isEmpty && indexes == indexes.sorted() && indexes.allSatisfy { $0 > 3 })
        #expect(try ovm("pool diff 9..3").status != 0)
        #expect(try ovm("pool show --at 99999999").status == 1)
    }

    @Test(
        "a wrong command line is exit status 2, a pool that nobody reaches 3",
        arguments: [("vm set", 2), ("event ls --since 1h", 2), ("vm ls", 3)])
    func statuses(_ line: String, _ status: Int32) throws {
        let pool = "\(scene.folder)/out-pool.json"
        let text = try String(contentsOfFile: SharedPool.file, encoding: .utf8)
        let silent = try text.replacing(#/127\.0\.0\.1:\d+/#, with: BootstrapTests.ports()[0])
        _ = FileManager.default.createFile(atPath: pool, contents: Data(silent.utf8), attributes: [.posixPermissions: 0o600])

        let outcome = try scene.run(line.split(separator: " ").map(String.init) + ["--pool", pool])

        #expect(outcome.status == status && outcome.output.isEmpty && !outcome.errors.isEmpty, "\(outcome.errors)")
    }
}

@Suite("ovm simulate")
struct SimulateTests {
    @Test("a clean range of seeds says how much was simulated and ends with 0; a wrong range is a wrong command line")
    func simulates() throws {
        let scene = try ProgramScene()

        let clean = try scene.run("simulate", "--seeds", "1..2", "--servers", "3", "--seconds", "2")
        let wrong = try scene.run("simulate", "--seeds", "9..1")
        let both = try scene.run("simulate", "--seeds", "1..2", "--seed", "1")

        #expect(clean.status == 0 && clean.output.hasPrefix("2 seeds, ") && clean.output.hasSuffix("no violation\n"), "\(clean.output)")
        #expect(wrong.status == 2 && wrong.errors.contains("is no range of seeds"))
        #expect(both.status == 2 && both.errors.contains("Give either --seed N or --seeds A..B."))
    }
}
