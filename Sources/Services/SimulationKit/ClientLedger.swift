import AgentCore
import PoolModel

/// What the simulation does once a request is answered.
enum FollowUp: Hashable {
    case nothing
    case join(secret: UInt64)
    case startServer(number: UInt64)
}

/// What answers have brought about, done once the step that answered is over.
enum Consequence {
    case useToken(TokenID, secret: UInt64, member: ServerID)
    case joined(ServerID, number: UInt64)
}

/// A client's request that has no answer yet.
struct OpenRequest {
    let server: ServerID
    /// Nil for a read.
    let command: PoolCommand?
    let followUp: FollowUp
    /// For a read: the greatest index that had been acknowledged to anyone when it began.
    let leastIndex: LogIndex
}

/// Who asked for what, and what was answered.
struct ClientLedger {
    var open: [ClientRequestID: OpenRequest] = [:]
    var writeAnswers: [ClientRequestID: WriteAnswer] = [:]
    var readAnswers: [ClientRequestID: ReadAnswer] = [:]
    /// The greatest index that any client was told.
    var acknowledgedIndex = LogIndex.zero
    var later: [Consequence] = []
    var nextClient: UInt64 = 1
    var nextValue: UInt64 = 1
    /// Secrets, and with them servers' names, are numbered from 100.
    var nextSecret: UInt64 = 100

    /// The server's agent died: its clients hear nothing.
    mutating func abandon(_ server: ServerID) {
        for (client, request) in open where request.server == server { open[client] = nil }
    }
}
