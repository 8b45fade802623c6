import Foundation
import Testing

@Suite("A whole pool of real processes")
struct DemoTests {
    @Test("the demonstration's story holds: found, join, place, kill the master, come back")
    func tellsStory() throws {
        let scene = try ProgramScene()

        let outcome = try scene.run("pool", "demo", "--dir", "\(scene.folder)/d", "--once")

        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains("failover: "))
        #expect(outcome.output.contains("is back: caught up"))
    }
}
