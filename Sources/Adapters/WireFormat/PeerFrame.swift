package import AgentCore
package import AgentPorts
package import PoolModel
import PoolStateMachine
import SwiftProtobuf

import struct Foundation.Data

/// One frame between agents: what stands behind its length on the wire.
package enum PeerFrame: Hashable, Sendable {
    /// The first frame each way.
    case hello(PeerHello)
    case message(PeerMessage)
    /// What closes after this is no sign of death.
    case goodbye
    /// The first frame of a connection that carries one console and nothing else.
    case consoleCall(PeerConsoleCall)
    /// The answer to a call; an end is the other one.
    case consoleAccepted
    case consoleBytes([UInt8])
    /// The console has ended, or was not opened: nil where it ended as consoles do.
    case consoleEnd(ConsoleFailure?)
    /// The first frame of a connection that carries the memory of one domain and nothing else.
    case transferCall(PeerTransferCall)
    /// The answer to a call; an end is the other one.
    case transferAccepted
    /// Of a domain's memory. Empty where there is nothing to send at the moment: who sends is still there.
    case transferBytes([UInt8])
    /// From who sends: that was all. From who receives: all of it has come. With a failure: it ends before, or was refused.
    case transferEnd(TransferFailure?)
}

/// How an agent introduces itself on a connection. Who it is says its certificate; this must agree with it.
package struct PeerHello: Hashable, Sendable {
    package let pool: PoolID
    package let server: ServerID
    package let channel: PeerChannel
    package let wireVersion: UInt32

    package init(pool: PoolID, server: ServerID, channel: PeerChannel, wireVersion: UInt32 = WireVersion.frames) {
        self.pool = pool
        self.server = server
        self.channel = channel
        self.wireVersion = wireVersion
    }
}

/// Which messages a connection carries.
package enum PeerChannel: UInt32, Hashable, Sendable, CaseIterable {
    /// Small and urgent: votes, heartbeats, reads.
    case urgent = 1
    /// Entries, snapshots, forwarded commands.
    case bulk = 2
}

/// Frames to bytes, and back.
package enum PeerFrameCoding {
    /// - Returns: the frame's bytes, without its length.
    package static func encode(_ frame: PeerFrame) throws(WireError) -> [UInt8] {
        if case .message(.newerEntries) = frame { throw WireError("What could not be read is not sent on.") }
        do {
            return try WirePeerFrame(frame).serializedBytes()
        } catch {
            throw WireError("The frame cannot be encoded: \(error).")
        }
    }

    /// Entries that a newer agent wrote become `.newerEntries`: whether their sender leads, and this agent must end, is for the core
    /// to say. In any other frame what is not known is an error.
    ///
    /// - Throws: `WireError` for anything that is not a whole frame within its bounds.
    package static func decode(_ bytes: [UInt8]) throws(WireError) -> PeerFrame {
        let wire: WirePeerFrame
        do {
            wire = try WirePeerFrame(serializedBytes: bytes, options: decodingOptions)
        } catch {
            throw WireError("The frame is not a Protocol Buffers message.")
        }
        do throws(WireError) {
            if wire.holdsUnknownFields { throw .unknownField }
            return try wire.model()
        } catch {
            guard error.isNewer, case .raft(let raft)? = wire.kind, case .append? = raft.body else { throw error }
            return .message(.newerEntries(term: Term(raft.term), cause: error.message))
        }
    }

    /// Messages nest six deep at most; a hostile one that nests deeper is refused before it costs stack.
    static let decodingOptions: BinaryDecodingOptions = {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 16
        return options
    }()
}

