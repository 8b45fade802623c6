import Glibc
import PoolModel

extension SimulatedHostFolder {
    /// The UUID of the simulated machine's mainboard: that of this place on this computer.
    ///
    /// It is made from the place and kept nowhere, so that a folder that is copied elsewhere does not take it along.
    var hardware: UniqueIdentifier { Self.hardware(at: resolvedPath, on: Self.computer) }

    /// - Parameters:
    ///   - place: the folder's absolute path, without symbolic links.
    ///   - computer: what tells this computer from others.
    static func hardware(at place: String, on computer: String) -> UniqueIdentifier {
        // FNV-1a, whose bits the generator then spreads. Nobody forges the hardware of a simulation.
        let seed = "\(computer)\n\(place)".utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        var generator = SeededGenerator(seed: seed)
        return UniqueIdentifier(randomHigh: generator.next(), randomLow: generator.next())
    }

    private var resolvedPath: String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// machine-id(5); empty where there is none, as in some containers.
    private static var computer: String {
        do throws(SimulatedHostError) {
            return try BoundedFile.read("/etc/machine-id", limit: 128).map { String(decoding: $0, as: UTF8.self) } ?? ""
        } catch {
            return ""
        }
    }
}
