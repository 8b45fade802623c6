import Glibc

/// A story of a pool in lines that an operator can read: `Scenarios/NAME.txt`. `Scenarios/README.md` has the words.
struct ScenarioFile: CustomStringConvertible, Sendable {
    struct Line: Sendable {
        let number: Int
        let words: [String]
    }

    let name: String
    let lines: [Line]

    var description: String { name }

    /// The delays for which the story is told again, in milliseconds; a story without `vary` is told once.
    var delays: [Int] {
        get throws {
            guard let line = lines.first(where: { $0.words.first == "vary" }) else { return [0] }
            let figures = line.words.dropFirst().compactMap(Self.milliseconds)
            guard figures.count == 3, figures[2] > 0, figures[1] >= figures[0] else {
                throw ScenarioError("vary takes FIRST LAST STEP, as in `vary 0ms 300ms 20ms`", in: self, line)
            }
            return Array(stride(from: figures[0], through: figures[1], by: figures[2]))
        }
    }

    /// All stories beside this file, by name.
    static func all(here: String = #filePath) throws -> [ScenarioFile] {
        let folder = here.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/Scenarios"
        guard let directory = opendir(folder) else { throw ScenarioError("\(folder) cannot be read") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".txt") { names.append(name) }
        }
        return try names.sorted().map { try ScenarioFile(name: String($0.dropLast(4)), text: text(of: "\(folder)/\($0)")) }
    }

    init(name: String, text: String) throws {
        self.name = name
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
            let words = Self.words(line.prefix { $0 != "#" })
            return words.isEmpty ? nil : Line(number: number + 1, words: words)
        }
    }

    /// Splits at spaces; what stands in double quotes is one word.
    private static func words(_ line: Substring) -> [String] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap { number, part in
            number % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
        }
    }

    private static func text(of path: String) throws -> String {
        guard let stream = fopen(path, "r") else { throw ScenarioError("\(path) cannot be read") }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        return String(decoding: bytes[0..<fread(&bytes, 1, bytes.count, stream)], as: UTF8.self)
    }

    /// `250ms`, `5s` or `2m`.
    static func milliseconds(_ word: String) -> Int? {
        for (unit, factor) in [("ms", 1), ("s", 1_000), ("m", 60_000)] where word.hasSuffix(unit) {
            if let count = Int(word.dropLast(unit.count)), count >= 0 { return count * factor }
        }
        return nil
    }
}

/// A line that says nothing that is understood, or that does not hold.
struct ScenarioError: Error, CustomStringConvertible {
    let description: String

    init(_ sentence: String) { description = sentence }

    init(_ sentence: String, in file: ScenarioFile, _ line: ScenarioFile.Line) {
        description = "\(file.name).txt:\(line.number): \(line.words.joined(separator: " ")): \(sentence)"
    }
}
