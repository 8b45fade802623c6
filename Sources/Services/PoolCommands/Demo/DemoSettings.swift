/// What the demonstration is asked for.
package struct DemoSettings: Sendable {
    /// 1 to 9.
    package let servers: Int
    /// An absolute folder that belongs to the demonstration.
    package let folder: String
    /// This program.
    package let executable: String
    package var isOnce = false
    package var isDetached = false

    package static let serverCounts = 1...9

    package init(servers: Int, folder: String, executable: String) throws(DemoError) {
        guard Self.serverCounts.contains(servers) else {
            throw DemoError("A demonstration has 1 to 9 servers, not \(servers). Give --servers within that.")
        }
        // A Unix socket's path has at most 107 bytes (unix(7)), and the host's lies below the folder.
        guard folder.utf8.count <= 70 else {
            throw DemoError("The folder \(folder) is too long for the sockets in it. Give a --dir of at most 70 bytes.")
        }
        self.servers = servers
        self.folder = folder
        self.executable = executable
    }
}
