// swift-tools-version: 6.2
// The fuzz targets, apart from the program: they are built with libFuzzer's instrumentation, which nothing else should carry.
import PackageDescription

/// Settings that every room shares, as in the program's own package.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A room of the program, through the link `Sources`.
func room(_ name: String, floor: String, mayImport: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: mayImport, path: "Sources/\(floor)/\(name)", exclude: ["DESIGN.md"], swiftSettings: strict)
}

/// What is fuzzed: `Targets/<name>`, with `LLVMFuzzerTestOneInput` for its only entrance, as libFuzzer brings `main`.
func fuzz(_ name: String, of rooms: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: rooms, path: "Targets/\(name)", sources: ["\(name).swift"],
        swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "ovm-fuzzing",
    targets: [
        room("DomainConfiguration", floor: "Core"),
        fuzz("DomainConfigurationFuzz", of: ["DomainConfiguration"]),
        fuzz("DomainConfigurationGrowthFuzz", of: ["DomainConfiguration"]),
    ],
    swiftLanguageModes: [.v6]
)
