package import QueryModel

/// Which events to ask for, as the query port takes it; nothing given means all.
package struct EventFilterText: Hashable, Sendable {
    /// `vm/web01`, `vm/` or `web01`.
    package var object: String?
    /// `operator/admin`, `server/` or `admin`.
    package var principal: String?
    /// Words such as `vm-placed`, by commas.
    package var kinds: String?
    package var from: QueryTime?
    package var to: QueryTime?

    package init(
        object: String? = nil, principal: String? = nil, kinds: String? = nil, from: QueryTime? = nil, to: QueryTime? = nil
    ) {
        self.object = object
        self.principal = principal
        self.kinds = kinds
        self.from = from
        self.to = to
    }

    /// The query with its question mark; empty when nothing is given.
    func query(since: UInt64? = nil, limit: Int? = nil, last: Int? = nil) -> String {
        let values = [
            ("since", since.map { String($0) }), ("limit", limit.map { String($0) }), ("last", last.map { String($0) }), ("object", object),
            ("principal", principal), ("kind", kinds),
            ("from", from?.description), ("to", to?.description),
        ]
        let pairs = values.compactMap { name, value in value.map { "\(name)=\(PoolClient.escaped($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}
