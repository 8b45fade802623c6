// swift-tools-version: 6.2
import PackageDescription

/// Settings that every room shares: all warnings are errors, every import states its reach.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Products of other packages, by the name that rooms use.
let products: [String: Target.Dependency] = [
    "DequeModule": .product(name: "DequeModule", package: "swift-collections"),
    "Logging": .product(name: "Logging", package: "swift-log"),
    "CoreMetrics": .product(name: "CoreMetrics", package: "swift-metrics"),
    "NIOConcurrencyHelpers": .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    "NIOCore": .product(name: "NIOCore", package: "swift-nio"),
    "NIOPosix": .product(name: "NIOPosix", package: "swift-nio"),
    "NIOTLS": .product(name: "NIOTLS", package: "swift-nio"),
    "NIOHTTP1": .product(name: "NIOHTTP1", package: "swift-nio"),
    "NIOWebSocket": .product(name: "NIOWebSocket", package: "swift-nio"),
    "NIOFoundationCompat": .product(name: "NIOFoundationCompat", package: "swift-nio"),
    "NIOEmbedded": .product(name: "NIOEmbedded", package: "swift-nio"),
    "SwiftProtobuf": .product(name: "SwiftProtobuf", package: "swift-protobuf"),
    "GRDB": .product(name: "GRDB", package: "GRDB.swift"),
    "Hummingbird": .product(name: "Hummingbird", package: "hummingbird"),
    "HummingbirdCore": .product(name: "HummingbirdCore", package: "hummingbird"),
    "UnixSignals": .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
]

/// Turns the names that a room lists into dependencies on rooms or on products.
func dependencies(_ names: [String]) -> [Target.Dependency] {
    names.map { products[$0] ?? Target.Dependency(stringLiteral: $0) }
}

/// A room of the building: `Sources/<floor>/<name>`. It may import only what `mayImport` lists.
/// Excluding `DESIGN.md` makes the build warn about a room that has none.
func room(_ name: String, floor: String, mayImport: [String] = [], exclude: [String] = [], resources: [Resource] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies(mayImport),
        path: "Sources/\(floor)/\(name)",
        exclude: ["DESIGN.md"] + exclude,
        resources: resources,
        swiftSettings: strict
    )
}

/// The tests of one room, plus whatever else they need to set the scene.
func tests(of name: String, alsoImport: [String] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies([name] + alsoImport), path: "Tests/\(name)Tests", exclude: exclude,
        swiftSettings: strict)
}

let core: [Target] = [
    room("PoolModel", floor: "Core"),
    room("RaftCore", floor: "Core", mayImport: ["PoolModel", "DequeModule"]),
    room("Placement", floor: "Core", mayImport: ["PoolModel"]),
    room("PoolStateMachine", floor: "Core", mayImport: ["PoolModel", "Placement", "DequeModule"]),
    room("DomainConfiguration", floor: "Core"),
    room(
        "AgentCore", floor: "Core", mayImport: ["PoolModel", "RaftCore", "PoolStateMachine", "Placement", "DequeModule"]),
]

let ports: [Target] = [
    room("AgentPorts", floor: "Ports", mayImport: ["PoolModel", "RaftCore", "PoolStateMachine", "AgentCore"]),
    room("QueryModel", floor: "Ports"),
]

let adapters: [Target] = [
    .systemLibrary(name: "COpenSSL", path: "Sources/C/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", path: "Sources/C/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CXenLight", path: "Sources/C/CXenLight", providers: [.apt(["libxen-dev"])]),
    room("OpenSSLTransport", floor: "Adapters", mayImport: ["COpenSSL", "NIOCore", "NIOTLS"]),
    room(
        "WireFormat", floor: "Adapters",
        mayImport: ["AgentPorts", "PoolModel", "RaftCore", "PoolStateMachine", "AgentCore", "SwiftProtobuf", "DequeModule"],
        exclude: ["Schema"]),
    room(
        "SQLiteStorage", floor: "Adapters",
        mayImport: ["AgentPorts", "PoolModel", "RaftCore", "AgentCore", "GRDB", "CSQLite", "CoreMetrics", "NIOConcurrencyHelpers"]),
    room("ConsoleStreams", floor: "Adapters", mayImport: ["AgentPorts", "OpenSSLTransport", "NIOCore", "NIOWebSocket"]),
    room(
        "SimulatedHost", floor: "Adapters",
        mayImport: ["AgentPorts", "PoolModel", "AgentCore", "DomainConfiguration", "ConsoleStreams", "NIOCore", "NIOPosix"]),
    room("ServerEnvironment", floor: "Adapters", mayImport: ["AgentPorts", "AgentCore", "PoolModel"]),
    room("PrometheusMetrics", floor: "Adapters", mayImport: ["AgentPorts", "CoreMetrics"]),
    room(
        "XenHypervisor", floor: "Adapters",
        mayImport: [
            "AgentPorts", "AgentCore", "PoolModel", "DomainConfiguration", "ServerEnvironment", "ConsoleStreams", "CXenLight", "Logging",
            "NIOCore", "NIOPosix",
        ]),
]

