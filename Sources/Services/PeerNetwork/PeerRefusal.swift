import PoolModel

/// Why this agent ended a connection; becomes one log line.
enum PeerRefusal: Error, Hashable, Sendable {
    case closing
    case tooManyStrangers
    case notIntroducedInTime
    case withoutIdentity
    case notAMember(ServerID)
    case anotherServer(expected: ServerID, found: ServerID)
    case anotherPool
    case replaced
    case frameTooLong(Int, limit: Int)
    case unreadableFrame(String)
    case introducedWrongly
    case tooManyConsoles
    case tooOld(UInt32, oldest: UInt32)

    var message: String {
        switch self {
        case .closing: "this agent is stopping"
        case .tooManyStrangers: "too many connections had not introduced themselves, and it was the oldest"
        case .notIntroducedInTime: "it did not introduce itself in time"
        case .withoutIdentity: "its certificate names no server of a pool"
        case .notAMember(let server): "server \(server) is not a current member of the pool"
        case .anotherServer(let expected, let found): "it is server \(found), and server \(expected) was expected there"
        case .anotherPool: "it belongs to another pool"
        case .replaced: "a newer connection took its place"
        case .frameTooLong(let length, let limit): "a frame claims \(length) bytes, and \(limit) is the most"
        case .unreadableFrame(let reason): reason
        case .introducedWrongly: "its introduction contradicts its certificate, or did not come first"
        case .tooManyConsoles: "it wanted a console more than this agent shows at a time"
        case .tooOld(let version, let oldest):
            "it speaks version \(version) of the agents' frames, and \(oldest) is the oldest spoken here; update the agent on that server"
        }
    }
}
