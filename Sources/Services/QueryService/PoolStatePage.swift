import PoolModel
import PoolStateMachine
import QueryModel

/// What a page of the pool's state is made of, in this order; the raw values are part of a cursor.
enum PoolStateSection: String, CaseIterable, Comparable {
    case server
    case vm
    case rule
    case tag

    static func < (left: PoolStateSection, right: PoolStateSection) -> Bool { left.place < right.place }
    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The last element of a page: `INDEX/SECTION/NAME`, or `INDEX/tag/MACHINE/KEY`. It names the index, so that the pages which follow are of
/// the same state, whatever happens meanwhile.
struct PoolStateCursor: Hashable, Sendable {
    let index: LogIndex
    let section: PoolStateSection
    /// Of the server, machine or rule; of a tag, its machine's.
    let name: String
    /// Of a tag; otherwise empty.
    let key: String

    init(index: LogIndex, section: PoolStateSection, name: String, key: String = "") {
        self.index = index
        self.section = section
        self.name = name
        self.key = key
    }

    /// Nil for what no answer said.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, let index = UInt64(parts[0]), index > 0, let section = PoolStateSection(rawValue: parts[1]) else {
            return nil
        }
        let key = parts.count > 3 ? parts[3] : ""
        guard VirtualMachineName(parts[2]) != nil, section == .tag ? TagKey(key) != nil : parts.count == 3 else { return nil }
        self.init(index: LogIndex(index), section: section, name: parts[2], key: key)
    }

    var text: String { "\(index)/\(section.rawValue)/\(name)" + (section == .tag ? "/\(key)" : "") }

    /// Whether an element of this name comes after the cursor's.
    func isBefore(_ section: PoolStateSection, _ name: String, _ key: String = "") -> Bool {
        guard section == self.section else { return section > self.section }
        guard name == self.name else { return self.name.utf8.lexicographicallyPrecedes(name.utf8) }
        return self.key.utf8.lexicographicallyPrecedes(key.utf8)
    }
}

/// The page of the pool's state that a request asks for: as many elements as it says, and about so many bytes of them as one answer holds.
struct PoolStatePage: Sendable {
    let limit: Int
    let after: PoolStateCursor?

    init(_ request: QueryRequest) throws(QueryRefusal) {
        let most = QueryLimits.stateElements
        limit =
            try request.query["limit"].map { (text) throws(QueryRefusal) in
                guard let limit = Int(text), (1...most).contains(limit) else { throw .badValue("limit", text, expected: "1 to \(most)") }
                return limit
            } ?? most
        after = try request.query["after"].map { (text) throws(QueryRefusal) in
            guard let cursor = PoolStateCursor(text) else {
                throw .badValue("after", text, expected: "what an earlier answer said as next")
            }
            return cursor
        }
    }
}

/// A page on its way.
private struct PoolStateParts {
    private let page: PoolStatePage
    private let index: LogIndex
    private(set) var servers: [ServerDocument] = []
    private(set) var machines: [MachineDocument] = []
    private(set) var rules: [RuleDocument] = []
    private(set) var tags: [MachineTagDocument] = []
    private var last: PoolStateCursor?
    private var count = 0
    private var bytes = 0
    private var isFull = false

    /// For the page that follows; nil where none does.
    var next: String? { isFull ? last?.text : nil }

    init(_ state: PoolState, _ page: PoolStatePage, master: ServerID?) throws(QueryRefusal) {
        self.page = page
        index = state.appliedIndex
        for section in PoolStateSection.allCases where !isFull && section >= page.after?.section ?? .server {
            switch section {
            case .server: try addServers(state, master)
            case .vm: try addMachines(state)
            case .rule: try addRules(state)
            case .tag: addTags(state)
            }
        }
    }

    private mutating func addServers(_ state: PoolState, _ master: ServerID?) throws(QueryRefusal) {
        for server in state.activeServers.sorted(by: { $0.name < $1.name }) where isWanted(.server, server.name.text) {
            let document = ServerDocument(server, state, master: master)
            guard admit(.server, server.name.text, bytes: try Self.size(of: document)) else { return }
            servers.append(document)
        }
    }

    private mutating func addMachines(_ state: PoolState) throws(QueryRefusal) {
        for machine in state.machinesInOrder where isWanted(.vm, machine.name.text) {
            let document = MachineDocument(machine, state, isComplete: false)
            guard admit(.vm, machine.name.text, bytes: try Self.size(of: document)) else { return }
            machines.append(document)
        }
    }

    private mutating func addRules(_ state: PoolState) throws(QueryRefusal) {
        for rule in state.rulesInOrder where isWanted(.rule, rule.definition.name.text) {
            let document = RuleDocument(rule, state, isComplete: false)
            guard admit(.rule, rule.definition.name.text, bytes: try Self.size(of: document)) else { return }
            rules.append(document)
        }
    }

    private mutating func addTags(_ state: PoolState) {
        for machine in state.machinesInOrder where !machine.tags.isEmpty {
            let name = machine.name.text
            // Whole machines are passed over without a look at their tags.
            if let after = page.after, after.section == .tag, after.name != name, !after.isBefore(.tag, name) { continue }
            for key in machine.tags.keys.filter({ isWanted(.tag, name, $0.text) }).sorted() {
                guard let value = machine.tags[key] else { continue }
                // Not encoded twice as the others are: there may be millions.
                let size = Self.bytesOfTag + name.utf8.count + key.text.utf8.count + value.utf8.count
                guard admit(.tag, name, key.text, bytes: size) else { return }
                tags.append(MachineTagDocument(machine: name, key: key.text, value: value))
            }
        }
    }

    /// What JSON adds to a tag's three texts.
    private static let bytesOfTag = 40

    private func isWanted(_ section: PoolStateSection, _ name: String, _ key: String = "") -> Bool {
        page.after?.isBefore(section, name, key) ?? true
    }

    /// Whether there is still room for an element. The first one always has some: it is no larger than an answer of its own.
    private mutating func admit(_ section: PoolStateSection, _ name: String, _ key: String = "", bytes size: Int) -> Bool {
        guard count == 0 || count < page.limit && bytes + size <= QueryLimits.stateBytes else {
            isFull = true
            return false
        }
        count += 1
        bytes += size
        last = PoolStateCursor(index: index, section: section, name: name, key: key)
        return true
    }

    private static func size(of document: some Encodable) throws(QueryRefusal) -> Int {
        do {
            return try QueryJSON.encode(document).count
        } catch {
            // Our own documents always encode.
            throw QueryRefusal(
                .internalError, cause: "A part of the pool's state could not be written.", cure: "Report it with the agent's log.")
        }
    }
}

extension PoolStateDocument {
    init(_ state: PoolState, _ page: PoolStatePage, master: ServerID?, firstKept: LogIndex?) throws(QueryRefusal) {
        guard let pool = state.pool else {
            throw QueryRefusal(
                .notFound, cause: "The pool was not founded yet at index \(state.appliedIndex).", cure: "Ask for a later index.")
        }
        let parts = try PoolStateParts(state, page, master: master)
        self.init(
            index: state.appliedIndex.number, time: QueryTime(state.poolTime), firstIndex: firstKept?.number,
            pool: PoolDocument(state, pool), servers: parts.servers, machines: parts.machines, rules: parts.rules, tags: parts.tags,
            tagCount: state.machines.values.reduce(0) { $0 + $1.tags.count }, ruleCount: state.rules.count, next: parts.next)
    }
}
