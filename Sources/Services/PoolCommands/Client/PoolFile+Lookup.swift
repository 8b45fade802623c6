import Foundation

extension PoolFile {
    /// Where an agent keeps its data unless it is told otherwise.
    package static let defaultDataDirectory = "/var/lib/ovm"

    /// The path of the pool file to use: the option, `OVM_POOL`, `~/.config/ovm/pool.json`, `DATA/pool.json`, the first that there is.
    ///
    /// What the option or `OVM_POOL` names is taken whether it exists or not, so that a slip of the pen does not reach another pool.
    ///
    /// - Parameters:
    ///   - option: what `--pool` gave.
    ///   - environment: the process's.
    package static func locate(
        option: String?, environment: [String: String], dataDirectory: String = defaultDataDirectory
    ) throws(PoolFileError) -> String {
        if let named = option ?? environment["OVM_POOL"], !named.isEmpty { return named }
        var places: [String] = []
        if let home = environment["HOME"], !home.isEmpty { places.append("\(home)/.config/ovm/pool.json") }
        places.append("\(dataDirectory)/pool.json")
        for place in places where FileManager.default.fileExists(atPath: place) { return place }
        throw .notFound(places: places)
    }
}
