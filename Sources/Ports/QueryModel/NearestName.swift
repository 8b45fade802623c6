/// Finds what somebody meant who made a slip of the pen.
package enum NearestName {
    /// No name is longer; a text from outside is compared no further.
    private static let lengthLimit = 128

    /// The name that is closest to `text`; nil where none is close. Equally close ones are decided by their order.
    ///
    /// Close means: one slip in every three letters, and at least one. Upper and lower case are the same.
    package static func find(_ text: String, among names: some Sequence<String>) -> String? {
        let typed = Array(text.lowercased().unicodeScalars.prefix(lengthLimit))
        let slips = max(typed.count / 3, 1)
        let close = names.lazy.filter { $0 != text }.map { (slips: distance(typed, Array($0.lowercased().unicodeScalars)), name: $0) }
        return close.filter { $0.slips <= slips && $0.slips < typed.count }.min { ($0.slips, $0.name) < ($1.slips, $1.name) }?.name
    }

    /// How many letters were left out, put in, replaced, or swapped with their neighbour (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                let isSwapped = row > 0 && column > 0 && letter == right[column - 1] && left[row - 1] == other
                if isSwapped { least = min(least, beforeLast[column - 1] + 1) }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