extension WirePeerFrame {
    init(_ frame: PeerFrame) {
        self.init()
        switch frame {
        case .hello(let hello):
            self.hello = .with {
                $0.pool = WireUuid(hello.pool)
                $0.server = hello.server.number
                $0.channel = hello.channel.rawValue
                $0.wireVersion = hello.wireVersion
            }
        case .message(.raft(let message)): raft = WireRaftMessage(message)
        case .message(.forward(let entry)): forward = WirePoolEntry(entry)
        case .message(.forwardRefused(let request, let leader)):
            forwardRefused = .with {
                if let request { $0.request = WireRequest(request) }
                if let leader { $0.leader = leader.number }
            }
        case .message(.stateDigest(let index, let digest)):
            stateDigest = .with {
                $0.index = index.number
                $0.digest = digest
            }
        case .message(.membersWanted(let index, let term)):
            membersWanted = .with {
                $0.lastIndex = index.number
                $0.lastTerm = term.number
            }
        case .message(.members(let peers, let index)):
            members = .with {
                $0.members = peers.map { WireMember($0) }
                $0.index = index.number
            }
        case .message(.progress(let session, let tasks)):
            progress = .with {
                $0.session = session.number
                $0.tasks = tasks.map { WireTaskProgress($0) }
            }
        case .message(.progressWanted): progressWanted = true
        case .message(.progressTold(let tasks)): progressTold = .with { $0.tasks = tasks.map { WireTaskProgress($0) } }
        // `encode` refuses it; without a kind it would be refused as well.
        case .message(.newerEntries): break
        case .goodbye: goodbye = true
        case .consoleCall(let call): consoleCall = WireConsoleCall(call)
        case .consoleAccepted: consoleAccepted = true
        case .consoleBytes(let bytes): consoleBytes = Data(bytes)
        case .consoleEnd(let failure): consoleEnd = WireConsoleEnd(failure)
        case .transferCall(let call): transferCall = WireTransferCall(call)
        case .transferAccepted: transferAccepted = true
        case .transferBytes(let bytes): transferBytes = Data(bytes)
        case .transferEnd(let failure): transferEnd = WireTransferEnd(failure)
        }
    }

    func model() throws(WireError) -> PeerFrame {
        switch kind {
        case .hello(let wire):
            guard let channel = PeerChannel(rawValue: wire.channel) else { throw .unknown("hello.channel") }
            return .hello(
                PeerHello(
                    pool: wire.pool.model, server: try WireField.server(wire.server, "hello.server"), channel: channel,
                    wireVersion: wire.wireVersion))
        case .raft(let wire): return .message(.raft(try wire.model()))
        case .forward(let wire): return .message(.forward(try wire.model()))
        case .forwardRefused(let wire):
            return .message(
                .forwardRefused(
                    wire.hasRequest ? try wire.request.model() : nil,
                    leader: wire.hasLeader ? try WireField.server(wire.leader, "forward_refused.leader") : nil))
        case .stateDigest(let wire): return .message(.stateDigest(index: LogIndex(wire.index), digest: wire.digest))
        case .membersWanted(let wire):
            return .message(.membersWanted(lastIndex: LogIndex(wire.lastIndex), lastTerm: Term(wire.lastTerm)))
        case .members(let wire):
            guard wire.members.count <= PoolLimits.servers else { throw .outOfRange("members.members") }
            let members = try wire.members.map { member throws(WireError) in try member.model() }
            return .message(.members(members, index: LogIndex(wire.index)))
        case .progress(let wire):
            return .message(
                .progress(
                    session: SessionNumber(wire.session), try WireTaskProgress.models(wire.tasks, most: TaskProgress.mostOfServer)))
        case .progressWanted: return .message(.progressWanted)
        case .progressTold(let wire):
            return .message(.progressTold(try WireTaskProgress.models(wire.tasks, most: TaskProgress.mostOfPool)))
        case .goodbye: return .goodbye
        case .consoleCall(let wire): return .consoleCall(try wire.model())
        case .consoleAccepted: return .consoleAccepted
        case .consoleBytes(let bytes): return .consoleBytes(Array(bytes))
        case .consoleEnd(let wire): return .consoleEnd(try wire.model())
        case .transferCall(let wire): return .transferCall(try wire.model())
        case .transferAccepted: return .transferAccepted
        case .transferBytes(let bytes): return .transferBytes(Array(bytes))
        case .transferEnd(let wire): return .transferEnd(try wire.model())
        case nil: throw .unknown("frame.kind")
        }
    }
}

extension WireMember {
    init(_ peer: PeerDescription) {
        self.init()
        server = peer.server.number
        name = peer.name.text
        address = peer.address
    }

    func model() throws(WireError) -> PeerDescription {
        guard address.utf8.count <= PoolLimits.addressBytes else { throw .outOfRange("member.address") }
        return PeerDescription(
            server: try WireField.server(server, "member.server"), name: try WireField.serverName(name, "member.name"), address: address)
    }
}
