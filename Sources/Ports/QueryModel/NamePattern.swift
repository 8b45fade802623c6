/// A pattern of names as shells have them: `*` stands for any characters, also none, `?` for one.
package struct NamePattern: Hashable, Sendable {
    private let pattern: [Character]

    package init(_ text: String) { pattern = Array(text) }

    /// Whether it could match more than one name.
    package var isWild: Bool { pattern.contains("*") || pattern.contains("?") }

    /// Whether the whole name is of the pattern. It takes at most as many steps as both lengths multiplied: after a `*` only the
    /// newest one is gone back to, as what an earlier one took cannot help a later one.
    package func matches(_ name: String) -> Bool {
        let name = Array(name)
        var position = 0
        var next = 0
        var star: (pattern: Int, name: Int)?
        while next < name.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, next)
                position += 1
            } else if position < pattern.count, pattern[position] == "?" || pattern[position] == name[next] {
                position += 1
                next += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                position = last.pattern + 1
                next = last.name + 1
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}
