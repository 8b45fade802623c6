import DomainConfiguration
import Testing

@Suite("Any configuration survives writing and reading")
struct PropertyTests {
    @Test("a thousand random settings: the canonical text gives them back, keys, values and order; so does the text read twice")
    func settings() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("random settings from seed \(seed)")
        var random = RandomSettings(seed: seed)

        for round in 0..<1_000 {
            let settings = random.settings()
            let text = settings.canonicalText()

            let again = try DomainConfigurationText.parse(text, file: "seed-\(seed)-round-\(round).cfg")

            #expect(again.settings == settings, "seed \(seed), round \(round):\n\(text)")
            #expect(again.canonicalText() == text, "seed \(seed), round \(round)")
            #expect(again.assignments.map(\.key) == settings.keyOrder, "seed \(seed), round \(round)")
        }
    }

    @Test("the forms of either dialect, put together at random: the canonical text gives the same settings")
    func texts() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("random texts from seed \(seed)")
        var random = RandomText(seed: seed)

        var accepted = 0
        for round in 0..<1_000 {
            let text = random.text()
            guard let first = read(text) else { continue }
            accepted += 1

            let conversion = try first.converted(for: .pool)
            let again = try DomainConfigurationText.parse(conversion.text, file: "t.cfg")

            #expect(again.settings == first.settings, "seed \(seed), round \(round):\n\(text)")
            #expect(again.canonicalText() == conversion.text, "seed \(seed), round \(round):\n\(text)")
        }
        // Else the test would say little.
        #expect(accepted > 200, "seed \(seed)")
    }

    /// The configuration, nil where it is refused.
    private func read(_ text: String) -> DomainConfiguration? {
        do {
            return try DomainConfigurationText.parse(text, file: "t.cfg")
        } catch {
            return nil
        }
    }
}
