import Foundation
import QueryModel

extension ProblemDocument {
    private static let request = "List them with GET "

    /// What happened and what to do, in the words of the command line: the pool's own cure names a path of its API.
    var commandLineDetail: String {
        guard kind == .notFound, let begin = detail.range(of: Self.request), detail.hasSuffix("."),
            let command = Self.command(for: detail[begin.upperBound...].dropLast())
        else { return detail }
        return detail[..<begin.lowerBound] + "`\(command)` lists them."
    }

    /// The command that asks for the same as a GET of this path; nil where there is none.
    private static func command(for path: Substring) -> String? {
        let segments = path.split(separator: "/").dropFirst().map(String.init)
        switch (segments.first, segments.count) {
        case ("vms", 1): return "ovm vm ls"
        case ("vms", 3) where segments[2] == "tags": return "ovm vm tag ls \(segments[1])"
        case ("servers", 1): return "ovm server ls"
        case ("tasks", 1): return "ovm task ls"
        case ("rules", 1): return "ovm rule ls"
        case ("tokens", 1): return "ovm pool token ls"
        default: return nil
        }
    }
}
