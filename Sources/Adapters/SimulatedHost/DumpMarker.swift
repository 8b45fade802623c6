import Glibc
import PoolModel

/// The file that stands for a dump of memory: there is none, but who looks for the file finds it.
enum DumpMarker {
    static func write(_ event: SimulatedHostEvent, to path: String) throws(SimulatedHostError) {
        let folder = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
        guard mkdir(String(folder), 0o700) == 0 || errno == EEXIST else { throw .system(operation: "make", path: path, code: errno) }
        let descriptor = OwnedDescriptor(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600))
        guard descriptor.number >= 0 else { throw .system(operation: "open", path: path, code: errno) }
        let bytes = HostLine.encode(HostJournalLine(event, written: HostClock.now()))
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
        guard count == bytes.count else { throw .system(operation: "write", path: path, code: count < 0 ? errno : ENOSPC) }
    }
}
