import AgentCore
import AgentPorts
import Placement
import PoolModel
import PoolStateMachine
import QueryModel

/// The problems that the OpenAPI document shows: made by the calls that make them of a request that goes wrong. What the state machine
/// says is repeated here; a test provokes it and compares.
enum OpenAPIProblems {
    /// What an operation says where it goes wrong in this way.
    static func example(of kind: ProblemKind, of operation: OpenAPIOperation) -> QueryRefusal {
        switch kind {
        case .badRequest: badRequest(operation)
        case .badConfiguration:
            caught { () throws(QueryRefusal) in
                try MachineReading(CreateMachineRequest(configuration: "name = \"web02\"\nmemory = \"much\"\n"))
            }
        case .unauthenticated: caught { () throws(QueryRefusal) in try PoolState().caller(showing: .nothing) }
        case .forbidden: QueryRefusal(forbidden)
        case .notFound: notFound(operation)
        case .conflict: conflict(operation)
        case .noPlacement: rooms[operation.identifier].map { QueryRefusal($0) } ?? noPlacement
        case .preconditionFailed: QueryRefusal(preconditionFailed)
        case .keyReused: QueryRefusal(keyReused)
        case .gone: gone(operation)
        case .tooLarge: tooLarge(operation)
        case .tooSlow: .bodyTooSlow
        case .unsupportedMediaType: .notJSON("application/x-www-form-urlencoded")
        case .tooMany:
            QueryService.tooMany("You ask more than \(QueryLimits.requestsPerSecond) times a second.", wait: .milliseconds(20))
        case .tokenRefused: QueryService.unknownToken(TokenID(12))
        case .clockDifference: QueryService.wrongClock(-93_000)
        case .wrongPool: .wrongPool(UniqueIdentifier(high: 1, low: 2), asked: "demo", UniqueIdentifier(high: 3, low: 4))
        case .noMaster:
            operation.identifier == "readiness"
                ? QueryService.notReady("it knows no Server Pool Master") : QueryService.noMaster("no master was found within 5 s.")
        case .outcomeUnknown: QueryService.outcomeUnknown("no answer came within 10 s.")
        case .upgradeRequired: WebSocketOpening.upgradeRequired(operation.path.replacing("{name}", with: "web01"))
        case .consoleUnreachable:
            QueryRefusal(.lost(cause: "Server beta, which runs the virtual machine, cannot be reached: it did not answer in time."))
        case .internalError: QueryRefusal(.internalError, cause: "The pool began no task.", cure: "Look at GET /v1/tasks.")
        // No operation documents it: it is asked by its own method.
        case .methodNotAllowed: RouteTable.wrongMethod("TRACE", operation.path, allowed: [operation.method])
        }
    }

    // MARK: What the query port says

    private static func badRequest(_ operation: OpenAPIOperation) -> QueryRefusal {
        if operation.query.contains(where: { $0.name == "consistency" }) {
            return .badValue("consistency", "fresh", expected: "linearizable or stale")
        }
        guard operation.isWrite else {
            return RouteTable.unknownName("verbose", operation.method, operation.path, known: operation.query.map(\.name))
        }
        return .badValue(QueryHeader.idempotencyKey, "again", expected: "a UUID in the 8-4-4-4-12 form")
    }

    private static func notFound(_ operation: OpenAPIOperation) -> QueryRefusal {
        if let absence = absences[operation.identifier] { return QueryRefusal(absence) }
        return switch operation.path.split(separator: "/").dropFirst().first {
        case "servers", "explain": .notFound("server", "aplha", among: ["alpha"], list: "GET /v1/servers")
        case "rules": .notFound("rule", "spread-wbe", among: ["spread-web"], list: "GET /v1/rules")
        case "tokens": .notFound("join token", "12", list: "GET /v1/tokens")
        case "tasks": .notFound("task", "12", list: "GET /v1/tasks")
        case "pool": QueryService.beyondLog(LogIndex(9_000), LogIndex(117))
        default: .notFound("virtual machine", "web1", among: ["web01"], list: "GET /v1/vms")
        }
    }

    private static func gone(_ operation: OpenAPIOperation) -> QueryRefusal {
        if operation.isWrite { return QueryService.deletedSince(LogIndex(117)) }
        guard operation.path == "/v1/events" else { return QueryService.refusal(of: .notKept(first: LogIndex(90)), asking: LogIndex(7)) }
        return EventListDocument.gone(LogIndex(7), firstKept: LogIndex(90))
    }

    private static func tooLarge(_ operation: OpenAPIOperation) -> QueryRefusal {
        operation.body == nil
            ? QueryRefusal.pathTooLong : .bodyTooLarge(operation.identifier == "join" ? QueryLimits.joinBodyBytes : QueryLimits.bodyBytes)
    }

    private static func caught<Value>(_ body: () throws(QueryRefusal) -> Value) -> QueryRefusal {
        do throws(QueryRefusal) {
            _ = try body()
            preconditionFailure("an example of a mistake is none")
        } catch {
            return error
        }
    }

    // MARK: What the state machine says

