import AgentPorts
import Foundation
import ServerEnvironment
import Testing

@Suite("What is told of this process", .serialized)
struct ProcessFigureTests {
    private func figures() async throws -> [String: Double] {
        var figures: [String: Double] = [:]
        for table in await ProcessFigures().metrics() {
            guard case .number(let number)? = table.rows.first?.value else { continue }
            figures[table.family.name] = number
        }
        return figures
    }

    @Test("it began before now and after this machine did")
    func tellsStart() async throws {
        let start = try #require(try await figures()["process_start_time_seconds"])

        let now = Date.now.timeIntervalSince1970
        #expect(start <= now + 1 && start > now - ProcessInfo.processInfo.systemUptime - 60)
    }

    @Test("files that are opened are counted, and no more once they are closed")
    func countsDescriptors() async throws {
        let before = try #require(try await figures()["process_open_fds"])

        let files = try (0..<50).map { _ in try #require(FileHandle(forReadingAtPath: "/dev/null")) }
        let open = try #require(try await figures()["process_open_fds"])
        for file in files { try file.close() }
        let after = try #require(try await figures()["process_open_fds"])

        // Other tests of this process open files too, but not so many at once.
        #expect(open - before >= 40 && open - after >= 40, "\(before), \(open), \(after)")
    }

    @Test("memory that is used is in RAM, and computing takes CPU time")
    func tellsUse() async throws {
        let before = try await figures()
        let size = 128 * 1_048_576
        let pages = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4_096)
        defer { pages.deallocate() }

        var sum: UInt64 = 0
        for round in 0..<4 { for offset in stride(from: 0, to: size, by: 64) { sum &+= UInt64(offset &+ round) } }
        memset(pages, Int32(sum % 7 + 1), size)
        let after = try await figures()

        let memory = "process_resident_memory_bytes"
        #expect((after[memory] ?? 0) - (before[memory] ?? 0) > Double(size) * 0.8)
        #expect((after["process_cpu_seconds_total"] ?? 0) > (before["process_cpu_seconds_total"] ?? .infinity))
    }
}
