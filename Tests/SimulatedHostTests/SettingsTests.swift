import Foundation
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("simulated.json", .timeLimit(.minutes(2)))
struct SettingsTests {
    private func refusal(_ text: String) -> String? {
        do throws(SimulatedHostError) {
            _ = try SimulatedHostSettings(bytes: Array(text.utf8), path: "simulated.json")
            return nil
        } catch {
            return error.message
        }
    }

    @Test("what is written is read again")
    func roundTrips() throws {
        var settings = SimulatedHostSettings(sharedFolder: "/srv/shared")
        settings.capacity.memory = Mebibytes(8_192)
        settings.capacity.storageRoots = [StorageRoot(path: "/OVS", isShared: true, capacity: Mebibytes(10))]
        settings.capacity.processor = SimulatedCapacity.usualProcessor(of: 6)
        settings.durations.create = SimulatedSpan(.milliseconds(1), .milliseconds(2))

        let read = try SimulatedHostSettings(bytes: settings.encoded(), path: "simulated.json")

        #expect(read == settings)
    }

    @Test("an absent key means the usual value, and an unknown one nothing")
    func takesDefaults() throws {
        let read = try SimulatedHostSettings(bytes: Array(#"{"processors":4,"colour":"red"}"#.utf8), path: "simulated.json")

        #expect(read == SimulatedHostSettings(capacity: SimulatedCapacity(processors: 4)))
    }

    @Test("the CPUs are the usual ones but for what is given, and their threads are as many as the processors")
    func takesProcessor() throws {
        let read = try SimulatedHostSettings(
            bytes: Array(#"{"processors":3,"processor":{"model":"Old","liveDomainTypes":[]}}"#.utf8), path: "simulated.json")

        let processor = read.capacity.processor
        #expect(processor.model == "Old" && processor.liveDomainTypes == [] && processor.vendor == "GenuineIntel")
        #expect(processor.sockets * processor.coresPerSocket * processor.threadsPerCore == 3)
        #expect(processor.features == SimulatedCapacity().processor.features)
    }

    @Test(
        "what is out of bounds is refused with its name",
        arguments: [
            (#"{"memory":-1}"#, "memory is not 0 to 67108864 MiB"),
            (#"{"memory":100,"reserve":101}"#, "reserve is not between 0 and memory"),
            (#"{"processors":0}"#, "processors is not 1 to 4096"),
            (#"{"cards":[{"name":"eth0","kilobitsPerSecond":0}],"bridges":[]}"#, "the card eth0 has no possible speed"),
            (#"{"cards":[]}"#, "the bridge xenbr0 names a card that the server does not have"),
            (#"{"bridges":[{"name":"a","cards":[]},{"name":"a","cards":[]}]}"#, "bridges names something twice"),
            (#"{"bridges":[{"name":"","cards":[]}]}"#, "bridges has an item whose name is empty or too long"),
            (
                #"{"storageRoots":[{"path":"OVS","shared":true,"mebibytes":1}]}"#,
                "the storage root OVS is not an absolute path without a trailing slash"
            ),
            (#"{"storageRoots":[{"path":"/OVS","shared":true,"mebibytes":-1}]}"#, "the storage root /OVS has no possible size"),
            (#"{"domainTypes":["pv","pv"]}"#, "domainTypes is not a choice of pv, pvh and hvm"),
            (#"{"domainTypes":[]}"#, "domainTypes is not a choice of pv, pvh and hvm"),
            (
                #"{"processor":{"features":"avx2"}}"#,
                "processor.features is not up to 32 words of 8 hexadecimal digits"
            ),
            (#"{"processor":{"liveDomainTypes":["king"]}}"#, "processor.liveDomainTypes is not a choice of pv, pvh and hvm"),
            (#"{"processor":{"nodes":0}}"#, "processor has a count that is not 1 to 65536, or too long a name"),
            (#"{"durations":{"create":[2,1]}}"#, "a duration is not [least, most] in milliseconds, at most 86400000"),
            (#"{"memory":"much"}"#, "it is not the JSON of a simulated host (look at memory)"),
            (#"{"memory""#, "it is not the JSON of a simulated host (it cannot be parsed)"),
        ])
    func refuses(text: String, reason: String) {
        #expect(refusal(text) == "simulated.json cannot be used: \(reason). Correct it, or remove it to have the usual host.")
    }

    @Test("a file that is too long or no file is refused")
    func refusesFiles() async throws {
        try await withFolder { (folder) async throws in
            try Data(repeating: UInt8(ascii: " "), count: SimulatedHostLimits.settingsBytes + 1).write(to: URL(filePath: folder.settings))

            let long = await ServedHost.start(folder).outcome()
            #expect(unlink(folder.settings) == 0 && mkfifo(folder.settings, 0o600) == 0)
            let pipe = await ServedHost.start(folder).outcome()

            #expect(long == .badSettings(path: folder.settings, reason: "it has more than 65536 bytes"))
            #expect(pipe == .badSettings(path: folder.settings, reason: "it is not a plain file"))
        }
    }
}
