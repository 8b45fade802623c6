import Testing

@Suite("Stories that operators can read") struct ScenarioFileTests {
    @Test("what happens is what Scenarios/*.txt say", arguments: try ScenarioFile.all())
    func holds(_ file: ScenarioFile) throws {
        for delay in try file.delays { try ScenarioPlayer(file, delay: delay).play() }
    }

    @Test("a story that does not hold is found out, with the line and what was so instead")
    func failsWhereItShould() throws {
        let file = try ScenarioFile(name: "wrong", text: "servers 1\ncreate web01\nask start web01\nexpect web01 Paused\n")

        #expect {
            try ScenarioPlayer(file, delay: 0).play()
        } throws: { error in
            "\(error)".contains("wrong.txt:4") && "\(error)".contains("it is Running")
        }
    }
}
