import QueryModel
import Testing

@testable import PoolCommands

@Suite("What changed, and what a machine is, as text for people")
struct HistoryTextTests {
    private let time = QueryTime(milliseconds: 1_309_421_109_120)

    private func diff(_ change: String, _ fields: [FieldDiffDocument]) -> String {
        let entry = ChangeEntryDocument(
            index: 12, time: time, principal: "operator admin", reason: "rack 7", kind: "vm-changed", message: "It was changed.")
        let object = ObjectDiffDocument(kind: "vm", name: "web01", change: change, fields: fields, entryCount: 1, entries: [entry])
        return HistoryText.text(
            of: PoolDiffDocument(from: 11, to: 12, fromTime: time, toTime: time, firstIndex: 1, objectCount: 1, objects: [object]))
    }

    @Test("every field is one line: a vm.cfg by its first line, nothing by a word")
    func showsFields() {
        let text = diff(
            "changed",
            [
                FieldDiffDocument(name: "configuration", before: nil, after: "\nname = 'web01'\nmemory = 64\n"),
                FieldDiffDocument(name: "preferredServers", before: "alpha", after: ""),
                FieldDiffDocument(name: "server", before: "alpha", after: nil),
            ])

        #expect(
            text == """
                From index 11 (2011-06-30 08:05:09Z) to 12 (2011-06-30 08:05:09Z):

                changed vm web01
                  configuration: name = 'web01' .. (2 lines; -o json has them) (new)
                  preferredServers: alpha -> none
                  server: alpha (gone)
                  at 12, 2011-06-30 08:05:09Z, by operator admin: It was changed. Reason: rack 7

                """)
    }

    @Test("a machine is shown with its bounds, what becomes of it at its end, its first tags, and what its state allows")
    func showsMachine() {
        let needs = RequirementsDocument(
            domainType: "pv", memoryMiB: 1_024, virtualCPUs: 2, interfaces: [], diskPaths: [], newImageMiB: 0, maximumMemoryMiB: 2_048,
            maximumVirtualCPUs: 2, onPowerOff: "destroy", onReboot: "restart", onCrash: "preserve")
        let machine = MachineDocument(
            name: "web01", id: 2, uuid: "u", status: "Running", cause: nil, intent: "running", server: "alpha", epoch: 1,
            requirements: needs, preferredServers: [], tagCount: 20, task: nil, configuration: nil, operations: ["stop", "pause"])
        let tags = (10..<30).map { TagDocument(key: "k\($0)", value: "v") }

        let lines = MachineText.properties(of: machine, tags: tags).text(in: TextStyle()).split(separator: "\n").map(String.init)

        #expect(lines.contains("memory             1 GiB, up to 2 GiB while it runs"))
        #expect(lines.contains("virtual CPUs       2"))
        #expect(lines.contains("at its end         power-off: destroy, reboot: restart, crash: preserve"))
        #expect(
            lines.contains("tags               k10=v") && lines.contains("                   4 more")
                && !lines.contains { $0.hasSuffix("k26=v") })
        #expect(lines.last == "allows             stop, pause")
    }

    @Test("who suspends a machine is warned where its memory goes to no shared storage, and only there")
    func warnsOfSuspend() {
        let needs = RequirementsDocument(
            domainType: "pv", memoryMiB: 1_024, virtualCPUs: 2, interfaces: [], diskPaths: [], newImageMiB: 0, maximumMemoryMiB: 1_024,
            maximumVirtualCPUs: 2, onPowerOff: "destroy", onReboot: "restart", onCrash: "preserve")
        let warnings = ["/OVS", nil].map { root in
            MachineText.warningOfSuspend(
                MachineDocument(
                    name: "web01", id: 2, uuid: "u", status: "Running", cause: nil, intent: "running", server: "alpha", epoch: 1,
                    requirements: needs, preferredServers: [], tagCount: 0, task: nil, configuration: nil, operations: ["suspend"],
                    suspendsTo: ImageDocument(server: "alpha", sharedRoot: root)))
        }

        #expect(warnings[0] == nil)
        #expect(warnings[1]?.contains("goes to the own disk of server alpha") == true)
    }
}
