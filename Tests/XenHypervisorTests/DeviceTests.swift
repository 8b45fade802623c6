import Foundation
import Testing
import XenHypervisor

@Suite("Single devices, as libxl is told them")
struct DeviceTests {
    private func printed(_ json: String?) throws -> Printed {
        Printed(value: try JSONSerialization.jsonObject(with: Data(try #require(json).utf8)))
    }

    @Test("a disk's element is told as in a whole configuration")
    func disk() throws {
        let element = "format=qcow2, vdev=xvdb, access=rw, no-discard, target=/OVS/a, b.qcow2"

        let alone = try printed(LibxlDisk(try DiskPlan(element: element), library: XenLibrary()).json)
        let listed = try Scene.libxl("disk = ['\(element)']")["disks"][0]

        #expect(alone["pdev_path"].text == "/OVS/a, b.qcow2" && alone["vdev"].text == "xvdb" && alone["format"].text == "qcow2")
        #expect(alone["readwrite"].number == 1 && alone["discard_enable"].flag == false)
        #expect(
            NSDictionary(dictionary: try #require(alone.value as? [String: Any])).isEqual(to: try #require(listed.value as? [String: Any])))
    }

    @Test("an empty drive has no medium, and a shared disk is served by qemu")
    func drives() throws {
        let drive = try printed(
            LibxlDisk(try DiskPlan(element: "format=raw, vdev=hdc, access=ro, devtype=cdrom, target="), library: XenLibrary()).json)
        let shared = try printed(LibxlDisk(try DiskPlan(element: "/a.img,raw,xvdb,w!"), library: XenLibrary()).json)

        #expect(drive["format"].text == "empty" && drive["is_cdrom"].number == 1 && drive["pdev_path"].text == nil)
        #expect(shared["backend"].text == "qdisk" && shared["direct_io_safe"].flag == true)
    }

    @Test("libxl numbers an interface that has no number of its own")
    func interface() throws {
        let free = try InterfacePlan(element: "mac=00:16:3e:00:00:01,bridge=b1,rate=1MB/s@20ms")
        let numbered = try InterfacePlan(element: "mac=00:16:3e:00:00:02,devid=4")

        let printed = try printed(LibxlInterface(free, library: XenLibrary()).json)

        #expect(free.number == -1 && numbered.number == 4)
        #expect(printed["mac"].text == "00:16:3e:00:00:01" && printed["bridge"].text == "b1" && printed["devid"].number == nil)
        #expect(printed["rate_bytes_per_interval"].number == 20_000)
        #expect(try self.printed(LibxlInterface(numbered, library: XenLibrary()).json)["devid"].number == 4)
    }

    @Test("an interface without an address, and what cannot be read, are refused with a cure")
    func refuses() {
        for element in ["bridge=b1", "mac=x", "mac=00:16:3e:00:00:01\0"] {
            let refusal = #expect(throws: XenRefusal.self) { try InterfacePlan(element: element) }
            #expect(refusal?.cure.hasSuffix(".") == true)
        }
        for element in ["/a.img,raw", "/a\0,raw,xvda,w"] {
            #expect(throws: XenRefusal.self) { try DiskPlan(element: element) }
        }
    }
}
