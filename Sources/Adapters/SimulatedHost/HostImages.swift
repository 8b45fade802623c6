import AgentCore
import Glibc
import PoolModel

/// The files that stand for images of memory: hosts that share a storage see each other's.
struct HostImages: Sendable {
    /// This host's own folder; what lies there is where it says.
    private let own: String
    /// The folder that stands for shared storage.
    private let shared: String

    init(_ folder: SimulatedHostFolder, shared: String?) {
        own = folder.images
        self.shared = shared ?? "\(folder.path)/shared"
    }

    private func place(_ path: String) -> String { path.hasPrefix(own + "/") ? path : shared + path }

    /// Has the model know whether the image is there that an operation is about.
    func look(at operation: DomainOperation, _ model: inout SimulatedHostModel) {
        switch operation {
        case .createPaused(let specification):
            specification.image.map { look($0.path(own: own), &model) }
            lookAtOthers(of: specification, &model)
        case .suspend(_, let image), .removeImage(let image): look(image.path(own: own), &model)
        case .unpause(let domain): model.imageToConsume(by: domain).map { look($0, &model) }
        case .pause, .shutdown, .reboot, .resize, .changeDevice, .destroy, .dumpCore, .unsuspend, .sendDomain, .receiveDomain: return
        }
    }

    /// What hosts left that saw the machine before.
    private func lookAtOthers(of specification: DomainSpecification, _ model: inout SimulatedHostModel) {
        let stem = DomainImage.stem(of: specification.ownership.machine, named: specification.name)
        for root in [nil] + model.facts.storageRoots.filter(\.isShared).map(\.path) {
            let folder = DomainImage(root: root, pool: specification.ownership.pool, stem: stem, epoch: .none).folder(own: own)
            for name in names(in: place(folder + "/")) where DomainImage.epoch(ofFile: name[...], stem: stem) != nil {
                look("\(folder)/\(name)", &model)
            }
        }
    }

    private func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.sorted()
    }

    /// Another host may have removed what a domain here was built from, since its building began.
    func lookAtConsumed(_ model: inout SimulatedHostModel) {
        for path in model.images.sorted() { look(path, &model) }
    }

    private func look(_ path: String, _ model: inout SimulatedHostModel) {
        model.setImage(path, isThere: access(place(path), F_OK) == 0)
    }

    /// Does to the files what happened on the host.
    func carryOut(_ event: SimulatedHostEvent) throws(SimulatedHostError) {
        switch event.kind {
        case .imageWritten(let path):
            try makeFolders(of: place(path))
            try DumpMarker.write(event, to: place(path))
        case .imageConsumed(let path), .imageRemoved(let path):
            guard unlink(place(path)) == 0 || errno == ENOENT else { throw .system(operation: "remove", path: path, code: errno) }
        case .booted, .created, .started, .paused, .ended, .dumped, .sent, .received, .stopped: return
        }
    }

    private func makeFolders(of path: String) throws(SimulatedHostError) {
        let parts = path.split(separator: "/").dropLast()
        for count in 1...max(1, parts.count) {
            let folder = "/" + parts.prefix(count).joined(separator: "/")
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST || access(folder, F_OK) == 0 else {
                throw .system(operation: "make", path: folder, code: errno)
            }
        }
    }
}
