/// A list that may be longer than one answer: `next` goes into the query as `after` to be answered with what follows.
package protocol PagedDocument: Codable, Sendable {
    /// Absent on the last page.
    var next: String? { get set }

    /// Takes the elements of the page that follows, and its `next`.
    mutating func append(_ page: Self)
}
