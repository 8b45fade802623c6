import QueryModel
import Testing

@testable import PoolCommands

@Suite("Text for people")
struct TextTests {
    @Test("columns are as wide as their widest cell, and no line ends with blanks")
    func alignsColumns() {
        var table = TextTable([.init("NAME"), .init("MEMORY", .right), .init("SERVER")])
        table.add(["web01", "1 GiB", "alpha"])
        table.add(["a", "512 MiB", ""])

        #expect(
            table.text == """
                NAME    MEMORY  SERVER
                web01    1 GiB  alpha
                a      512 MiB

                """)
    }

    @Test("a wide character counts two columns, an accent none")
    func alignsWideCharacters() {
        var table = TextTable([.init("N"), .init("X")])
        table.add(["漢字", "1"])
        table.add(["e\u{301}", "2"])
        table.add(["🙂", "3"])

        #expect(table.text == "N     X\n漢字  1\ne\u{301}     2\n🙂    3\n")
    }

    @Test("what would steer the terminal is shown as a question mark")
    func isHarmless() {
        var table = TextTable([.init("N")])
        table.add(["a\u{1B}[31mb\nc\u{202E}d"])

        #expect(table.text == "N\na?[31mb?c?d\n")
    }

    @Test(
        "a time is written in the largest unit that it is a whole number of, and is read as the same",
        arguments: [(0, "0s"), (1, "1s"), (90, "90s"), (600, "10m"), (5_400, "90m"), (7_200, "2h"), (2_592_000, "30d")] as [(Int64, String)]
    )
    func writesTimes(seconds: Int64, expected: String) {
        #expect(QuantityText.duration(seconds: seconds) == expected)
        #expect(QuantityText.seconds(expected) == seconds)
    }

    @Test("the pool's settings are listed with their units")
    func listsSettings() {
        let changed = PoolSettingsDocument(overcommitRatio: 6, voterLimit: 1, voterReplacementSeconds: 5_400, changedAt: 117)
        let former = PoolSettingsDocument(overcommitRatio: 4, voterLimit: 5, voterReplacementSeconds: 600, changedAt: 0)

        #expect(
            PoolText.properties(of: changed).text(in: TextStyle()) == """
                CPU overcommit     6 virtual for each physical CPU
                voter limit        at most 1 server
                voter replacement  after 90m of silence
                last change        index 117

                """)
        #expect(PoolText.properties(of: former).text(in: TextStyle()).contains("last change        never\n"))
    }

    @Test(
        "amounts of memory are read in powers of 1,024",
        arguments: [
            ("512", 512), ("512M", 512), ("64G", 65_536), ("64g", 65_536), ("2T", 2_097_152), ("1GiB", 1_024), ("", nil), ("G", nil),
            ("-1", nil), ("1.5G", nil), ("1 G", nil), ("1K", nil), ("9223372036854775807G", nil), ("٣", nil),
        ] as [(String, Int?)])
    func readsMemory(text: String, expected: Int?) {
        #expect(QuantityText.mebibytes(text) == expected)
    }

    @Test(
        "times are read with their unit",
        arguments: [
            ("90", 90), ("90s", 90), ("15m", 900), ("3h", 10_800), ("2d", 172_800), ("", nil), ("h", nil), ("3w", nil), ("-3h", nil),
            ("99999999999999999999", nil),
        ] as [(String, Int64?)])
    func readsTimes(text: String, expected: Int64?) {
        #expect(QuantityText.seconds(text) == expected)
    }

    @Test("amounts are shown with one place after the point, where it says something")
    func showsAmounts() {
        #expect(
            [0, 1_023, 1_024, 1_536, 65_536, 1_572_864].map(QuantityText.memory(mebibytes:))
                == ["0 MiB", "1023 MiB", "1 GiB", "1.5 GiB", "64 GiB", "1.5 TiB"])
        #expect([500, 10_000, 1_000_000, 2_500_000].map(QuantityText.rate(kilobits:)) == ["500 kb/s", "10 Mb/s", "1 Gb/s", "2.5 Gb/s"])
        #expect([1_000_000, 625_000, 999_999].map(QuantityText.percent(millionths:)) == ["100 %", "62.5 %", "99.9 %"])
        #expect(QuantityText.time(QueryTime(milliseconds: 1_309_421_109_120)) == "2011-06-30 08:05:09Z")
    }

    @Test("JSON is indented and its keys are sorted")
    func printsJSON() throws {
        #expect(
            try JSONPrinter.text(of: TagDocument(key: "a/b", value: "c")) == """
                {
                  "key" : "a/b",
                  "value" : "c"
                }

                """)
    }
}
