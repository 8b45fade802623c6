import PoolCommands

/// What one thing is like, a property on each line.
struct PropertyList {
    private var table = TextTable([.init(""), .init("")])

    mutating func add(_ name: String, _ value: String?) {
        if let value { table.add([name, value]) }
    }

    mutating func add(_ name: String, _ values: [String]) {
        for (position, value) in values.enumerated() { table.add([position == 0 ? name : "", value]) }
    }

    /// The lines, without a heading.
    var text: String { String(table.text.drop { $0 != "\n" }.dropFirst()) }
}
