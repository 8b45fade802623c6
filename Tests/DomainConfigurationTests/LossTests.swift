import DomainConfiguration
import Testing

@Suite("What is accepted with a loss is a warning")
struct LossTests {
    @Test(
        "each loss is named in its place",
        arguments: [
            ("builder = 'hvm'", 11, "The key builder = \"hvm\" is deprecated; type = \"hvm\" is written in its place."),
            ("builder = 'hvm'; type = 'hvm'", 11, "The builder hvm repeats the type hvm, which counts; builder is not kept."),
            ("builder = 'hvm'; type = 'pv'", 11, "The builder hvm contradicts the type pv, which counts; builder is not kept."),
            ("uuid = None", 1, "None for uuid means that it is not given."),
            ("wibble = [ None ]", 10, "None inside wibble is Python's, and kept as an empty string."),
            ("wibble = { 'a': None }", 10, "None inside wibble is Python's, and kept as an empty string."),
            ("disk = ''", 8, "The key disk should be a list; an empty string is taken as an empty one."),
            ("disk = [ '/a,,xvda,discard,no-discard' ]", 10, "The disk's discard is given twice; the last one counts."),
            ("disk = [ '/a,,xvda,trusted,untrusted' ]", 10, "The disk's trust is given twice; the last one counts."),
            ("disk = [ '/a,,xvda,cdrom,devtype=disk' ]", 10, "The disk's device type is given twice; the last one counts."),
            ("disk = [ '/a,,xvda,w,access=ro' ]", 10, "The disk's access is given twice; the last one counts."),
            ("disk = [ '/a,,xvda,backend=' ]", 10, "The disk parameter backend is empty, which leaves the default; it is not kept."),
            ("vif = [ 'mac=' ]", 9, "The interface parameter mac is empty, which leaves the default; it is not kept."),
            ("vif = [ 'trusted,untrusted' ]", 9, "The interface parameter \"trusted\" is given twice; the last one counts."),
            ("vif = [ 'rate=9b/s' ]", 9, "The rate \"9b/s\" is no whole number of bytes, and rounded down, as xl does."),
        ])
    func named(_ line: String, _ column: Int, _ message: String) throws {
        let warnings = try configuration(line).warnings

        #expect(warnings.contains(ConfigurationWarning(line: 2, column: column, message: message)), "\(warnings)")
    }

    @Test("a text for xl names the keys that it leaves out, and writes them as comments; one for the pool leaves out nothing")
    func conversion() throws {
        let configuration = try configuration("OVM_os_type = 'x'\n  OVM_os_type = 'y'\nguest_os_type = 'linux'")

        let forXL = try configuration.converted(for: .xl)
        let forPool = try configuration.converted(for: .pool)

        let repeated = "The key OVM_os_type is given again; this value counts, not the one of line 2."
        let lost = "The key OVM_os_type has a form that xl does not read, and is written as a comment."
        #expect(forPool.warnings == [ConfigurationWarning(line: 3, column: 3, message: repeated)])
        #expect(forXL.warnings == [ConfigurationWarning(line: 2, column: 1, message: lost)] + forPool.warnings)
        #expect(forXL.text.contains("\n# OVM_os_type = \"y\"\n") && forPool.text.contains("\nOVM_os_type = \"y\"\n"))
    }

    @Test("a text for xl has the bytes of control characters, as xl mistakes every escape with digits")
    func controlCharacters() throws {
        let configuration = try configuration("extra = '\\x1b\\x07\\x7f'")

        #expect(configuration.canonicalText(for: .xl).contains("extra = \"\u{1B}\\a\u{7F}\"\n"))
        #expect(configuration.canonicalText().contains("extra = \"\\x1b\\a\\x7f\"\n"))
    }

    @Test("a text whose canonical form would be beyond a limit is refused instead of written")
    func beyondLimits() throws {
        let target = String(repeating: "x", count: ConfigurationLimits.stringBytes - 20)
        let configuration = try configuration("disk = [ '/\(target),,xvda' ]")

        let error = #expect(throws: DomainConfigurationError.self) { try configuration.converted(for: .pool) }

        #expect(error?.message.hasPrefix("t.cfg:1:1: Found a text whose canonical form could not be read again") == true)
    }
}
