import Foundation
import QueryModel
import ServerEnvironment

/// One server of the demonstration: its agent and its simulated host.
struct DemoServer: Sendable {
    let name: String
    let directory: DataDirectory
    let peer: NetworkAddress
    let query: NetworkAddress
    var host: ChildProcess?
    var agent: ChildProcess?

    static let names = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"]

    init(number: Int, folder: String, peerPort: Int, queryPort: Int) throws(DemoError) {
        name = Self.names[number]
        directory = DataDirectory("\(folder)/\(name)")
        guard let peer = NetworkAddress("127.0.0.1:\(peerPort)"), let query = NetworkAddress("127.0.0.1:\(queryPort)") else {
            throw DemoError("The ports \(peerPort) and \(queryPort) are no ports. Try again.")
        }
        self.peer = peer
        self.query = query
    }

    func setup() throws(SetupError) -> ServerSetup {
        try ServerSetup(
            directory: directory, name: name, peerAddress: peer.description, queryAddress: query.description, hypervisor: .simulated)
    }

    mutating func startHost(_ executable: String) throws(EnvironmentError) {
        if !FileManager.default.fileExists(atPath: directory.simulatedFile) {
            // The hosts share a storage, as those of a pool do: what is suspended on one can be resumed on another.
            let shared = URL(filePath: directory.path).deletingLastPathComponent().appending(path: "shared").path
            try directory.write(Array("{ \"sharedFolder\": \(Self.quoted(shared)) }\n".utf8), to: directory.simulatedFile)
        }
        host = try ChildProcess.start(
            executable: executable, arguments: ["simulated-host", "--data", directory.path], log: "\(directory.path)/simulated-host.log")
    }

    /// A text as JSON.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    mutating func startAgent(_ executable: String) throws(EnvironmentError) {
        agent = try ChildProcess.start(
            executable: executable, arguments: ["agent", "run", "--data", directory.path], log: "\(directory.path)/agent.log")
    }
}
