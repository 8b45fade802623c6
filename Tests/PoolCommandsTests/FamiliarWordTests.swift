import PoolCommands
import Testing

@Suite("Words of other tools")
struct FamiliarWordTests {
    @Test("a word stands for the command that there is under this noun, and for none where there is none")
    func meanings() {
        #expect(FamiliarWord.meaning(of: "remove", among: ["ls", "rm"]) == "rm")
        #expect(FamiliarWord.meaning(of: "remove", among: ["ls", "delete"]) == "delete")
        #expect(FamiliarWord.meaning(of: "destroy", among: ["start", "stop"]) == "stop --force")
        #expect(FamiliarWord.meaning(of: "destroy", among: ["start"]) == nil)
        #expect(FamiliarWord.meaning(of: "wibble", among: ["start"]) == nil)
    }
}
