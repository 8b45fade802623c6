import ArgumentParser
import Foundation
import NIOPosix
import PoolCommands

extension CompletionKind {
    static let machineNames = names(of: .machine)
    static let serverNames = names(of: .server)
    static let tagKeys = names(of: .tag)
    static let taskNumbers = names(of: .task)
    static let openTaskNumbers = names(of: .openTask)
    static let tokenNumbers = names(of: .token)
    static let ruleNames = names(of: .rule)

    /// Names of servers with commas between them.
    static let serverLists = CompletionKind.custom { (words: [String], cursor: Int, typed: String) async -> [String] in
        await completion(words, cursor).list(of: .server, typed: typed)
    }

    /// Names of virtual machines with commas between them.
    static let machineLists = CompletionKind.custom { (words: [String], cursor: Int, typed: String) async -> [String] in
        await completion(words, cursor).list(of: .machine, typed: typed)
    }

    /// Names of rules with commas between them.
    static let ruleLists = CompletionKind.custom { (words: [String], cursor: Int, typed: String) async -> [String] in
        await completion(words, cursor).list(of: .rule, typed: typed)
    }

    private static func names(of noun: NameCompletion.Noun) -> CompletionKind {
        .custom { (words: [String], cursor: Int, _: String) async -> [String] in await completion(words, cursor).names(of: noun) }
    }

    private static func completion(_ words: [String], _ cursor: Int) -> NameCompletion {
        NameCompletion(
            words: words, cursor: cursor, environment: ProcessInfo.processInfo.environment,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
    }
}
