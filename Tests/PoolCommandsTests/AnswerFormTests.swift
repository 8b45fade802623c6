import Foundation
import QueryModel
import Testing

@testable import PoolCommands

@Suite("Forms of answers")
struct AnswerFormTests {
    private let tags = TagListDocument(
        machine: "web01", tags: [TagDocument(key: "owner", value: "storage"), TagDocument(key: "tier", value: "1")])

    private func text(_ form: OutputForm, style: TextStyle = TextStyle(), isStream: Bool = false) throws -> String {
        try AnswerForm(form, style: style, isStream: isStream).text(of: tags) { PoolText.table(of: tags.tags) }
    }

    @Test("one document is shown as a table, as names, as JSON and as YAML")
    func answersInEveryForm() throws {
        #expect(try text(.table) == "KEY    VALUE\nowner  storage\ntier   1\n")
        #expect(try text(.table, style: TextStyle(hasHeadings: false)) == "owner  storage\ntier   1\n")
        #expect(try text(.name) == "owner\ntier\n")
        #expect(try text(.json).hasPrefix("{\n  \"machine\" : \"web01\",\n"))
        #expect(
            try text(.yaml) == """
                machine: web01
                tags:
                  - key: owner
                    value: storage
                  - key: tier
                    value: "1"

                """)
    }

    @Test("in a stream a program sees where each document ends")
    func separatesDocuments() throws {
        #expect(
            try text(.json, isStream: true)
                == #"{"machine":"web01","tags":[{"key":"owner","value":"storage"},{"key":"tier","value":"1"}]}"# + "\n")
        #expect(try text(.yaml, isStream: true).hasPrefix("---\nmachine: web01\n"))
    }

    @Test("wide shows the columns that a table leaves out")
    func widens() throws {
        var table = TextTable([.init("NAME"), .init("ID", .right, isWide: true), .init("STATUS", isStatus: true)])
        table.add(["web01", "7", "Running"])

        #expect(table.text(in: TextStyle()) == "NAME   STATUS\nweb01  Running\n")
        #expect(table.text(in: TextStyle(isWide: true)) == "NAME   ID  STATUS\nweb01   7  Running\n")
    }

    @Test("colours take no column, and only statuses bear them")
    func colours() throws {
        var table = TextTable([.init("STATUS", isStatus: true), .init("NAME")])
        table.add(["Running", "Running"])
        table.add(["PoweredOff", "b"])
        table.add(["Error", ""])
        var list = PropertyList()
        list.add("status", status: "active, Server Pool Master")

        let green = "\u{1B}[32m"
        let reset = "\u{1B}[0m"
        #expect(
            table.text(in: TextStyle(isColoured: true))
                == "STATUS      NAME\n\(green)Running\(reset)     Running\nPoweredOff  b\n\u{1B}[31mError\(reset)\n")
        #expect(list.text(in: TextStyle(isColoured: true)) == "status  \(green)active, Server Pool Master\(reset)\n")
        #expect(list.text(in: TextStyle()) == "status  active, Server Pool Master\n")
    }

    @Test("colours come by themselves only on a terminal that has them, where NO_COLOR does not forbid them")
    func choosesColours() {
        #expect(ColourChoice.auto.isColoured(isTerminal: true, environment: ["NO_COLOR": "", "TERM": "xterm"]))
        #expect(!ColourChoice.auto.isColoured(isTerminal: false, environment: [:]))
        #expect(!ColourChoice.auto.isColoured(isTerminal: true, environment: ["NO_COLOR": "1"]))
        #expect(!ColourChoice.auto.isColoured(isTerminal: true, environment: ["TERM": "dumb"]))
        #expect(ColourChoice.always.isColoured(isTerminal: false, environment: ["NO_COLOR": "1"]))
        #expect(!ColourChoice.never.isColoured(isTerminal: true, environment: [:]))
    }
}

@Suite("YAML")
struct YAMLTests {
    private func yaml(_ json: String) throws -> String { try YAMLPrinter.text(ofJSON: Data(json.utf8)) }

    @Test("objects and lists nest, and empty ones stay on their line")
    func nests() throws {
        let text = try yaml(#"{"b":[[1,2],{"x":{"z":null}},[]],"a":{},"c":true,"d":18446744073709551615,"e":-1.5}"#)

        #expect(
            text == """
                a: {}
                b:
                  - - 1
                    - 2
                  - x:
                      z: null
                  - []
                c: true
                d: 18446744073709551615
                e: -1.5

                """)
    }

    @Test(
        "what could be read as anything but a text is in quotes",
        arguments: [
            ("web01", "web01"), ("web 01, alpha (x)", "web 01, alpha (x)"), ("/OVS/a.img", "/OVS/a.img"),
            ("127.0.0.1:4443", "\"127.0.0.1:4443\""),
            ("alpha:4443", "alpha:4443"), ("", "\"\""), ("yes", "\"yes\""), ("NULL", "\"NULL\""), ("7", "\"7\""), ("-x", "\"-x\""),
            ("a: b", "\"a: b\""), ("a:", "\"a:\""), ("a #b", "\"a #b\""), (" a", "\" a\""), ("a ", "\"a \""), ("it's", "\"it's\""),
            ("a\"b\\c", #""a\"b\\c""#), ("a\u{1B}b", #""a\U0000001Bb""#), ("a\tb", #""a\tb""#), ("漢字", "\"漢字\""), ("{}", "\"{}\""),
        ])
    func quotes(text: String, expected: String) throws {
        #expect(YAMLScalar.text(text) == expected)
    }

    @Test("a text of several lines stands as it is, where that keeps every byte")
    func writesBlocks() {
        #expect(YAMLScalar.block("a\n\n b\n", indentation: "  ") == "|\n  a\n\n   b")
        #expect(YAMLScalar.block("a\nb", indentation: "  ") == "|-\n  a\n  b")
        #expect(YAMLScalar.block("a\n\n", indentation: "  ") == "|+\n  a\n")
        #expect(YAMLScalar.block("a", indentation: "") == nil)
        #expect(YAMLScalar.block(" a\nb", indentation: "") == nil)
        #expect(YAMLScalar.block("a\r\nb", indentation: "") == nil)
        #expect(YAMLScalar.block("a\u{1B}\nb", indentation: "") == nil)
    }
}
