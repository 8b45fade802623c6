import FoundationEssentials
import PoolModel

/// `simulated.json`: what a simulated host offers and how long things take there. A key that is absent means the usual value.
package struct SimulatedHostSettings: Hashable, Sendable {
    package var capacity: SimulatedCapacity
    package var durations: SimulatedDurations
    /// The folder that stands for shared storage, the same for hosts that share one; nil for a host that shares none.
    package var sharedFolder: String?

    /// The file's name in a data directory.
    package static let fileName = "simulated.json"

    package init(
        capacity: SimulatedCapacity = SimulatedCapacity(), durations: SimulatedDurations = SimulatedDurations(), sharedFolder: String? = nil
    ) {
        self.capacity = capacity
        self.durations = durations
        self.sharedFolder = sharedFolder
    }

    /// Reads the file at `path`; the usual host where there is none.
    package init(path: String) throws(SimulatedHostError) {
        guard let bytes = try BoundedFile.read(path, limit: SimulatedHostLimits.settingsBytes) else {
            self.init()
            return
        }
        try self.init(bytes: bytes, path: path)
    }

    /// Reads the bytes of such a file; `path` is for the error.
    package init(bytes: [UInt8], path: String) throws(SimulatedHostError) {
        let document: SettingsDocument
        do {
            document = try JSONDecoder().decode(SettingsDocument.self, from: Data(bytes))
        } catch {
            throw .badSettings(path: path, reason: "it is not the JSON of a simulated host (\(Self.place(of: error)))")
        }
        do throws(DocumentFault) {
            capacity = try document.facts.capacity()
            durations = try document.durations?.durations() ?? SimulatedDurations()
            sharedFolder = document.sharedFolder
            guard sharedFolder?.hasPrefix("/") ?? true else { throw DocumentFault("sharedFolder is not an absolute path") }
        } catch {
            throw .badSettings(path: path, reason: error.reason)
        }
    }

    /// The bytes of the file; whoever writes it does so whole or not at all.
    package func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(SettingsDocument(self))) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("settings of our own cannot be written as JSON: \(error)")
        }
    }

    /// The key that a decoder stumbled over, without the value, which may be long.
    private static func place(of error: any Error) -> String {
        let keys: [any CodingKey]
        switch error {
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context): keys = context.codingPath
        case DecodingError.keyNotFound(let key, let context): keys = context.codingPath + [key]
        default: return "it cannot be parsed"
        }
        return "look at " + keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
}

/// The keys of simulated.json.
private struct SettingsDocument: Codable {
    var facts: FactsDocument
    var durations: DurationsDocument?
    var sharedFolder: String?

    private enum CodingKeys: String, CodingKey {
        case memory, reserve, processors, cards, bridges, storageRoots, domainTypes, durations, sharedFolder, processor
    }

    init(_ settings: SimulatedHostSettings) {
        facts = FactsDocument(
            SimulatedHostModel(
                capacity: settings.capacity, boot: UniqueIdentifier(high: 0, low: 0), seed: 0, now: .zero
            ).facts)
        durations = settings.durations == SimulatedDurations() ? nil : DurationsDocument(settings.durations)
        sharedFolder = settings.sharedFolder
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let usual = FactsDocument(
            SimulatedHostModel(capacity: SimulatedCapacity(), boot: UniqueIdentifier(high: 0, low: 0), seed: 0, now: .zero).facts)
        facts = FactsDocument(
            memory: try container.decodeIfPresent(Int.self, forKey: .memory) ?? usual.memory,
            reserve: try container.decodeIfPresent(Int.self, forKey: .reserve) ?? usual.reserve,
            processors: try container.decodeIfPresent(Int.self, forKey: .processors) ?? usual.processors,
            cards: try container.decodeIfPresent([CardDocument].self, forKey: .cards) ?? usual.cards,
            bridges: try container.decodeIfPresent([BridgeDocument].self, forKey: .bridges) ?? usual.bridges,
            storageRoots: try container.decodeIfPresent([StorageRootDocument].self, forKey: .storageRoots) ?? usual.storageRoots,
            domainTypes: try container.decodeIfPresent([String].self, forKey: .domainTypes) ?? usual.domainTypes,
            processor: try container.decodeIfPresent(ProcessorFactsDocument.self, forKey: .processor))
        durations = try container.decodeIfPresent(DurationsDocument.self, forKey: .durations)
        sharedFolder = try container.decodeIfPresent(String.self, forKey: .sharedFolder)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(facts.memory, forKey: .memory)
        try container.encode(facts.reserve, forKey: .reserve)
        try container.encode(facts.processors, forKey: .processors)
        try container.encode(facts.cards, forKey: .cards)
        try container.encode(facts.bridges, forKey: .bridges)
        try container.encode(facts.storageRoots, forKey: .storageRoots)
        try container.encode(facts.domainTypes, forKey: .domainTypes)
        try container.encodeIfPresent(durations, forKey: .durations)
        try container.encodeIfPresent(sharedFolder, forKey: .sharedFolder)
        try container.encodeIfPresent(facts.processor, forKey: .processor)
    }
}

/// Durations in simulated.json: for each the least and the most, in milliseconds.
private struct DurationsDocument: Codable {
    var create: [Int]?
    var unpause: [Int]?
    var shutdown: [Int]?
    var destroy: [Int]?
    var guestShutdown: [Int]?
    var dump: [Int]?
    var suspend: [Int]?
    var sendGibibyte: [Int]?

    init(_ durations: SimulatedDurations) {
        create = Self.bounds(durations.create)
        unpause = Self.bounds(durations.unpause)
        shutdown = Self.bounds(durations.shutdown)
        destroy = Self.bounds(durations.destroy)
        guestShutdown = Self.bounds(durations.guestShutdown)
        dump = Self.bounds(durations.dump)
        suspend = Self.bounds(durations.suspend)
        sendGibibyte = Self.bounds(durations.sendGibibyte)
    }

    func durations() throws(DocumentFault) -> SimulatedDurations {
        let usual = SimulatedDurations()
        var read = SimulatedDurations(
            create: try Self.span(create) ?? usual.create, unpause: try Self.span(unpause) ?? usual.unpause,
            shutdown: try Self.span(shutdown) ?? usual.shutdown, destroy: try Self.span(destroy) ?? usual.destroy,
            guestShutdown: try Self.span(guestShutdown) ?? usual.guestShutdown)
        read.dump = try Self.span(dump) ?? usual.dump
        read.suspend = try Self.span(suspend) ?? usual.suspend
        read.sendGibibyte = try Self.span(sendGibibyte) ?? usual.sendGibibyte
        return read
    }

    private static func bounds(_ span: SimulatedSpan) -> [Int] {
        [Int(span.least.wholeNanoseconds / 1_000_000), Int(span.most.wholeNanoseconds / 1_000_000)]
    }

    private static func span(_ bounds: [Int]?) throws(DocumentFault) -> SimulatedSpan? {
        guard let bounds else { return nil }
        let longest = Int(SimulatedDurations.longest.wholeNanoseconds / 1_000_000)
        guard bounds.count == 2, bounds[0] >= 0, bounds[1] >= bounds[0], bounds[1] <= longest else {
            throw DocumentFault("a duration is not [least, most] in milliseconds, at most \(longest)")
        }
        return SimulatedSpan(.milliseconds(bounds[0]), .milliseconds(bounds[1]))
    }
}
