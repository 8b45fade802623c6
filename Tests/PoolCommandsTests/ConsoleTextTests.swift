import Testing

@testable import PoolCommands

@Suite("What a guest has printed, on a terminal")
struct ConsoleTextTests {
    @Test(
        "escape sequences go whole, other control characters too; lines, tabs and letters stay",
        arguments: [
            ("a\tb\r\nc", "a\tb\nc"), ("\u{1B}[1;31mred\u{1B}[0m", "red"), ("\u{1B}]0;title\u{7}x", "x"),
            ("\u{1B}]0;title\u{1B}\\x", "x"), ("\u{1B}(Bx", "x"), ("\u{1B}Px\u{1B}\\y", "y"), ("a\u{8}\u{0}\u{9B}31mb", "a31mb"),
            ("grün", "grün"), ("\u{1B}]0;never ended\nnext", "\nnext"), ("\u{1B}[31", ""), ("end\u{1B}", "end"),
        ])
    func harmless(text: String, shown: String) { #expect(ConsoleText.harmless(text) == shown) }
}