let services: [Target] = [
    room(
        "AgentRuntime", floor: "Services",
        mayImport: [
            "AgentPorts", "AgentCore", "PoolModel", "RaftCore", "PoolStateMachine", "WireFormat", "OpenSSLTransport", "ConsoleStreams",
            "Logging", "NIOCore", "CoreMetrics",
        ]),
    room(
        "PeerNetwork", floor: "Services",
        mayImport: [
            "AgentPorts", "AgentCore", "PoolModel", "RaftCore", "WireFormat", "OpenSSLTransport", "ConsoleStreams", "Logging", "NIOCore",
            "NIOPosix", "NIOTLS", "CoreMetrics",
        ]),
    room(
        "QueryService", floor: "Services",
        mayImport: [
            "AgentPorts", "AgentCore", "QueryModel", "PoolModel", "PoolStateMachine", "Placement", "DomainConfiguration",
            "OpenSSLTransport", "ConsoleStreams", "PrometheusMetrics", "Logging", "CoreMetrics", "Hummingbird", "HummingbirdCore",
            "NIOCore", "NIOTLS",
            "NIOFoundationCompat",
        ]),
    room(
        "PoolCommands", floor: "Services",
        mayImport: [
            "AgentPorts", "QueryModel", "PoolModel", "RaftCore", "ServerEnvironment", "DomainConfiguration", "OpenSSLTransport",
            "ConsoleStreams", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOFoundationCompat",
        ]),
    room(
        "SimulationKit", floor: "Services",
        mayImport: [
            "AgentPorts", "AgentCore", "PoolModel", "RaftCore", "PoolStateMachine", "Placement", "WireFormat", "SimulatedHost",
            "DequeModule",
        ]),
]

let executables: [Target] = [
    .executableTarget(
        name: "ovm",
        dependencies: dependencies([
            "AgentPorts", "AgentCore", "AgentRuntime", "ConsoleStreams", "PeerNetwork", "QueryService", "PoolCommands", "SimulationKit",
            "OpenSSLTransport",
            "WireFormat", "SQLiteStorage", "SimulatedHost", "XenHypervisor", "ServerEnvironment", "PrometheusMetrics", "PoolModel",
            "PoolStateMachine",
            "RaftCore", "DomainConfiguration", "QueryModel", "ArgumentParser", "Logging", "NIOCore", "NIOPosix", "UnixSignals",
        ]),
        path: "Sources/Executables/ovm",
        swiftSettings: strict
    )
]

let testTargets: [Target] = [
    tests(of: "PoolModel"),
    tests(of: "RaftCore", alsoImport: ["PoolModel"]),
    tests(of: "Placement", alsoImport: ["PoolModel"]),
    tests(of: "PoolStateMachine", alsoImport: ["PoolModel", "Placement"]),
    tests(of: "DomainConfiguration", exclude: ["Samples"]),
    tests(of: "AgentCore", alsoImport: ["PoolModel", "RaftCore", "PoolStateMachine"]),
    tests(of: "OpenSSLTransport", alsoImport: ["NIOCore", "NIOPosix", "NIOEmbedded", "NIOTLS", "COpenSSL"]),
    tests(
        of: "WireFormat", alsoImport: ["AgentPorts", "PoolModel", "RaftCore", "PoolStateMachine", "AgentCore"], exclude: ["Golden"]),
    tests(
        of: "SQLiteStorage",
        alsoImport: ["AgentPorts", "PrometheusMetrics", "PoolModel", "RaftCore", "AgentCore", "CSQLite", "GRDB"]),
    tests(of: "ConsoleStreams", alsoImport: ["AgentPorts", "NIOCore", "NIOEmbedded"]),
    tests(of: "SimulatedHost", alsoImport: ["AgentPorts", "PoolModel", "AgentCore"]),
    tests(of: "ServerEnvironment", alsoImport: ["AgentPorts", "AgentCore", "PoolModel"]),
    tests(of: "PrometheusMetrics", alsoImport: ["AgentPorts", "CoreMetrics"]),
    tests(
        of: "XenHypervisor",
        alsoImport: ["AgentPorts", "AgentCore", "PoolModel", "DomainConfiguration", "ServerEnvironment"]),
    tests(
        of: "AgentRuntime",
        alsoImport: [
            "AgentPorts", "PrometheusMetrics", "AgentCore", "PoolModel", "RaftCore", "PoolStateMachine", "OpenSSLTransport", "Logging",
            "NIOConcurrencyHelpers", "NIOCore", "NIOPosix",
        ]),
    tests(
        of: "PeerNetwork",
        alsoImport: [
            "AgentPorts", "PrometheusMetrics", "AgentCore", "PoolModel", "RaftCore", "WireFormat", "OpenSSLTransport", "NIOCore",
            "NIOPosix",
        ]),
    tests(
        of: "QueryService",
        alsoImport: [
            "AgentPorts", "QueryModel", "OpenSSLTransport", "ConsoleStreams", "PrometheusMetrics", "AgentCore", "PoolModel",
            "PoolStateMachine", "DomainConfiguration", "NIOCore", "NIOEmbedded", "NIOPosix",
        ]),
    tests(
        of: "PoolCommands",
        alsoImport: [
            "AgentPorts", "QueryModel", "PoolModel", "RaftCore", "ServerEnvironment", "DomainConfiguration", "OpenSSLTransport", "NIOCore",
            "NIOPosix", "NIOHTTP1",
        ]),
    tests(
        of: "SimulationKit",
        alsoImport: ["PoolModel", "RaftCore", "AgentCore", "PoolStateMachine", "SimulatedHost", "DomainConfiguration"],
        exclude: ["Scenarios"]),
    .testTarget(
        name: "EndToEndTests",
        dependencies: dependencies([
            "ovm", "PoolCommands", "QueryModel", "ServerEnvironment", "SimulatedHost", "SQLiteStorage", "OpenSSLTransport", "NIOCore",
            "NIOPosix",
            "NIOHTTP1",
        ]),
        path: "Tests/EndToEndTests", swiftSettings: strict),
    .testTarget(name: "TidyTests", path: "Tests/TidyTests", swiftSettings: strict),
]

let package = Package(
    name: "ovm",
    products: [.executable(name: "ovm", targets: ["ovm"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: core + ports + adapters + services + executables + testTargets,
    swiftLanguageModes: [.v6]
)
