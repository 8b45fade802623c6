/// What one thing is like, a property on each line.
package struct PropertyList: Hashable, Sendable, StyledText {
    private var table = TextTable([.init(""), .init("")])

    package init() {}

    /// Adds a property, unless there is nothing to say of it.
    package mutating func add(_ name: String, _ value: String?) {
        if let value { table.add([name, value]) }
    }

    /// Adds a property whose value begins with a status, and ends there or goes on after a comma.
    package mutating func add(_ name: String, status: String) {
        table.add([TextTable.Cell(name), TextTable.Cell(status, isStatus: true)])
    }

    /// Adds a property with several values, each on a line.
    package mutating func add(_ name: String, _ values: [String]) {
        for (position, value) in values.enumerated() { table.add([position == 0 ? name : "", value]) }
    }

    package func text(in style: TextStyle) -> String {
        var style = style
        style.hasHeadings = false
        return table.text(in: style)
    }
}
