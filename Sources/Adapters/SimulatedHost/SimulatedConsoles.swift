import AgentCore
import AgentPorts
import NIOCore

/// The consoles of a served host's domains. Lives on the host's event loop, in the host's process: they survive the agent.
final class SimulatedConsoles {
    /// Logs of domains that are gone; the oldest goes first.
    private static let keptLogs = 64

    private let eventLoop: any EventLoop
    private var guests: [UInt32: SimulatedTerminal] = [:]
    private var viewers: [ObjectIdentifier: UInt32] = [:]
    private var displays: [ObjectIdentifier: (domain: UInt32, connection: HostConnection)] = [:]
    private var logs: [(name: String, tail: [UInt8])] = []

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Lets the guests print what becomes of them.
    func note(_ event: SimulatedHostEvent) {
        guard let domain = event.domain else { return }
        switch event.kind {
        case .booted, .dumped, .imageWritten, .imageRemoved, .sent: break
        case .imageConsumed, .received: guests[domain.number]?.goOn()
        case .created: guests[domain.number] = SimulatedTerminal(name: domain.name, eventLoop: eventLoop)
        case .started: guests[domain.number]?.start()
        case .paused: guests[domain.number]?.isRunning = false
        case .ended(let end): guests[domain.number]?.end(end.rawValue)
        case .stopped: remove(domain.number)
        }
    }

    private func remove(_ number: UInt32) {
        guard let guest = guests.removeValue(forKey: number) else { return }
        logs.removeAll { $0.name == guest.name }
        logs.append((guest.name, guest.tail))
        if logs.count > Self.keptLogs { logs.removeFirst() }
        guest.close()
        for (id, display) in displays where display.domain == number {
            display.connection.close()
            displays[id] = nil
        }
    }

    /// What the newest domain of a name has printed; nil where none is known.
    func log(ofDomainNamed name: String) -> [UInt8]? {
        guests.filter { $0.value.name == name }.max { $0.key < $1.key }?.value.tail ?? logs.last { $0.name == name }?.tail
    }

    // MARK: Connections

    /// Makes a connection one of the text console.
    ///
    /// - Returns: false where there is no such domain.
    func attachText(of domain: UInt32, to connection: HostConnection) -> Bool {
        guard let guest = guests[domain] else { return false }
        viewers[ObjectIdentifier(connection)] = domain
        connection.becomeRaw { [guest] in guest.type($0) }
        guest.viewers[ObjectIdentifier(connection)] = connection
        return true
    }

    /// Makes a connection one of the display: it speaks RFB's first line, and sends back what it gets.
    func attachDisplay(of domain: UInt32, to connection: HostConnection) -> Bool {
        guard guests[domain] != nil else { return false }
        displays[ObjectIdentifier(connection)] = (domain, connection)
        connection.becomeRaw { [unowned connection] in connection.writeRaw($0) }
        return true
    }

    /// What is shown first, once the answer to attaching is out.
    func greet(_ connection: HostConnection) {
        if displays[ObjectIdentifier(connection)] != nil { connection.writeRaw(ByteBuffer(string: "RFB 003.008\n")) }
    }

    func forget(_ connection: HostConnection) {
        let id = ObjectIdentifier(connection)
        if let domain = viewers.removeValue(forKey: id) { guests[domain]?.viewers[id] = nil }
        displays[id] = nil
    }
}

/// The terminal of a guest that does as if: it boots, asks for a name, and knows a few commands. Lives on the host's event loop.
final class SimulatedTerminal {
    let name: String
    var isRunning = false
    var viewers: [ObjectIdentifier: HostConnection] = [:]
    /// The newest of what was printed.
    private(set) var tail: [UInt8] = []

    private let eventLoop: any EventLoop
    private var hasBooted = false
    private var user: String?
    private var line: [UInt8] = []
    /// Lines that `yes` still prints.
    private var flood = 0
    private static let lineBytes = 1_024
    private static let floodLines = 100_000_000

    init(name: String, eventLoop: any EventLoop) {
        self.name = name
        self.eventLoop = eventLoop
    }

    // MARK: Life

    func start() {
        isRunning = true
        guard !hasBooted else { return }
        hasBooted = true
        print("[    0.000000] Simulated guest \(name): nothing of it is real\n[    0.100000] Welcome!\n\n")
        prompt()
    }

    /// From an image: it has booted elsewhere, or before.
    func goOn() {
        hasBooted = true
        print("[    2.000000] The guest goes on from its image\n")
        prompt()
    }

    func end(_ word: String) {
        isRunning = false
        flood = 0
        print("\n[    1.000000] The guest has ended: \(word)\n")
    }

    func close() {
        flood = 0
        for viewer in viewers.values { viewer.close() }
        viewers = [:]
    }

    // MARK: The keyboard

    /// What was typed while nothing runs is lost.
    func type(_ bytes: ByteBuffer) {
        guard isRunning else { return }
        for byte in bytes.readableBytesView {
            switch byte {
            case _ where flood > 0:
                flood = 0
                print("^C\n")
                prompt()
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"): enter()
            case 0x03:
                line = []
                print("^C\n")
                prompt()
            case 0x08, 0x7F:
                if line.popLast() != nil { show(Array("\u{8} \u{8}".utf8)) }
            default:
                guard line.count < Self.lineBytes else { continue }
                line.append(byte)
                show([byte])
            }
        }
    }

    private func enter() {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        line = []
        print("\n")
        guard user != nil else {
            user = words.first.map(String.init)
            return prompt()
        }
        switch words.first {
        case nil: break
        case "echo": print(words.dropFirst().joined(separator: " ") + "\n")
        case "exit": user = nil
        case "yes": flood = min(words.dropFirst().first.flatMap { Int($0) } ?? Self.floodLines, Self.floodLines)
        case .some(let word): print("sh: \(word): not found\n")
        }
        if flood > 0 { pour() } else { prompt() }
    }

    private func prompt() { print(user.map { "\($0)@\(name):~$ " } ?? "\(name) login: ") }

    // MARK: The screen

    /// `yes`, 16 KiB a millisecond, so that the host does other work beside.
    private func pour() {
        let count = min(flood, 4_096)
        flood -= count
        show(Array(repeatElement("yo\r\n".utf8, count: count).joined()))
        guard flood > 0 else { return prompt() }
        let terminal = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(1)) { if terminal.value.flood > 0 { terminal.value.pour() } }
    }

    private func print(_ text: String) { show(Array(text.utf8).flatMap { $0 == UInt8(ascii: "\n") ? [UInt8(ascii: "\r"), $0] : [$0] }) }

    /// Whoever does not read what is printed loses it, as with Xen's own daemon.
    private func show(_ bytes: [UInt8]) {
        tail += bytes
        if tail.count > 2 * ConsoleLimits.logBytes { tail.removeFirst(tail.count - ConsoleLimits.logBytes) }
        for viewer in viewers.values where viewer.isTaking { viewer.writeRaw(ByteBuffer(bytes: bytes)) }
    }
}