    private static let forbidden = PoolRefusal(.notAllowed, "operator vera may not do this. Ask with a credential whose role allows it.")
    private static let preconditionFailed = PoolRefusal(
        .changedMeanwhile, "What was to be changed is of index 117 and not of index 93. Read it again, then decide anew.")
    private static let keyReused = PoolRefusal(
        .idempotencyKeyReused, "This Idempotency-Key was used for another request. Take a new UUID for each new request.")
    /// What a server lacks that runs the machine, by operation.
    private static let rooms: [String: PoolRefusal] = [
        "changeMachine": PoolRefusal(
            .noServerFits,
            "Server beta has no room for that: 9216 MiB of 8192 MiB and 2 of 16 virtual CPUs would be taken. Ask for less, or free room there."
        ),
        "attachDisk": unseen("Disk xvdb", "has no storage root that holds /dev/vg/data"),
        "insertMedium": unseen("Drive hdc", "has no storage root that holds /iso/debian.iso"),
        "attachInterface": unseen("Interface 00:16:3e:2a:4c:8d", "has no bridge xenbr7"),
    ]

    private static func unseen(_ subject: String, _ reason: String) -> PoolRefusal {
        PoolRefusal(
            .noServerFits,
            """
            \(subject) cannot be given to virtual machine web01: server beta \(reason). \
            Give one that the server has, or stop the machine and let it start on another one.
            """)
    }

    private static var noPlacement: QueryRefusal {
        let needed = Mebibytes(10_240)
        let reasons = [("alpha", 4_096), ("beta", 8_192)].map { name, free in
            (name, PlacementRefusal.notEnoughMemory(needed: needed, free: Mebibytes(free)))
        }
        let sentence = reasons.map { "\($0) \($1.message)" }.joined(separator: "; ")
        var refusal = QueryRefusal(
            PoolRefusal(
                .noServerFits,
                "No server can take virtual machine web01: \(sentence). Free room, or change what it needs or prefers, or its rules."))
        refusal.problem.servers = reasons.map { ServerExplanationDocument(server: $0, refusal: $1) }
        return refusal
    }

    private static func conflict(_ operation: OpenAPIOperation) -> QueryRefusal {
        switch operation.identifier {
        case "createToken": TokenCreatedDocument.createdBefore(TokenID(12))
        case "openConsole", "openDisplay", "showConsoleLog": QueryService.withoutConsole("web01", MachineStatus.poweredOff.rawValue)
        default: QueryRefusal(conflicts[operation.identifier] ?? whilePoweredOff("stopped"))
        }
    }

    /// By operation.
    private static let conflicts: [String: PoolRefusal] = [
        "createMachine": PoolRefusal(.machineNameTaken, "There is a virtual machine named web01. Choose another name."),
        "changeMachine": whileStarting("resized"), "deleteMachine": whileStarting("deleted"), "startMachine": whileStarting("started"),
        "resetMachineStatus": whileStarting("reset"), "stopMachine": whilePoweredOff("stopped"),
        "rebootMachine": whilePoweredOff("rebooted"), "pauseMachine": whilePoweredOff("paused"),
        "unpauseMachine": whilePoweredOff("unpaused"), "suspendMachine": whilePoweredOff("suspended"),
        "resumeMachine": whilePoweredOff("resumed"), "migrateMachine": whilePoweredOff("migrated"),
        "checkMigration": PoolRefusal(
            .machineStateForbids, "Virtual machine web01 runs nowhere: it is PoweredOff. Start it where it is wanted."),
        "attachDisk": whileStarting("given other devices"), "detachDisk": whileStarting("given other devices"),
        "insertMedium": whileStarting("given other devices"), "ejectMedium": whileStarting("given other devices"),
        "attachInterface": whileStarting("given other devices"), "detachInterface": whileStarting("given other devices"),
        "cancelTask": PoolRefusal(.taskNotCancellable, "Task 12 has ended: it is cancelled. Nothing needs to be done."),
        "createRule": PoolRefusal(.ruleNameTaken, "There is a rule named spread-web. Choose another name."),
        "removeServer": PoolRefusal(.serverInUse, "Server beta holds 1 virtual machines (web01). Stop them first."),
        "join": PoolRefusal(
            .serverNameTaken, "The pool has a server named alpha. Join under another name, or remove the old server first."),
    ]

    /// By operation.
    private static let absences: [String: PoolRefusal] = [
        "createRule": PoolRefusal(
            .machineNotFound, "There is no virtual machine web09. Create it first, or select machines by a tag."),
        "revokeToken": PoolRefusal(.tokenNotFound, "There is no join token 12. List the tokens to see their numbers."),
        "cancelTask": PoolRefusal(
            .taskNotFound, "There is no task 12. List the tasks; only the newest \(PoolLimits.tasks) are kept."),
        "join": PoolRefusal(
            .tokenNotFound, "The pool does not know this join token. Create a new one with `ovm pool token create`."),
    ]

    private static func whileStarting(_ participle: String) -> PoolRefusal {
        PoolRefusal(
            .machineStateForbids,
            "Virtual machine web01 cannot be \(participle): it is Initializing on server beta. In that state it can be stopped.")
    }

    private static func whilePoweredOff(_ participle: String) -> PoolRefusal {
        PoolRefusal(
            .machineStateForbids,
            """
            Virtual machine web01 cannot be \(participle): it is PoweredOff. \
            In that state it can be started, resized, given other devices, deleted or reset.
            """)
    }
}
