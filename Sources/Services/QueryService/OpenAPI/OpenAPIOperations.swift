import QueryModel

extension OpenAPIDocument {
    /// The operations of the query port. A test holds them against the routes, both ways.
    static let operations: [OpenAPIOperation] =
        openOperations + poolOperations + machineOperations + deviceOperations + tagOperations + ruleOperations + tokenOperations
        + observationOperations

    private static let openOperations = [
        open("GET", "/healthz", "health", "Whether the process answers."),
        open("GET", "/readyz", "readiness", "Whether this server knows a master and is up to date: 503 with the cause if not."),
        open("GET", "/openapi.json", "description", "This document.", media: "application/json"),
        OpenAPIOperation(
            method: "GET", path: "/metrics", identifier: "metrics",
            summary: "What there is to watch on this server, in Prometheus' text format; the pool's state as this server has it.",
            success: (200, nil), otherMedia: "text/plain"),
    ]

    private static func open(_ method: String, _ path: String, _ identifier: String, _ summary: String, media: String = "text/plain")
        -> OpenAPIOperation
    {
        OpenAPIOperation(
            method: method, path: path, identifier: identifier, summary: summary, success: (200, nil), otherMedia: media,
            needsCredential: false)
    }

    private static let poolOperations: [OpenAPIOperation] = [
        .read("/v1/master", "showMaster", "Master", "Who the Server Pool Master is."),
        .read("/v1/pool", "showPool", "Pool", "The pool as a whole."),
        .read("/v1/pool/settings", "showSettings", "PoolSettings", "The pool-wide settings."),
        .write(
            "PATCH", "/v1/pool/settings", "changeSettings",
            "Changes pool-wide settings: all that are named, or none. Who votes changes through joint consensus; what runs is left alone.",
            body: "ChangeSettings", success: (200, "PoolSettings"), problems: []),
        .read(
            "/v1/pool/state", "showPoolState", "PoolState",
            "The pool with its servers, virtual machines, rules and tags, now or at an index of its log. Its pages are all of one index.",
            query: [
                ("at", "the log index; without it, the present"),
                (
                    "limit",
                    "the most elements of the answer; absent means \(QueryLimits.stateElements). One ends after about 4 MiB as well"
                ), ("after", "what the answer before said as next: the elements that follow, of its index"),
            ], problems: [.notFound, .gone, .tooMany, .tooLarge, .internalError]),
        .read(
            "/v1/pool/diff", "showPoolDiff", "PoolDiff", "What changed between two indexes of the log, who did it, when and why.",
            query: [("from", "the earlier log index"), ("to", "the later one; without it, the present")],
            problems: [.notFound, .gone, .tooMany, .tooLarge, .internalError]),
        .list("/v1/servers", "listServers", "ServerList", "All servers."),
        .read("/v1/servers/{name}", "showServer", "Server", "One server.", problems: [.notFound]),
        .write("DELETE", "/v1/servers/{name}", "removeServer", "Takes a server out of the pool for good.", success: (200, "Done")),
        .write(
            "PUT", "/v1/servers/{name}/maintenance", "beginMaintenance", "Keeps new starts away.", success: (200, "Server"),
            problems: [.notFound]),
        .write(
            "DELETE", "/v1/servers/{name}/maintenance", "endMaintenance", "Takes new starts again.", success: (200, "Server"),
            problems: [.notFound]),
    ]

