import Testing

@testable import PoolCommands

@Suite("The password of a display")
struct DisplayPasswordTests {
    @Test(
        "is that of the first vfb, else that of vncpasswd; a vm.cfg may set none",
        arguments: [
            ("vncpasswd = 'secret'", "secret"), ("vfb = ['type=vnc,vncunused=1, vncpasswd=a=b']\nvncpasswd = 'other'", "a=b"),
            ("vfb = ['type=vnc']", nil), ("vncpasswd = ''", nil), ("vnc = 1", nil), ("vncpasswd = 1234", "1234"),
        ] as [(String, String?)])
    func find(lines: String, password: String?) {
        let configuration = "name = 'web01'\nmemory = 64\nbuilder = 'hvm'\n\(lines)\n"
        #expect(DisplayPassword.find(in: configuration) == password)
    }

    @Test("of what is no vm.cfg there is none")
    func unreadable() { #expect(DisplayPassword.find(in: "name = ") == nil) }
}
