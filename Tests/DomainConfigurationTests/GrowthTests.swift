import DomainConfiguration
import Testing

@Suite("What reading costs")
struct GrowthTests {
    /// A text of one unit over and over, between a start and an end.
    struct Shape: Sendable {
        let start: String
        let unit: String
        let end: String

        func bytes(atLeast count: Int) -> [UInt8] {
            let units = max(0, count - start.utf8.count - end.utf8.count) / unit.utf8.count
            return Array((start + String(repeating: unit, count: units) + end).utf8)
        }
    }

    private static func shape(_ unit: String, start: String = "", end: String = "") -> Shape {
        Shape(start: start, unit: unit, end: end)
    }

    @Test(
        "the grammar takes at most two steps a byte, from a kibibyte to the limit, each length twice the one before",
        arguments: [
            shape("a = 1\n"), shape("a += [ 'x' ]\n"), shape("a = 'x' 'y'\n"), shape("'x' \\\n", start: "a = "), shape("#\n"), shape("\n"),
            shape(";"), shape("\\\n"), shape("[", start: "a = "), shape("1,", start: "a = [", end: "]"),
            shape("'x'  ", start: "a = [", end: "]"),
            shape("'x' # c\n", start: "a = [", end: "]"), shape("\\x41", start: "a = '", end: "'"), shape("a.", start: "a = "),
            shape("9", start: "a = "), shape("True ", start: "a = "), shape("'a': 1,", start: "a = {", end: "}"),
            shape("\"\"\"", start: "a = "),
            shape("é", start: "a = '", end: "'"), shape("tap:", start: "disk = [ '", end: "/a,xvda,w' ]"),
        ])
    func linearSteps(_ shape: Shape) {
        var length = 1_024
        var lengths = 0
        while length <= ConfigurationLimits.textBytes {
            let bytes = shape.bytes(atLeast: length)

            let steps = DomainConfigurationText.steps(toRead: bytes)

            #expect(steps <= 2 * bytes.count, "\(shape.start)\(shape.unit)...: \(steps) steps for \(bytes.count) bytes")
            length *= 2
            lengths += 1
        }
        #expect(lengths == 11)
    }
}