    private static let machineOperations: [OpenAPIOperation] = [
        .list(
            "/v1/vms", "listMachines", "MachineList", "All virtual machines, or those that are selected.",
            query: [
                ("name", "only names of this pattern: * stands for any characters, ? for one"),
                ("tag", "only those with this tag: KEY, or KEY=VALUE"), ("status", "only those in this status"),
                ("server", "only those on the server of this name"),
            ], problems: [.notFound]),
        .write(
            "POST", "/v1/vms", "createMachine", "Creates a virtual machine of a vm.cfg text.", body: "CreateMachine",
            success: (201, "MachineCreated"), problems: [.notFound, .conflict, .badConfiguration, .tooLarge]),
        .read("/v1/vms/{name}", "showMachine", "Machine", "One virtual machine.", problems: [.notFound]),
        change,
        .write("DELETE", "/v1/vms/{name}", "deleteMachine", "Deletes it; its images are left alone.", success: (200, "Done")),
        .write(
            "POST", "/v1/vms/{name}/start", "startMachine", "Starts it on the best of its preferred servers.", success: (202, "TaskBegun"),
            problems: [.notFound, .conflict, .noPlacement]),
        .write(
            "POST", "/v1/vms/{name}/stop", "stopMachine", "Stops it.",
            body: "StopMachine", isBodyOptional: true, success: (202, "TaskBegun")),
        .write(
            "POST", "/v1/vms/{name}/reboot", "rebootMachine", "Reboots it, on the server that it runs on.", body: "StopMachine",
            isBodyOptional: true, success: (202, "TaskBegun")),
        .write("POST", "/v1/vms/{name}/pause", "pauseMachine", "Lets its virtual CPUs stand still.", success: (202, "TaskBegun")),
        .write("POST", "/v1/vms/{name}/unpause", "unpauseMachine", "Lets a paused one go on.", success: (202, "TaskBegun")),
        .write("POST", "/v1/vms/{name}/suspend", "suspendMachine", "Writes its memory to an image.", success: (202, "TaskBegun")),
        .write(
            "POST", "/v1/vms/{name}/resume", "resumeMachine", "Lets a suspended one go on from its image.", success: (202, "TaskBegun"),
            problems: [.notFound, .conflict, .noPlacement]),
        .write(
            "POST", "/v1/vms/{name}/migrate", "migrateMachine", "Moves a running one to another server.", body: "MigrateMachine",
            isBodyOptional: true, success: (202, "TaskBegun"), problems: [.notFound, .conflict, .noPlacement]),
        .read(
            "/v1/vms/{name}/migration", "checkMigration", "MigrationCheck", "Whether it could move, where to, and what hinders it.",
            query: [("server", "the name of the only server that is asked about")], problems: [.notFound, .conflict]),
        .write("POST", "/v1/vms/{name}/reset-status", "resetMachineStatus", "Forgets an error.", success: (200, "Machine")),
        console("/v1/vms/{name}/console", "openConsole", "Its text console, as a WebSocket.", (101, nil), nil),
        console("/v1/vms/{name}/display", "openDisplay", "Its display by VNC (RFC 6143), as a WebSocket.", (101, nil), nil),
        console(
            "/v1/vms/{name}/console/log", "showConsoleLog", "What its text console has printed.", (200, nil), "text/plain; charset=utf-8"),
        .read(
            "/v1/vms/{name}/explain", "explainMachine", "Explanation", "Where a start would place it, and why.",
            query: [
                ("memoryMiB", "as if it needed so much"), ("virtualCPUs", "as if it needed so many"),
                ("without", "names of servers, by commas, as if they were gone"),
            ],
            problems: [.notFound]),
    ]

    private static let deviceOperations: [OpenAPIOperation] = [
        device("POST", "/v1/vms/{name}/disks", "attachDisk", "Attaches a disk.", body: "AttachDisk"),
        device("DELETE", "/v1/vms/{name}/disks/{device}", "detachDisk", "Detaches a disk; its file is left alone."),
        device(
            "PUT", "/v1/vms/{name}/cds/{device}", "insertMedium", "Puts a medium into a CD drive, in place of another.",
            body: "InsertMedium"),
        device("DELETE", "/v1/vms/{name}/cds/{device}", "ejectMedium", "Leaves a CD drive empty."),
        device("POST", "/v1/vms/{name}/interfaces", "attachInterface", "Attaches a network interface.", body: "AttachInterface"),
        device("DELETE", "/v1/vms/{name}/interfaces/{interface}", "detachInterface", "Detaches a network interface."),
    ]

    private static func device(
        _ method: String, _ path: String, _ identifier: String, _ summary: String, body: String? = nil
    ) -> OpenAPIOperation {
        var operation = OpenAPIOperation.write(
            method, path, identifier, "\(summary) Where it runs that is a task: 202, with the task's place as Location.", body: body,
            success: (200, "Machine"),
            problems: [.notFound, .conflict, .badConfiguration] + (body == nil ? [] : [.noPlacement]))
        operation.mayBeginTask = true
        if method == "DELETE", identifier != "ejectMedium" {
            operation.query = [("force", "true takes it from a guest that does not release it")]
        }
        return operation
    }

