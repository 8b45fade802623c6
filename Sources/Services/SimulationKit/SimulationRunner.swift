/// Runs many seeds, one after the other.
package enum SimulationRunner {
    /// What a range of seeds came to.
    package struct Totals: Hashable, Sendable {
        /// Whether no violation was found.
        package internal(set) var isClean = true
        /// The first seed with a violation, where the run ended.
        package internal(set) var failingSeed: UInt64?
        package internal(set) var seeds = 0
        package internal(set) var events = 0
        package internal(set) var simulatedNanoseconds: Int64 = 0
    }

    /// Runs each seed with the settings, until the first violation.
    ///
    /// - Parameters:
    ///   - isVerbose: a line for each seed; else only for one that fails.
    ///   - report: takes each line.
    package static func run(
        seeds: ClosedRange<UInt64>, settings: SimulationSettings, isVerbose: Bool = false, report: (String) -> Void
    ) -> Totals {
        var totals = Totals()
        for seed in seeds {
            var own = settings
            own.seed = seed
            let outcome = PoolSimulation(own).run()
            totals.seeds += 1
            totals.events += outcome.events
            totals.simulatedNanoseconds += outcome.simulatedNanoseconds
            for violation in outcome.violations { report(line(for: violation, seed: seed)) }
            guard outcome.violations.isEmpty else {
                totals.isClean = false
                totals.failingSeed = seed
                return totals
            }
            if isVerbose { report(line(for: outcome)) }
        }
        return totals
    }

    private static func line(for violation: SimulationViolation, seed: UInt64) -> String {
        let milliseconds = violation.nanoseconds / 1_000_000
        return "seed \(seed): VIOLATION at event \(violation.event) (\(milliseconds) ms): \(violation.sentence)"
    }

    private static func line(for outcome: SimulationReport) -> String {
        let counts = outcome.counts
        return """
            seed \(outcome.seed): ok, \(outcome.simulatedNanoseconds / 1_000_000_000) s, \(outcome.events) events, \
            \(counts.messages) messages (\(counts.lostMessages) lost, \(counts.doubledMessages) doubled, \(counts.delayedMessages) delayed, \
            \(counts.overtakingMessages) overtaking), \(counts.elections) elections, \(counts.committedEntries) entries, \(counts.acknowledgedWrites) writes acknowledged, \
            \(counts.refusedWrites) refused, \(counts.unknownWrites) unknown, \(counts.reads) reads, \(counts.starts) starts, \
            \(counts.crashes) crashes, \(counts.powerCuts) power cuts, \(counts.brokenBatches) broken batches, \(counts.gracefulStops) stops, \(counts.partitions) partitions, \
            \(counts.pauses) pauses, \(counts.suspensions) suspensions, \(counts.clockSteps) clock steps, \(counts.hostFaults) host faults, \
            \(counts.membershipChanges) membership changes, \(counts.snapshots) snapshots, \
            \(counts.restores) restores
            """
    }
}
