import AgentPorts
import Foundation
import Testing

@testable import ServerEnvironment

@Suite("What the kernel counts of domains' devices")
struct BackendStatisticsTests {
    private static func write(_ files: [String: String], below folder: String) throws {
        for (name, text) in files {
            let file = URL(filePath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    @Test("disks are counted in sectors of 512 bytes, under the guest's names; other domains' devices are left out")
    func readsDisks() throws {
        try withFolder { (folder) throws in
            let devices = "bus/xen-backend/devices"
            try Self.write(
                [
                    "\(devices)/vbd-7-51728/statistics/rd_sect": "3\n", "\(devices)/vbd-7-51728/statistics/wr_sect": "10\n",
                    "\(devices)/vbd-7-51728/statistics/rd_req": "2\n", "\(devices)/vbd-7-51728/statistics/wr_req": "4\n",
                    "\(devices)/vbd-7-51712/statistics/rd_sect": "1", "\(devices)/vbd-8-51712/statistics/rd_sect": "9\n",
                    "\(devices)/qdisk-7-51744/statistics/rd_sect": "9\n", "\(devices)/vkbd-7-0/state": "4\n",
                ], below: folder)

            let read = BackendStatistics(of: [7], system: folder)

            #expect(read.disks.keys.sorted() == [7] && read.interfaces.isEmpty)
            #expect(
                read.disks[7] == [
                    DiskUsage(name: "xvda", readBytes: 512, writtenBytes: nil, reads: nil, writes: nil),
                    DiskUsage(name: "xvdb", readBytes: 1_536, writtenBytes: 5_120, reads: 2, writes: 4),
                ])
        }
    }

    @Test("what a back end has sent its guest has received, whatever the interface is called; an emulated card is counted by itself")
    func readsInterfaces() throws {
        try withFolder { (folder) throws in
            let net = "bus/xen-backend/devices/vif-7-1/net/web-out/statistics"
            try Self.write(
                [
                    "\(net)/rx_bytes": "100\n", "\(net)/tx_bytes": "2000\n", "\(net)/rx_packets": "3\n", "\(net)/tx_packets": "40\n",
                    "class/net/web-out-emu/statistics/tx_bytes": "5\n", "bus/xen-backend/devices/vif-7-0/state": "1\n",
                ], below: folder)

            let read = BackendStatistics(of: [7], system: folder)

            #expect(
                read.interfaces[7] == [
                    InterfaceUsage(name: "1", receivedBytes: 2_000, sentBytes: 100, receivedPackets: 40, sentPackets: 3),
                    InterfaceUsage(name: "1-emulated", receivedBytes: 5, sentBytes: nil, receivedPackets: nil, sentPackets: nil),
                ])
        }
    }

    @Test(
        "a file that holds anything but one number tells nothing",
        arguments: ["", "\n", "-1\n", "+1\n", "1 2\n", "0x10\n", "1\n\n", "99999999999999999999\n", "٣\n", "18446744073709551615\n"])
    func refusesNumbers(text: String) throws {
        try withFolder { (folder) throws in
            // The last is a number, whose sectors are more bytes than can be counted.
            try Self.write(["bus/xen-backend/devices/vbd-7-51712/statistics/rd_sect": text], below: folder)

            let read = BackendStatistics(of: [7], system: folder)

            #expect(read.disks[7]?.map(\.readBytes) == [nil])
        }
    }

    @Test("a name that is no device of a domain's is passed over, and nothing is nothing")
    func passesOver() throws {
        try withFolder { (folder) throws in
            for name in ["vbd-7", "vbd-7-1-2", "vbd--7", "vbd-+7-1", "vbd-7-x", "vbd-4294967296-1", "vif-7-", "VBD-7-1", "-7-1"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/bus/xen-backend/devices/\(name)", withIntermediateDirectories: true)
            }

            #expect(BackendStatistics(of: [7, 0], system: folder) == BackendStatistics(of: [], system: "\(folder)/none"))
        }
    }

    @Test(
        "disks have the names that guests give them (Xen's vbd-interface)",
        arguments: [
            (51_712, "xvda"), (51_713, "xvda1"), (51_727, "xvda15"), (51_728, "xvdb"), (51_952, "xvdp"), (268_439_552, "xvdq"),
            (268_439_553, "xvdq1"), (268_435_456 + 6_656, "xvdaa"), (268_435_456 + 13_056, "xvdaz"), (268_435_456 + 13_312, "xvdba"),
            (2_048, "sda"), (2_065, "sdb1"), (768, "hda"), (833, "hdb1"), (5_632, "hdc"), (5_696, "hdd"), (7, "7"), (.max, "4294967295"),
        ] as [(UInt32, String)])
    func namesDisks(number: UInt32, name: String) { #expect(BackendStatistics.diskName(number) == name) }
}