    private static func console(
        _ path: String, _ identifier: String, _ summary: String, _ success: (Int, String?), _ media: String?
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: "GET", path: path, identifier: identifier, summary: summary, success: success, otherMedia: media,
            problems: [.notFound, .conflict, .forbidden, .consoleUnreachable, .outcomeUnknown]
                + (success.0 == 101 ? [.upgradeRequired] : []))
    }

    private static var change: OpenAPIOperation {
        var change = OpenAPIOperation.write(
            "PATCH", "/v1/vms/{name}", "changeMachine",
            "Changes what it needs or prefers. Where it runs, a change of its size is a task: 202, with the task's place as Location.",
            body: "ChangeMachine", success: (200, "Machine"), problems: [.notFound, .conflict, .noPlacement])
        change.mayBeginTask = true
        return change
    }

    private static let tagOperations: [OpenAPIOperation] = [
        .list(
            "/v1/vms/{name}/tags", "listTags", "TagList", "Its tags.", query: [("prefix", "only keys that begin so")], problems: [.notFound]
        ),
        .read("/v1/vms/{name}/tags/{key}", "showTag", "Tag", "One tag; the key may hold slashes.", problems: [.notFound]),
        .write(
            "PUT", "/v1/vms/{name}/tags/{key}", "putTag", "Sets a tag; the key may hold slashes.", body: "string", success: (200, "Tag"),
            problems: [.notFound, .tooLarge]),
        .write(
            "DELETE", "/v1/vms/{name}/tags/{key}", "deleteTag", "Deletes a tag; the key may hold slashes.", success: (200, "Done"),
            problems: [.notFound]),
    ]

    private static let ruleOperations: [OpenAPIOperation] = [
        .list("/v1/rules", "listRules", "RuleList", "All rules between virtual machines, with where they are broken."),
        .write(
            "POST", "/v1/rules", "createRule", "Creates a rule; what runs is not moved.", body: "CreateRule", success: (201, "Rule"),
            problems: [.notFound, .conflict, .tooLarge]),
        .read("/v1/rules/{name}", "showRule", "Rule", "One rule, by its name or its id, with its members.", problems: [.notFound]),
        .write(
            "PATCH", "/v1/rules/{name}", "changeRule",
            "Changes a rule's strength and members from the next start on; what runs is not moved.",
            body: "ChangeRule", success: (200, "Rule")),
        .write(
            "DELETE", "/v1/rules/{name}", "deleteRule", "Deletes a rule, by its name or its id.", success: (200, "Done"),
            problems: [.notFound]),
        explain,
    ]

    private static var explain: OpenAPIOperation {
        var explain = OpenAPIOperation.read(
            "/v1/explain", "explainConfiguration", "Explanation",
            "Where a start would place a virtual machine that does not exist yet. Nothing is created.",
            problems: [.notFound, .badConfiguration, .tooLarge])
        explain.method = "POST"
        explain.body = "Explain"
        return explain
    }

    private static let tokenOperations: [OpenAPIOperation] = [
        .list("/v1/tokens", "listTokens", "TokenList", "All join tokens, without their secrets."),
        .write(
            "POST", "/v1/tokens", "createToken", "Creates a join token; its text is shown this once.", body: "CreateToken",
            isBodyOptional: true, success: (201, "TokenCreated"), problems: [.conflict]),
        .read("/v1/tokens/{id}", "showToken", "Token", "One join token, without its secret.", problems: [.notFound]),
        .write("DELETE", "/v1/tokens/{id}", "revokeToken", "Withdraws a join token.", success: (200, "Done"), problems: [.notFound]),
        join,
    ]

    private static var join: OpenAPIOperation {
        var join = OpenAPIOperation.write(
            "POST", "/v1/join", "join", "Makes a server a member. With dryRun everything is checked and the answer is JoinChecked.",
            body: "JoinRequest", success: (200, "JoinAnswer"),
            problems: [.notFound, .conflict, .wrongPool, .tokenRefused, .clockDifference, .tooLarge])
        join.needsCredential = false
        join.query = [("dryRun", "true checks and writes nothing")]
        return join
    }

    private static let observationOperations: [OpenAPIOperation] = [
        .read(
            "/v1/events", "listEvents", "EventList",
            "Events after an index. With Accept: text/event-stream a stream that goes on, resumed by Last-Event-ID or since.",
            query: [
                ("since", "the log index to go on from"),
                ("limit", "the most events of the answer, the oldest first; not for a stream"),
                ("last", "only the newest so many, the oldest of them first; not for a stream"),
                ("object", "only what happened to it: vm/web01, or vm/ for all of a kind, or web01 for all of a name"),
                ("principal", "only what it did: operator/admin, or server/ for all of a kind, or admin for all of a name"),
                ("kind", "only these words, by commas: vm-placed,vm-stopping"), ("from", "only from this time on (RFC 3339)"),
                ("to", "only before this time (RFC 3339); not for a stream"),
            ], problems: [.gone]
        ).streaming("text/event-stream"),
        .list("/v1/tasks", "listTasks", "TaskList", "The newest 1,000 tasks."),
        .read("/v1/tasks/{id}", "showTask", "Task", "One task.", problems: [.notFound]),
        .write("DELETE", "/v1/tasks/{id}", "cancelTask", "Cancels a task that has not ended.", success: (200, "Task")),
    ]
}
