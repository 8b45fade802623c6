package import NIOCore
import QueryModel

/// The names that a shell offers when a person presses Tab: asked of the pool, with little patience.
///
/// Whatever goes wrong, nothing is offered and nothing is said: a message would stand in the midst of the line that is being typed.
package struct NameCompletion: Sendable {
    /// What a name is a name of.
    package enum Noun: Sendable {
        case machine
        case server
        /// A tag's key, of the machine that was named before it.
        case tag
        case task
        /// A task that has not ended.
        case openTask
        case token
        case rule
    }

    /// Longer than this nobody waits for a Tab.
    private static let patience = Duration.seconds(1)

    private let words: CommandWords
    private let environment: [String: String]
    private let group: any EventLoopGroup

    /// - Parameters:
    ///   - words: the line so far.
    ///   - cursor: which of them is being typed.
    package init(words: [String], cursor: Int, environment: [String: String], eventLoopGroup: any EventLoopGroup) {
        self.words = CommandWords(words, cursor: cursor)
        self.environment = environment
        group = eventLoopGroup
    }

    /// All names of a kind; the shell picks those that begin with what was typed.
    package func names(of noun: Noun) async -> [String] {
        await withTaskGroup(of: [String]?.self) { group in
            group.addTask { await ask(for: noun) }
            group.addTask {
                do { try await Task.sleep(for: Self.patience) } catch { return nil }
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return (first ?? nil) ?? []
        }
    }

    /// The same for a list with commas: what stands before the last comma is kept, and named no second time.
    package func list(of noun: Noun, typed: String) async -> [String] {
        let parts = typed.split(separator: ",", omittingEmptySubsequences: false).dropLast().map(String.init)
        return await names(of: noun).filter { !parts.contains($0) }.map { (parts + [$0]).joined(separator: ",") }
    }

    private func ask(for noun: Noun) async -> [String]? {
        do {
            let path = try PoolFile.locate(option: words.value(of: "--pool"), environment: environment)
            var limits = ClientLimits()
            limits.connect = Self.patience
            limits.attempt = Self.patience
            limits.patience = Self.patience
            let client = try PoolClient(file: PoolFile(path: path), path: path, limits: limits, eventLoopGroup: group)
            let names = try await read(noun, client)
            await client.shutdown()
            // A name is part of a line that a shell reads; ours are all of this kind.
            return names.filter { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
        } catch {
            return nil
        }
    }

    private func read(_ noun: Noun, _ client: PoolClient) async throws -> [String] {
        switch noun {
        case .machine: return try await client.machines().names
        case .server: return try await client.servers().names
        case .task: return try await client.tasks().names
        case .openTask: return try await client.tasks().tasks.filter { !$0.hasEnded }.flatMap(\.names)
        case .token: return try await client.tokens().names
        case .rule: return try await client.rules().names
        case .tag:
            guard let machine = words.operandBeforeCursor else { return [] }
            return try await client.tags(of: machine).names
        }
    }
}

/// The words of a line that is being typed.
struct CommandWords: Hashable, Sendable {
    /// What comes before the word that is being typed.
    private let before: [String]

    /// Words after these are their values. A test holds them against the options of the commands that take a tag's key.
    private static let optionsWithValue: Set<String> = ["--pool", "--output", "-o", "--color", "--reason", "--prefix", "--tag"]

    init(_ words: [String], cursor: Int) { before = Array(words.prefix(max(cursor, 0))) }

    /// What follows an option, as a word of its own or after an equals sign; nil without it.
    func value(of option: String) -> String? {
        for (position, word) in before.enumerated().reversed() {
            if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
            if word == option, before.indices.contains(position + 1) { return before[position + 1] }
        }
        return nil
    }

    /// The last word that is neither an option nor an option's value.
    var operandBeforeCursor: String? {
        for (position, word) in before.enumerated().reversed() where !word.hasPrefix("-") {
            if position == 0 || !Self.optionsWithValue.contains(before[position - 1]) { return word }
        }
        return nil
    }
}
