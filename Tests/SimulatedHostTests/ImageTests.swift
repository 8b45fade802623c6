import AgentCore
import Foundation
import PoolModel
import Testing

@testable import SimulatedHost

@Suite("Images of a simulated host") struct ImageTests {
    private static let image = DomainImage(root: "/OVS", pool: Scene.pool, stem: "machine-7-7", epoch: PlacementEpoch(1))
    private static let path = "/OVS/suspended/\(Scene.pool)/machine-7-7-1.image"

    private func specification(_ epoch: UInt64, image: DomainImage? = ImageTests.image) throws -> DomainSpecification {
        let plain = try Scene.specification(7, epoch: epoch)
        return DomainSpecification(
            ownership: plain.ownership, name: plain.name, uuid: plain.uuid, configuration: "", requirements: plain.requirements,
            image: image)
    }

    @Test("a guest stands still while its memory is written, and its image is used up once another domain is let run from it")
    func comesAndGoes() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(7)

        let suspend = scene.begin(.suspend(domain: domain, to: Self.image))
        let during = scene.state(of: domain)
        let before = scene.model.images
        let told = scene.elapse(500)
        let written = scene.model.images
        let again = scene.perform(.suspend(domain: domain, to: Self.image))
        _ = scene.perform(.destroy(domain: domain))
        let built = scene.perform(.createPaused(try specification(2)))
        let kept = scene.model.images
        let run = scene.perform(.unpause(domain: 2))
        let second = scene.perform(.createPaused(try specification(3)))

        #expect(during == .suspended && before.isEmpty && written == [Self.path] && again == .done)
        #expect(
            told.contains(.completed(suspend, .done))
                && told.events.map { $0.split(separator: " ")[2] } == ["paused", "imageWritten(path:"])
        #expect(built == .done && kept == [Self.path] && run == .done && scene.model.images.isEmpty)
        guard case .failed(let cause) = second else { return #expect(Bool(false), "\(String(describing: second))") }
        #expect(cause.contains("already has the name") || cause.contains("is not there"))
    }

    @Test("two domains that were built from one image are not both let run")
    func isUsedOnce() throws {
        var scene = Scene()
        scene.model.setImage(Self.path, isThere: true)
        _ = scene.perform(.createPaused(try specification(2)))
        scene.model.setImage(Self.path, isThere: false)

        let outcome = scene.perform(.unpause(domain: 1))

        #expect(outcome == .failed(cause: SimulatedRefusal.noSuchImage(Self.path).message))
        #expect(scene.state(of: 1) == .paused)
    }

    @Test("a suspended guest that goes on leaves no image; one that an agent left half suspended goes on")
    func goesOn() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(7)
        _ = scene.perform(.suspend(domain: domain, to: Self.image))
        let goneOn = scene.perform(.unsuspend(domain: domain))
        let (state, images) = (scene.state(of: domain), scene.model.images)

        _ = scene.begin(.suspend(domain: domain, to: Self.image))
        let halved = scene.perform(.suspend(domain: domain, to: Self.image))

        #expect(goneOn == .done && state == .running && images.isEmpty)
        #expect(halved == .failed(cause: SimulatedRefusal.suspendCutShort(domain).message))
        #expect(scene.state(of: domain) == .running)
        _ = scene.elapse(1_000)
        #expect(scene.model.images.isEmpty)
    }

    @Test("a domain that is built for a later placement removes its machine's images that nobody can use any more")
    func forgets() throws {
        var scene = Scene()
        let other = "/OVS/suspended/\(Scene.pool)/machine-7-77-1.image"
        for path in [Self.path, other, "/save/\(Scene.pool)/machine-7-7-2.image", "/save/\(Scene.pool)/machine-7-7-9.image"] {
            scene.model.setImage(path, isThere: true)
        }

        _ = scene.perform(.createPaused(try specification(5)))

        #expect(scene.model.images == [Self.path, other, "/save/\(Scene.pool)/machine-7-7-9.image"])
    }

    @Test("an image outlives a power cut, and is removed when that is asked, whether it is there or not")
    func isRemoved() throws {
        var scene = Scene()
        let domain = try scene.runningDomain(7)
        _ = scene.perform(.suspend(domain: domain, to: Self.image))
        _ = scene.model.powerCut(newBoot: UniqueIdentifier(high: 1, low: 1), now: scene.now)
        let kept = scene.model.images

        let results = [scene.perform(.removeImage(Self.image)), scene.perform(.removeImage(Self.image))]

        #expect(kept == [Self.path] && results == [.done, .done] && scene.model.images.isEmpty)
    }

    @Test("served hosts that share a storage see each other's images, each by a file; one on its own disk is its own")
    func sharesFiles() async throws {
        try await withServedHost { (host, client) async throws in
            let own = DomainImage(root: nil, pool: Scene.pool, stem: "machine-7-7", epoch: PlacementEpoch(1))
            for image in [Self.image, own] {
                #expect(await client.perform(.createPaused(try specification(1, image: nil))) == .done)
                let domain = try #require(try await client.listDomains().first).domain
                #expect(await client.perform(.unpause(domain: domain)) == .done)
                #expect(await client.perform(.suspend(domain: domain, to: image)) == .done)
                #expect(await client.perform(.destroy(domain: domain)) == .done)
                let place = image.root == nil ? image.path(own: host.folder.images) : host.folder.path + "/shared" + Self.path
                #expect(FileManager.default.fileExists(atPath: place))

                #expect(await client.perform(.createPaused(try specification(2, image: image))) == .done)
                #expect(await client.perform(.unpause(domain: domain + 1)) == .done)

                #expect(!FileManager.default.fileExists(atPath: place))
                #expect(await client.perform(.destroy(domain: domain + 1)) == .done)
                guard case .failed(let cause) = await client.perform(.createPaused(try specification(3, image: image))) else {
                    throw Missing()
                }
                #expect(cause.contains("is not there"))
            }
        }
    }
}
