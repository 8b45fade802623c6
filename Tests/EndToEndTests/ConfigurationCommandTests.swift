import Foundation
import Testing

@Suite("ovm vm config, which needs no pool")
struct ConfigurationCommandTests {
    private let scene: ProgramScene
    private let file: String

    init() throws {
        scene = try ProgramScene()
        file = "\(scene.folder)/db.cfg"
    }

    @Test("convert writes canonical xl.cfg, the losses on standard error; converting the result changes nothing and warns of nothing")
    func converts() throws {
        let text = """
            vnc = 1  # a comment
            OVM_simple_name = 'db'; name = "db"
            builder = 'hvm'; memory = '64'; vcpus = 1

            """
        try text.write(toFile: file, atomically: true, encoding: .utf8)

        let first = try scene.run("vm", "config", "convert", file)
        try first.output.write(toFile: file, atomically: true, encoding: .utf8)
        let second = try scene.run("vm", "config", "convert", file)

        #expect(
            first.output == """
                vnc = 1
                OVM_simple_name = "db"
                name = "db"
                type = "hvm"
                memory = 64
                vcpus = 1

                """)
        #expect(
            first.errors == "warning: \(file):3:11: The key builder = \"hvm\" is deprecated; type = \"hvm\" is written in its place.\n")
        #expect(first.status == 0 && second.status == 0 && second.output == first.output && second.errors.isEmpty)
    }

    @Test("convert --for xl writes as a comment what xl does not read, and says so")
    func convertsForXL() throws {
        try "name = 'db'; memory = 64\nOVM_os_type = 'x'\n".write(toFile: file, atomically: true, encoding: .utf8)

        let outcome = try scene.run("vm", "config", "convert", "--for", "xl", file)

        #expect(outcome.status == 0 && outcome.output.contains("\n# OVM_os_type = \"x\"\n"))
        #expect(outcome.errors.hasPrefix("warning: \(file):2:1: The key OVM_os_type "))
    }

    @Test("what is refused says file, line, column, what was found and what was expected, and nothing is written")
    func refuses() throws {
        try "name = 'db'\nmemory = 512 * 2\n".write(toFile: file, atomically: true, encoding: .utf8)

        let outcome = try scene.run("vm", "config", "convert", file)

        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("\(file):2:14: Found the operator \"*\" of an expression. Write the value itself"))
    }

    @Test("check shows every file, with what Xen's adapter leaves out, and goes on after a mistake; as JSON there is one document a file")
    func checks() throws {
        let (good, bad) = ("\(scene.folder)/good.cfg", "\(scene.folder)/bad.cfg")
        try "name = 'web'\nmemory = 64\nkernel = '/boot/vmlinuz'\nhap = 'maybe'\n".write(toFile: good, atomically: true, encoding: .utf8)
        try "name = 'db'\nmemory = lots\n".write(toFile: bad, atomically: true, encoding: .utf8)

        let mixed = try scene.run("vm", "config", "check", bad, good)
        let documents = try scene.run("vm", "config", "check", "-o", "json", good, good)

        #expect(mixed.status == 1 && mixed.errors.hasPrefix("\(bad):2:10: "), "\(mixed.errors)")
        #expect(mixed.output.contains("good.cfg:4:1: The key hap is not carried out"), "\(mixed.output)")
        #expect(mixed.output.contains("web") && !mixed.output.contains("db"), "\(mixed.output)")
        #expect(documents.status == 0 && documents.errors.isEmpty)
        let texts = documents.output.replacing("}\n{", with: "}\u{0}{").split(separator: "\u{0}")
        let names = try texts.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }.map { $0?["name"] as? String }
        #expect(names == ["web", "web"], "\(documents.output)")
    }

    @Test("a file longer than any vm.cfg is refused, and not read as if it ended where the reading did")
    func refusesLongFiles() throws {
        let comment = "#" + String(repeating: "x", count: 1_048_576) + "\n"
        try ("name = 'db'\n" + comment + "memory = 64\n").write(toFile: file, atomically: true, encoding: .utf8)

        let outcome = try scene.run("vm", "config", "convert", file)

        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("\(file):1:1: Found a text of more than 1048576 bytes."))
    }
}
