import AgentCore
import Foundation
import PoolModel
import PoolStateMachine
import RaftCore
import Testing

@testable import WireFormat

@Suite("What a server tells of its CPUs, on the wire and in a snapshot")
struct ProcessorRoundTripTests {
    static func processor() throws -> ProcessorFacts {
        let features = try #require(ProcessorFeatures("bfebfbff:77fef3ff:2c100800:00000121:0000000f"))
        return try #require(
            ProcessorFacts(
                vendor: "GenuineIntel", model: "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", sockets: 2, coresPerSocket: 16,
                threadsPerCore: 2,
                nodes: 2, features: features,
                liveDomainTypes: [.pvh, .hvm]))
    }

    static func facts(_ processor: ProcessorFacts?) throws -> ServerFacts {
        let facts = WireSamples.facts
        return ServerFacts(
            totalMemory: facts.totalMemory, reservedMemory: facts.reservedMemory, processors: 64, cards: facts.cards,
            bridges: facts.bridges,
            storageRoots: facts.storageRoots, domainTypes: facts.domainTypes, hypervisor: "4.17.7", processor: processor)
    }

    static func entry() throws -> RaftEntry<PoolEntry> {
        let command = PoolCommand.serverFacts(server: ServerID(1), session: SessionNumber(1), try facts(processor()))
        let entry = PoolEntry(
            command: command, principal: .server(ServerID(1)), proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
        return RaftEntry(index: LogIndex(9), term: Term(2), content: .command(entry), size: entry.approximateSize)
    }

    @Test("facts with CPUs survive an entry, whose size counts them")
    func roundTripsEntry() throws {
        let coding = WireEntryCoding()
        let entry = try Self.entry()

        let bytes = coding.encode(entry)

        #expect(try coding.decode(bytes) == entry)
        #expect(bytes.count <= entry.size)
        try Golden.compare([Golden.hexadecimal(bytes)], with: "processor-1.txt")
    }

    /// A pool whose first server tells these CPUs.
    private static func state(_ processor: ProcessorFacts?) throws -> PoolState {
        var state = try WireRoundTripTests.busyState()
        let server = try #require(state.servers[ServerID(1)])
        let command = PoolCommand.serverFacts(server: server.id, session: server.session, try facts(processor))
        let entry = PoolEntry(command: command, principal: .server(server.id), proposedAt: PoolTime(milliseconds: 1_700_000_000_000))
        #expect(state.apply(entry, at: state.appliedIndex.next).outcome == .done(.none))
        return state
    }

    @Test("they survive a snapshot, with the digest")
    func roundTripsSnapshot() throws {
        let state = try Self.state(Self.processor())
        let coding = WireSnapshotCoding()

        let restored = try coding.decode(coding.encode(state))

        #expect(restored.servers[ServerID(1)]?.facts == (try Self.facts(Self.processor())))
        #expect(restored.digest == state.digest && coding.encode(restored) == coding.encode(state))
    }

    @Test("the digest tells CPUs from others and from none")
    func digests() throws {
        func changed(_ words: [UInt32], live: [DomainType], nodes: Int = 2, model: String = "m", vendor: String = "v") throws -> PoolState {
            let features = try #require(ProcessorFeatures(words: words))
            return try Self.state(
                ProcessorFacts(
                    vendor: vendor, model: model, sockets: 2, coresPerSocket: 16, threadsPerCore: 2, nodes: nodes, features: features,
                    liveDomainTypes: live))
        }
        let states = [
            try Self.state(nil), try changed([1], live: [.pv]), try changed([2], live: [.pv]), try changed([1], live: [.hvm]),
            try changed([1, 1], live: [.pv]), try changed([1], live: [.pv], nodes: 1), try changed([1], live: [.pv], model: "n"),
            try changed([1], live: [.pv], vendor: "w"),
        ]

        #expect(Set(states.map(\.digest)).count == states.count)
    }

    @Test("CPUs out of bounds are refused, and nothing is an older agent's silence")
    func refuses() throws {
        let good = WireProcessor(try Self.processor())
        #expect(try good.model() == Self.processor())
        #expect(try WireFacts(WireSamples.facts).model().processor == nil)

        let changes: [(inout WireProcessor) -> Void] = [
            { $0.sockets = 0 }, { $0.nodes = -1 }, { $0.threadsPerCore = 1 << 60 }, { $0.coresPerSocket = 65_537 },
            { $0.vendor = "a\u{1B}[31m" }, { $0.modelName = String(repeating: "x", count: 129) },
            { $0.features = Array(repeating: 1, count: 33) }, { $0.liveDomainTypes = ["king"] },
            { $0.liveDomainTypes = Array(repeating: "pv", count: 17) },
        ]
        for (position, change) in changes.enumerated() {
            var bad = good
            change(&bad)
            #expect(throws: WireError.self, "\(position)") { try bad.model() }
        }
    }
}
