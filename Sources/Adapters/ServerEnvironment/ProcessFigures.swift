import Glibc
package import AgentPorts

/// What Linux tells of this process (proc(5)).
package struct ProcessFigures: MetricsSource {
    package init() {}

    package func metrics() async -> [MetricTable] {
        let status = Self.fields(ofFile: "/proc/self/stat")
        let memory = Self.text(ofFile: "/proc/self/statm").split(separator: " ")
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        return [
            MetricTable(Self.startTime, Self.startSeconds(status)),
            MetricTable(Self.processorTime, Self.ticks(status, 11).flatMap { user in Self.ticks(status, 12).map { user + $0 } }),
            MetricTable(Self.residentMemory, memory.dropFirst().first.flatMap { Double($0) }.map { $0 * pageSize }),
            MetricTable(Self.openDescriptors, Self.descriptorCount.map(Double.init)),
        ]
    }

    private static let startTime = MetricFamily(
        "process_start_time_seconds", .gauge, "When this process started, in seconds since 1970")
    private static let processorTime = MetricFamily(
        "process_cpu_seconds_total", .counter, "CPU time that this process has used, of user and system")
    private static let residentMemory = MetricFamily("process_resident_memory_bytes", .gauge, "Memory of this process that is in RAM")
    private static let openDescriptors = MetricFamily("process_open_fds", .gauge, "File descriptors that this process has open")

    /// The fields after the program's name, which may hold spaces and parentheses: the first is the state.
    private static func fields(ofFile path: String) -> [Substring] {
        let text = text(ofFile: path)
        guard let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// A field of clock ticks, in seconds; nil where it is missing.
    private static func ticks(_ fields: [Substring], _ position: Int) -> Double? {
        guard position < fields.count, let ticks = Double(fields[position]) else { return nil }
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The 22nd field of stat counts from the boot, whose time `/proc/stat` says.
    private static func startSeconds(_ fields: [Substring]) -> Double? {
        let lines = text(ofFile: "/proc/stat").split(separator: "\n")
        guard let sinceBoot = ticks(fields, 19), let line = lines.first(where: { $0.hasPrefix("btime ") }),
            let boot = Double(line.dropFirst(6))
        else { return nil }
        return boot + sinceBoot
    }

    private static var descriptorCount: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            // Neither the folder itself nor the one above.
            if entry.pointee.d_name.0 != 46 { count += 1 }
        }
        return count
    }

    /// At most 256 KiB, which `/proc/stat` of any server fits in; empty where it cannot be read.
    private static func text(ofFile path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 * 1_024)
        while bytes.count < 256 * 1_024 {
            let count = read(file, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
