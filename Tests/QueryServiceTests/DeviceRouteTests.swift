import DomainConfiguration
import PoolModel
import PoolStateMachine
import QueryModel
import Testing

@testable import QueryService

@Suite("Routes for disks, CDs and interfaces")
struct DeviceRouteTests {
    private static let key = ["idempotency-key": "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d31"]
    private static let disk = #"{"disk": "phy:/OVS/data.img,xvdb,w"}"#

    /// The devices of the machine as its text has them now.
    private func devices(_ scene: Scene) async throws -> [String] {
        let machine = try #require(await scene.gateway.state.machines.values.first)
        let settings = try DomainConfigurationText.parse(machine.configuration, file: "vm.cfg").settings
        return settings.devices((machine.uuid.high, machine.uuid.low)).map(\.device)
    }

    private func run(_ scene: Scene) async throws -> VirtualMachineID {
        _ = try await scene.createMachine(preferred: ["alpha"])
        let id = VirtualMachineID(try await scene.send("GET", "/v1/vms/web01").document(MachineDocument.self).id)
        _ = try await scene.send("POST", "/v1/vms/web01/start")
        await scene.observe(id, .running)
        return id
    }

    @Test("a machine that is powered off has another text at once, and keeps whatever else it says")
    func changesText() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let attached = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk)
        let machine = try attached.document(MachineDocument.self)
        let inserted = try await scene.send("PUT", "/v1/vms/web01/cds/hdc", #"{"path": "/OVS/iso_pool/debian.iso"}"#)
        let withMedium = try inserted.document(MachineDocument.self).requirements.diskPaths
        let ejected = try await scene.send("DELETE", "/v1/vms/web01/cds/hdc")
        let detached = try await scene.send("DELETE", "/v1/vms/web01/disks/xvda")

        #expect(attached.status == 200 && attached.headers["Location"] == nil && attached.headers["ETag"] != nil, "\(attached.text)")
        #expect(machine.requirements.diskPaths == ["/OVS/web01.img", "/OVS/data.img"] && machine.requirements.memoryMiB == 1_024)
        #expect(machine.task == nil && machine.status == "PoweredOff")
        #expect(withMedium == ["/OVS/web01.img", "/OVS/iso_pool/debian.iso", "/OVS/data.img"])
        #expect([inserted.status, ejected.status, detached.status] == [200, 200, 200], "\(ejected.text) \(detached.text)")
        #expect(try await devices(scene).prefix(2) == ["hdc", "xvdb"])
        #expect(try detached.document(MachineDocument.self).requirements.diskPaths == ["/OVS/data.img"])
    }

    @Test("an interface gets a MAC address that it keeps, and the others keep theirs, whichever comes or goes")
    func keepsAddresses() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let before = try await devices(scene)

        let attached = try await scene.send("POST", "/v1/vms/web01/interfaces", #"{"interface": "bridge=xenbr0,rate=100Mb/s"}"#)
        let with = try await devices(scene)
        let text = try attached.document(MachineDocument.self).configuration ?? ""
        let byPlace = try await scene.send("DELETE", "/v1/vms/web01/interfaces/0")
        let byAddress = try await scene.send("DELETE", "/v1/vms/web01/interfaces/\(with[4].uppercased())")
        let again = try await scene.send("POST", "/v1/vms/web01/interfaces", #"{"interface": ""}"#)

        #expect(before.count == 4 && with.prefix(4) == before[...] && with.count == 5 && Set(with).count == 5)
        #expect(before.suffix(2).allSatisfy { $0.hasPrefix("00:16:3e:") && text.contains("mac=\($0)") })
        #expect(try attached.document(MachineDocument.self).requirements.interfaces.map(\.rateKbps) == [10_000, 10_000, 100_000])
        #expect([byPlace.status, byAddress.status, again.status] == [200, 200, 200], "\(byPlace.text) \(byAddress.text) \(again.text)")
        let left = try await devices(scene)
        #expect(left.count == 4 && left[2] == before[3] && !before.contains(left[3]))
    }

    @Test("of a machine that runs a change is a task, whose place is told; force reaches the server")
    func beginsTask() async throws {
        let scene = try await Scene()
        let id = try await run(scene)

        let begun = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk)
        let task = try #require(try begun.document(MachineDocument.self).task)
        let meanwhile = try await scene.send("DELETE", "/v1/vms/web01/disks/xvda")
        let during = try await devices(scene)
        await scene.observe(id, .deviceChanged(TaskID(task)))
        let after = try await devices(scene)
        let forced = try await scene.send("DELETE", "/v1/vms/web01/disks/xvdb?force=true")
        let change = await scene.gateway.state.machines[id]?.deviceChange

        #expect(begun.status == 202 && begun.headers["Location"] == "/v1/tasks/\(task)", "\(begun.text)")
        #expect(meanwhile.status == 409 && meanwhile.problem?.detail.contains("Disk xvdb") == true)
        #expect(!during.contains("xvdb") && after.contains("xvdb"))
        #expect(try await scene.send("GET", "/v1/tasks/\(task)").document(TaskDocument.self).kind == "change-device")
        #expect(forced.status == 202)
        #expect(change?.operation.kind == .detachDisk && change?.operation.isForced == true)
        #expect(change?.operation.element == "format=raw, vdev=xvdb, access=rw, target=/OVS/data.img")
    }

    @Test("a request that is sent again is carried out once and answered alike, although its device is there already")
    func repeats() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        let first = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk, headers: Self.key)
        let again = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk, headers: Self.key)
        let other = try await scene.send(
            "POST", "/v1/vms/web01/disks", Self.disk, headers: ["idempotency-key": "5f0c3a52-6a0e-4f8e-9f43-4a7a1c3f7d32"])
        let plain = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk)

        #expect(first.status == 200 && again.status == 200, "\(again.text)")
        #expect(other.status == 409 && plain.status == 409)
        #expect(other.problem?.detail == plain.problem?.detail && plain.problem?.detail.contains("There is a disk xvdb already") == true)
        #expect(try await devices(scene).filter { $0 == "xvdb" }.count == 1)
    }

    @Test("If-Match holds against the machine's version")
    func heedsVersions() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let tag = try #require(try await scene.send("GET", "/v1/vms/web01").headers["ETag"])
        _ = try await scene.send("PUT", "/v1/vms/web01/tags/a", #""1""#)

        let stale = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk, headers: ["if-match": tag])
        let now = try #require(try await scene.send("GET", "/v1/vms/web01").headers["ETag"])
        let fresh = try await scene.send("POST", "/v1/vms/web01/disks", Self.disk, headers: ["if-match": now])

        #expect(stale.status == 412 && fresh.status == 200, "\(fresh.text)")
    }

    @Test(
        "what cannot be read, is there already or is not there is said with its cure",
        arguments: [
            ("POST", "/v1/vms/web01/disks", #"{"disk": "/OVS/a.img,raw"}"#, 422, "without a virtual device"),
            ("POST", "/v1/vms/web01/disks", #"{"disk": "/OVS/a.img,raw,xvda,w"}"#, 409, "There is a disk xvda already"),
            ("POST", "/v1/vms/web01/interfaces", #"{"interface": "mac=x"}"#, 422, "MAC address"),
            ("POST", "/v1/vms/web01/interfaces", #"{"bridge": "xenbr0"}"#, 400, "lacks"),
            ("DELETE", "/v1/vms/web01/disks/xvdz", "", 404, "Name one of xvda, hdc"),
            ("DELETE", "/v1/vms/web01/interfaces/2", "", 404, "There is no interface"),
            ("PUT", "/v1/vms/web01/cds/xvda", #"{"path": "/OVS/a.iso"}"#, 404, "Name one of hdc"),
            ("PUT", "/v1/vms/web01/cds/hdc", #"{"path": "a.iso"}"#, 422, "begins with a slash"),
            ("PUT", "/v1/vms/web01/cds/hdc", #"{"path": ""}"#, 400, "leaves the drive empty"),
            ("DELETE", "/v1/vms/web01/disks/xvda?force=yes", "", 400, "false or true"),
            ("DELETE", "/v1/vms/web09/disks/xvda", "", 404, "virtual machine"),
        ])
    func refuses(method: String, path: String, body: String, status: Int, words: String) async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()
        let before = await scene.gateway.entries.count

        let answer = try await scene.send(method, path, body)

        #expect(answer.status == status && answer.problem?.detail.contains(words) == true, "\(answer.text)")
        #expect(await scene.gateway.entries.count == before)
    }

    @Test("who may only look changes no device")
    func refusesViewers() async throws {
        let scene = try await Scene()
        _ = try await scene.createMachine()

        #expect(try await scene.send("POST", "/v1/vms/web01/disks", Self.disk, as: "vera").status == 403)
        #expect(try await scene.send("POST", "/v1/vms/web01/disks", Self.disk, as: "ulla").status == 200)
    }
}
