import DomainConfiguration
import Testing

@Suite("The grammar of xl.cfg and of Python's literals")
struct GrammarTests {
    @Test(
        "a literal is read",
        arguments: [
            ("'a'", SettingValue.text("a")), ("\"it's\"", .text("it's")), ("u'x'", .text("x")), ("ur'\\d'", .text("\\d")),
            ("'a\\'b\\\\c\\n'", .text("a'b\\c\n")), ("'\\x41\\102'", .text("AB")), ("u'\\xe9'", .text("é")), ("'\\u20ac'", .text("€")),
            ("'\\xc3\\xa9'", .text("é")), ("'C:\\windows'", .text("C:\\windows")), ("'''a\nb'''", .text("a\nb")), ("''", .text("")),
            ("12", .number(12)), ("0x1F", .number(31)), ("0755", .number(493)), ("0o17", .number(15)), ("12L", .number(12)),
            ("+3", .number(3)),
            ("-5", .text("-5")), ("1.5", .text("1.5")), ("1000000000000000000000000000000", .text("1000000000000000000000000000000")),
            ("9223372036854775807", .number(.max)), ("True", .number(1)), ("False", .number(0)), ("[]", .list([])),
            ("[ 1, ]", .list([.number(1)])),
            ("[ 'a', # one\n  [ 2, 'b' ],\n]", .list([.text("a"), .list([.number(2), .text("b")])])),
            ("('a', 'b')", .list([.text("a"), .text("b")])),
            ("('a')", .text("a")), ("('a',)", .list([.text("a")])), ("{ 'a': 1, 'b': 'c', }", .text("a=1,b=c")),
            ("'a' \\\n 'b'", .text("ab")),
        ])
    func literal(_ text: String, _ expected: SettingValue) throws {
        let configuration = try configuration("unknown_key = \(text)")

        #expect(configuration.settings.others == [ConfigurationSetting(key: "unknown_key", value: expected)])
    }

    @Test("semicolons, comments, line ends of other systems and a byte order mark are taken")
    func separators() throws {
        let text = "\u{FEFF}# first\r\nname='a';memory = 64 ;; vcpus=2 # end\r\n\n\tboot = 'c'"

        let settings = try DomainConfigurationText.parse(text, file: "t.cfg").settings

        #expect(settings.name == "a" && settings.memoryMebibytes == 64 && settings.virtualCPUs == 2 && settings.boot == "c")
    }

    @Test("+= lengthens lists and strings, sets what is new, and starts anew after =")
    func appending() throws {
        let configuration = try configuration("a += [1]\na += [2]\nb = 'x'; b += 'y'\nc = [1]; c = [2]; c += [3]")

        #expect(
            configuration.settings.others == [
                ConfigurationSetting(key: "a", value: .list([.number(1), .number(2)])), ConfigurationSetting(key: "b", value: .text("xy")),
                ConfigurationSetting(key: "c", value: .list([.number(2), .number(3)])),
            ])
    }

    @Test("every assignment is kept as given, with its place")
    func assignments() throws {
        let assignments = try configuration("a = 1\n  b += [ 'ä', 'x' ]").assignments

        #expect(assignments.map(\.key) == ["name", "memory", "a", "b"])
        #expect(assignments[3].position == SourcePosition(line: 3, column: 3) && assignments[3].operation == .append)
        let elements = [
            ConfigurationValue(.text("ä"), at: SourcePosition(line: 3, column: 10)),
            ConfigurationValue(.text("x"), at: SourcePosition(line: 3, column: 15)),
        ]
        #expect(assignments[3].value == ConfigurationValue(.list(elements), at: SourcePosition(line: 3, column: 8)))
    }

    @Test(
        "what is no literal is refused where it stands",
        arguments: [
            ("a = os.environ['x']", "1:5: Found the expression os.environ[...]."), ("a = f'x'", "1:5: Found a formatted string"),
            ("import os", "1:1: Found the statement import ..., which is code."), ("print('a')", "1:1: Found the statement print"),
            ("os.system('x')", "1:1: Found the call os.system(...)."), ("a = 512 * 2", "1:9: Found the operator \"*\""),
            ("a = 'x' % 3", "1:9: Found the operator \"%\""), ("a = 1 if b else 2", "1:7: Found the operator \"if\""),
            ("a = 'x'.upper()", "1:8: Found the operator \".\""), ("a = web01", "1:5: Found the bare word web01."),
            ("a = [ 1, foo(2) ]", "1:10: Found the call foo(...)."), ("a = [ x for x in y ]", "1:7: Found the bare word x."),
            ("a = 'x", "1:5: Found a string that is never closed."), ("a = 'x\n'", "1:5: Found a string that is never closed."),
            ("a = [ 1, 2\nb = 3", "2:1: Found \"b\" after a complete value."),
            ("\na = [ 1, [ 2 ]", "2:5: Found a bracket that is never closed."),
            ("a = ", "1:5: Found the end of the file."), ("a =\n1", "1:4: Found the end of the line."),
            ("a = 08", "1:5: Found \"08\", which is not a number"),
            ("a = 0x", "1:5: Found \"0x\""), ("a = 1e3", "1:5: Found \"1e3\""), ("= 1", "1:1: Found \"=\"."),
            ("a == 1", "1:3: Found no \"=\" after the key a."),
            ("a = 1, 2", "1:6: Found \",\"."), ("a = ]", "1:5: Found \"]\"."), ("a = 'ü' é", "1:9: Found \"é\"."),
            ("a = '\\x4'", "1:6: Found an escape"),
            ("a = '\\ud800'", "1:6: Found an escape"), ("a = '\\xff'", "1:5: Found a string whose escapes are not UTF-8."),
            ("a = '\\0'", "1:6: Found an escape"), ("a = { 1 }", "1:9: Found \"}\"."),
            ("a = 'x'; a += [1]", "1:15: Found a value that += cannot add"),
            ("a = 5; a += 5", "1:13: Found a value that += cannot add"), ("a = -", "1:5: Found \"-\""), ("\u{1}", "1:1: Found \"\\u{1}\"."),
        ])
    func refused(_ text: String, _ expected: String) {
        let message = refusal(text)

        #expect(message?.hasPrefix("t.cfg:\(expected)") == true, "\(message ?? "accepted")")
    }

    @Test("a byte that is not UTF-8 is refused with its place")
    func invalidByte() {
        let bytes = Array("name = 'x'\na = 'ä".utf8) + [0xE4, 0x27]

        let error = #expect(throws: DomainConfigurationError.self) { try DomainConfigurationText.parse(bytes: bytes, file: "t.cfg") }

        #expect(error?.line == 2 && error?.column == 7)
    }

    @Test("a message shows neither control characters nor the whole of a long text")
    func printable() throws {
        let message = try #require(refusal("name = '\\x1b[2J\(String(repeating: "x", count: 1_000))/'"))

        #expect(message.contains("\\u{1b}[2J") && message.utf8.count < 300)
    }
}
