import AgentCore
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("the devices of a simulated domain")
struct DeviceTests {
    private static let text = """
        name = 'web'
        disk = [ '/OVS/web.img,raw,xvda,w', 'vdev=hdc, devtype=cdrom, target=' ]
        vif = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0' ]

        """

    /// A domain that runs with a disk, an empty drive and an interface.
    private static func running(_ scene: inout Scene) throws -> UInt32 {
        let plain = try Scene.specification(1)
        let specification = DomainSpecification(
            ownership: plain.ownership, name: plain.name, uuid: plain.uuid, configuration: text, requirements: plain.requirements)
        #expect(scene.perform(.createPaused(specification)) == .done)
        #expect(scene.perform(.unpause(domain: 1)) == .done)
        return 1
    }

    private static func disk(_ device: String, _ path: String, _ kind: DeviceChangeKind = .attachDisk) -> DeviceOperation {
        DeviceOperation(kind, device: device, element: "format=raw, vdev=\(device), access=rw, target=\(path)")
    }

    @Test("a domain has the devices of its configuration")
    func hasThoseOfItsConfiguration() throws {
        var scene = Scene()

        let domain = try Self.running(&scene)

        #expect(scene.model.devices(of: domain).keys.sorted() == ["00:16:3e:00:00:01", "hdc", "xvda"])
        #expect(scene.model.devices(of: 9) == [:])
    }

    @Test("what is attached is there, also where it was there before; what is detached is gone, also where it never was")
    func comesAndGoes() throws {
        var scene = Scene()
        let domain = try Self.running(&scene)
        let disk = Self.disk("xvdb", "/OVS/data.img")
        let drive = DeviceOperation(.insertMedium, device: "hdc", element: "vdev=hdc, devtype=cdrom, target=/OVS/cd.iso")

        for operation in [disk, disk, drive] { #expect(scene.perform(.changeDevice(domain: domain, operation)) == .done) }
        let between = scene.model.devices(of: domain)
        let gone = Self.disk("xvdb", "/OVS/data.img", .detachDisk)
        for operation in [gone, gone] { #expect(scene.perform(.changeDevice(domain: domain, operation)) == .done) }

        #expect(between["xvdb"] == disk.element && between["hdc"] == drive.element)
        #expect(scene.model.devices(of: domain).keys.sorted() == ["00:16:3e:00:00:01", "hdc", "xvda"])
    }

    @Test("what the host lacks, another device in its place, a missing drive and a paused guest are refused with the reason")
    func refuses() throws {
        var scene = Scene()
        let domain = try Self.running(&scene)
        func cause(_ operation: DeviceOperation) -> String {
            guard case .failed(let cause) = scene.perform(.changeDevice(domain: domain, operation)) else { return "done" }
            return cause
        }

        let bridge = DeviceOperation(.attachInterface, device: "00:16:3e:00:00:02", element: "mac=00:16:3e:00:00:02,bridge=xenbr99")
        let drive = DeviceOperation(.ejectMedium, device: "hdd", element: "vdev=hdd, devtype=cdrom, target=")
        #expect(cause(Self.disk("xvdb", "/elsewhere/a")).contains("/elsewhere/a does not exist"))
        #expect(cause(Self.disk("xvda", "/OVS/other.img")).contains("another device xvda"))
        #expect(cause(bridge).contains("xenbr99 does not exist"))
        #expect(cause(drive).contains("no drive hdd"))
        #expect(scene.perform(.pause(domain: domain)) == .done)
        #expect(cause(Self.disk("xvdb", "/OVS/data.img")).contains("does not run"))
        #expect(scene.model.devices(of: domain).keys.sorted() == ["00:16:3e:00:00:01", "hdc", "xvda"])
    }
}
