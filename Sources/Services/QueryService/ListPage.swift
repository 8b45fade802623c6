import PoolModel
import PoolStateMachine
import QueryModel

/// The page of a list that a request asks for: `limit` elements that follow the one that `after` names.
///
/// What lies before a page may change while a client follows; no element that stays is shown twice or passed over, since the order is
/// by what never changes of an element: its name or its number.
struct ListPage<Key: Comparable & Sendable>: Sendable {
    let limit: Int
    let after: Key?

    /// - Parameters:
    ///   - expected: what `after` must be.
    ///   - read: makes a key of what an earlier answer's `next` said.
    init(_ request: QueryRequest, expected: String, read: (String) -> Key?) throws(QueryRefusal) {
        let most = QueryLimits.listElements
        limit =
            try request.query["limit"].map { (text) throws(QueryRefusal) in
                guard let limit = Int(text), (1...most).contains(limit) else {
                    throw .badValue("limit", text, expected: "1 to \(most)")
                }
                return limit
            } ?? most
        after = try request.query["after"].map { (text) throws(QueryRefusal) in
            guard let key = read(text) else { throw .badValue("after", text, expected: "\(expected), as an earlier answer's next") }
            return key
        }
    }

    /// The page's elements in the order of their keys, and the key of the last of them where more follow.
    func cut<Element>(_ elements: some Collection<Element>, by key: (Element) -> Key) -> (elements: [Element], next: Key?) {
        // Sorts keys and not elements, which may be large.
        var found: [(key: Key, position: Int)] = []
        for (position, element) in elements.enumerated() {
            let key = key(element)
            if let after, key <= after { continue }
            found.append((key, position))
        }
        found.sort { $0.key < $1.key }
        let shown = found.prefix(limit)
        let wanted = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($1.position, $0) })
        var page = [Element?](repeating: nil, count: shown.count)
        for (position, element) in elements.enumerated() {
            if let place = wanted[position] { page[place] = element }
        }
        return (page.compactMap { $0 }, found.count > shown.count ? shown.last?.key : nil)
    }
}

extension ListPage where Key == UInt64 {
    /// A page of what has numbers.
    init(_ request: QueryRequest) throws(QueryRefusal) {
        try self.init(request, expected: "a number") { text in UInt64(text).flatMap { $0 <= Int64.max ? $0 : nil } }
    }
}
