import PoolModel
import PoolStateMachine
import QueryModel

/// Which events a caller wants to hear of: those that fit everything that is given.
struct EventFilter: Sendable {
    /// `vm/web01` names one object, `vm/` every one of its kind, `web01` whatever bears the name.
    var object: KindAndName?
    /// The same for who did it: `operator/admin`, `server/`, `admin`. A server goes by its name or its number.
    var principal: KindAndName?
    /// Stable words such as `vm-placed`; empty for all.
    var kinds: Set<String> = []
    var from: PoolTime?
    /// Events at this time are left out.
    var to: PoolTime?

    /// A kind, a name, or both.
    struct KindAndName: Hashable, Sendable {
        var kind: String?
        var name: String?

        init(_ text: String) {
            let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            kind = halves.count == 2 && !halves[0].isEmpty ? halves[0] : nil
            name = halves.last.flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    /// The names of the query that make a filter.
    static let names = ["object", "principal", "kind", "from", "to"]

    /// - Throws: a refusal of the first value that cannot be read.
    init(_ request: QueryRequest) throws(QueryRefusal) {
        object = try Self.kindAndName("object", Self.objectKinds, like: "vm/web01, vm/ or web01", in: request)
        principal = try Self.kindAndName("principal", Self.principalKinds, like: "operator/admin, server/ or admin", in: request)
        kinds = try Self.kinds(in: request)
        from = try Self.time("from", in: request)
        to = try Self.time("to", in: request)
    }

    /// Whether every event fits.
    var isEmpty: Bool { object == nil && principal == nil && kinds.isEmpty && from == nil && to == nil }

    /// Whether an event fits. `state` knows the servers' names.
    func fits(_ event: PoolEvent, in state: PoolState) -> Bool {
        if let from, event.time < from { return false }
        if let to, event.time >= to { return false }
        if !kinds.isEmpty, !kinds.contains(event.kind) { return false }
        if let object, object.kind.map({ $0 != event.objectKind }) ?? false || object.name.map({ $0 != event.object }) ?? false {
            return false
        }
        return principal.map { fits($0, event.principal, in: state) } ?? true
    }

    /// `text` is a principal's: its kind, a space, and its name or number.
    private func fits(_ wanted: KindAndName, _ text: String, in state: PoolState) -> Bool {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard let kind = parts.first, let name = parts.last else { return false }
        if let wantedKind = wanted.kind, wantedKind != kind { return false }
        guard let wantedName = wanted.name, wantedName != name else { return true }
        guard kind == "server" || kind == "master", let number = UInt64(name), number > 0 else { return false }
        return state.servers[ServerID(number)]?.name.text == wantedName
    }

    /// The words that may stand before the slash of an object.
    static let objectKinds = PoolObjectKind.allCases.map(\.rawValue)
    /// The words that may stand before the slash of a principal.
    static let principalKinds = PrincipalKind.allCases.map(\.rawValue)

    /// A word that no event bears would find nothing, and look as if nothing had happened.
    private static func kinds(in request: QueryRequest) throws(QueryRefusal) -> Set<String> {
        let words = (request.query["kind"] ?? "").split(separator: ",").map(String.init)
        if let unknown = words.first(where: { PoolEventKind(rawValue: $0) == nil }) {
            let known = PoolEventKind.allCases.map(\.rawValue)
            let hint = NearestName.find(unknown, among: known).map { "Did you mean \($0)? " } ?? ""
            throw QueryRefusal(
                .badRequest, cause: "No event is of the kind \(QueryRefusal.shown(unknown)).",
                cure: "\(hint)Send one of \(known.joined(separator: ", ")).")
        }
        return Set(words)
    }

    private static func kindAndName(
        _ name: String, _ kinds: [String], like examples: String, in request: QueryRequest
    ) throws(QueryRefusal) -> KindAndName? {
        guard let text = request.query[name] else { return nil }
        let read = KindAndName(text)
        guard read.kind != nil || read.name != nil, read.kind.map(kinds.contains) ?? true else {
            throw .badValue(name, text, expected: "\(examples); what stands before a slash is \(kinds.joined(separator: ", "))")
        }
        return read
    }

    private static func time(_ name: String, in request: QueryRequest) throws(QueryRefusal) -> PoolTime? {
        guard let text = request.query[name] else { return nil }
        guard let time = QueryTime(internet: text) else {
            throw .badValue("time", text, expected: "\(name)= and a time of RFC 3339, such as 2011-06-30T08:05:09Z")
        }
        return PoolTime(milliseconds: time.milliseconds)
    }
}
