import PoolModel
import RaftCore
import SwiftProtobuf

import struct Foundation.Data

extension WirePrincipal {
    init(_ principal: Principal) {
        self.init()
        switch principal {
        case .operator(let name, let credential):
            self.operator = .with {
                $0.name = name
                $0.credential = credential.number
            }
        case .server(let server): self.server = server.number
        case .joiner(let token): joiner = token.number
        case .master(let server): master = server.number
        }
    }

    func model() throws(WireError) -> Principal {
        switch kind {
        case .operator(let wire):
            guard NameRule.accepts(wire.name, longest: 64) else { throw .outOfRange("principal.operator.name") }
            return .operator(name: wire.name, credential: CredentialID(wire.credential))
        case .server(let server): return .server(try WireField.server(server, "principal.server"))
        case .joiner(let token): return .joiner(TokenID(token))
        case .master(let server): return .master(try WireField.server(server, "principal.master"))
        case nil: throw .unknown("principal.kind")
        }
    }
}

extension WireRequest {
    init(_ request: RequestIdentity) {
        self.init()
        member = request.member.number
        session = request.session.number
        sequence = request.sequence
        firstOutstanding = request.firstOutstanding
    }

    func model() throws(WireError) -> RequestIdentity {
        RequestIdentity(
            member: try WireField.server(member, "request.member"), session: SessionNumber(session), sequence: sequence,
            firstOutstanding: firstOutstanding)
    }
}

extension WirePoolEntry {
    init(_ entry: PoolEntry) {
        self.init()
        command = WireCommand(entry.command)
        principal = WirePrincipal(entry.principal)
        proposedAtMilliseconds = entry.proposedAt.milliseconds
        reason = entry.reason
        if let identity = entry.request { request = WireRequest(identity) }
        if let key = entry.idempotency {
            idempotency = .with {
                $0.key = WireUuid(key.key)
                $0.request = Data(key.request.bytes)
            }
        }
        if let index = entry.expected { expected = index.number }
    }

    func model() throws(WireError) -> PoolEntry {
        guard hasCommand else { throw .missing("entry.command") }
        guard reason.utf8.count <= 256 else { throw .outOfRange("entry.reason") }
        // Pool time in milliseconds stays far from overflow: the year 10000 is before 2^48.
        guard (0..<(1 << 48)).contains(proposedAtMilliseconds) else { throw .outOfRange("entry.proposed_at_milliseconds") }
        var key: IdempotencyKey?
        if hasIdempotency {
            key = IdempotencyKey(key: idempotency.key.model, request: try WireField.digest(idempotency.request, "idempotency.request"))
        }
        return PoolEntry(
            command: try command.model(), principal: try principal.model(), proposedAt: PoolTime(milliseconds: proposedAtMilliseconds),
            reason: reason, request: hasRequest ? try request.model() : nil, idempotency: key,
            expected: hasExpected ? LogIndex(expected) : nil)
    }
}

extension WireConfiguration {
    init(_ configuration: RaftConfiguration) {
        self.init()
        voters = configuration.voters.map(\.number)
        outgoingVoters = configuration.outgoingVoters.map(\.number)
        learners = configuration.learners.map(\.number)
    }

    func model() throws(WireError) -> RaftConfiguration {
        RaftConfiguration(
            voters: try WireField.servers(voters, "configuration.voters"),
            outgoingVoters: try WireField.servers(outgoingVoters, "configuration.outgoing_voters"),
            learners: try WireField.servers(learners, "configuration.learners"))
    }
}

extension WireEntry {
    init(_ entry: RaftEntry<PoolEntry>) {
        self.init()
        index = entry.index.number
        term = entry.term.number
        size = Int64(entry.size)
        switch entry.content {
        case .noOperation: noOperation = true
        case .configuration(let members): configuration = WireConfiguration(members)
        case .command(let entry): command = WirePoolEntry(entry)
        }
    }

    func model() throws(WireError) -> RaftEntry<PoolEntry> {
        let size = try WireField.amount(self.size, "entry.size")
        guard size <= 16 * 1024 * 1024 else { throw .outOfRange("entry.size") }
        let modelled: RaftEntryContent<PoolEntry>
        switch content {
        case .noOperation: modelled = .noOperation
        case .configuration(let wire): modelled = .configuration(try wire.model())
        case .command(let wire): modelled = .command(try wire.model())
        case nil: throw .unknown("entry.content")
        }
        return RaftEntry(index: LogIndex(index), term: Term(term), content: modelled, size: size)
    }
}
