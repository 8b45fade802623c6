extension QueryService {
    /// Every operation of the query port. The OpenAPI document is held against this table by a test.
    static let routes: [Route] =
        healthRoutes + poolRoutes + serverRoutes + machineRoutes + deviceRoutes + tagRoutes + ruleRoutes + tokenRoutes + observationRoutes

    private static let read = ["consistency"]
    private static let list = read + ["limit", "after"]

    private static let healthRoutes = [
        Route("GET", "/healthz", "health", access: .everyone) { service, _ in service.health() },
        Route("GET", "/readyz", "readiness", access: .everyone) { service, _ throws(QueryRefusal) in try await service.readiness() },
        Route("GET", "/openapi.json", "description", access: .everyone) { service, request throws(QueryRefusal) in
            // A long text that anyone may ask for: who asks again and again without reading would cost others their time.
            try await service.admitStranger(request, costing: QueryLimits.descriptionCost)
            return service.description()
        },
        Route("GET", "/metrics", "metrics") { service, _ in await service.showMetrics() },
    ]

    private static let poolRoutes = [
        Route("GET", "/v1/master", "showMaster", query: read) { service, request throws(QueryRefusal) in
            try await service.showMaster(request)
        },
        Route("GET", "/v1/pool", "showPool", query: read) { service, request throws(QueryRefusal) in try await service.showPool(request) },
        Route("GET", "/v1/pool/settings", "showSettings", query: read) { service, request throws(QueryRefusal) in
            try await service.showSettings(request)
        },
        Route("PATCH", "/v1/pool/settings", "changeSettings") { service, request throws(QueryRefusal) in
            try await service.changeSettings(request)
        },
        Route("GET", "/v1/pool/state", "showPoolState", query: list + ["at"]) { service, request throws(QueryRefusal) in
            try await service.showPoolState(request)
        },
        Route("GET", "/v1/pool/diff", "showPoolDiff", query: read + ["from", "to"]) { service, request throws(QueryRefusal) in
            try await service.showPoolDiff(request)
        },
    ]

    private static let serverRoutes = [
        Route("GET", "/v1/servers", "listServers", query: list) { service, request throws(QueryRefusal) in
            try await service.listServers(request)
        },
        Route("GET", "/v1/servers/{name}", "showServer", query: read) { service, request throws(QueryRefusal) in
            try await service.showServer(request)
        },
        Route("DELETE", "/v1/servers/{name}", "removeServer") { service, request throws(QueryRefusal) in
            try await service.removeServer(request)
        },
        Route("PUT", "/v1/servers/{name}/maintenance", "beginMaintenance") { service, request throws(QueryRefusal) in
            try await service.changeMaintenance(request, isOn: true)
        },
        Route("DELETE", "/v1/servers/{name}/maintenance", "endMaintenance") { service, request throws(QueryRefusal) in
            try await service.changeMaintenance(request, isOn: false)
        },
    ]

    private static let machineRoutes = [
        Route("GET", "/v1/vms", "listMachines", query: list + ["name", "tag", "status", "server"]) {
            service, request throws(QueryRefusal) in
            try await service.listMachines(request)
        },
        Route("POST", "/v1/vms", "createMachine") { service, request throws(QueryRefusal) in try await service.createMachine(request) },
        Route("GET", "/v1/vms/{name}", "showMachine", query: read) { service, request throws(QueryRefusal) in
            try await service.showMachine(request)
        },
        Route("PATCH", "/v1/vms/{name}", "changeMachine") { service, request throws(QueryRefusal) in
            try await service.changeMachine(request)
        },
        Route("DELETE", "/v1/vms/{name}", "deleteMachine") { service, request throws(QueryRefusal) in
            try await service.deleteMachine(request)
        },
        Route("POST", "/v1/vms/{name}/start", "startMachine") { service, request throws(QueryRefusal) in
            try await service.startMachine(request)
        },
        Route("POST", "/v1/vms/{name}/stop", "stopMachine") { service, request throws(QueryRefusal) in
            try await service.stopMachine(request)
        },
        Route("POST", "/v1/vms/{name}/reboot", "rebootMachine") { service, request throws(QueryRefusal) in
            try await service.rebootMachine(request)
        },
        Route("POST", "/v1/vms/{name}/pause", "pauseMachine") { service, request throws(QueryRefusal) in
            try await service.pauseMachine(request)
        },
        Route("POST", "/v1/vms/{name}/unpause", "unpauseMachine") { service, request throws(QueryRefusal) in
            try await service.unpauseMachine(request)
        },
        Route("POST", "/v1/vms/{name}/suspend", "suspendMachine") { service, request throws(QueryRefusal) in
            try await service.suspendMachine(request)
        },
        Route("POST", "/v1/vms/{name}/resume", "resumeMachine") { service, request throws(QueryRefusal) in
            try await service.resumeMachine(request)
        },
        Route("POST", "/v1/vms/{name}/migrate", "migrateMachine") { service, request throws(QueryRefusal) in
            try await service.migrateMachine(request)
        },
        Route("GET", "/v1/vms/{name}/migration", "checkMigration", query: read + ["server"]) { service, request throws(QueryRefusal) in
            try await service.checkMigration(request)
        },
        Route("POST", "/v1/vms/{name}/reset-status", "resetMachineStatus") { service, request throws(QueryRefusal) in
            try await service.resetMachineStatus(request)
        },
        Route("GET", "/v1/vms/{name}/console", "openConsole") { service, request throws(QueryRefusal) in
            try await service.openConsole(request)
        },
        Route("GET", "/v1/vms/{name}/display", "openDisplay") { service, request throws(QueryRefusal) in
            try await service.openDisplay(request)
        },
        Route("GET", "/v1/vms/{name}/console/log", "showConsoleLog") { service, request throws(QueryRefusal) in
            try await service.showConsoleLog(request)
        },
        Route("GET", "/v1/vms/{name}/explain", "explainMachine", query: read + ["memoryMiB", "virtualCPUs", "without"]) {
            service, request throws(QueryRefusal) in try await service.explainMachine(request)
        },
    ]

    private static let deviceRoutes = [
        Route("POST", "/v1/vms/{name}/disks", "attachDisk") { service, request throws(QueryRefusal) in
            try await service.attachDisk(request)
        },
        Route("DELETE", "/v1/vms/{name}/disks/{device}", "detachDisk", query: ["force"]) { service, request throws(QueryRefusal) in
            try await service.detachDisk(request)
        },
        Route("PUT", "/v1/vms/{name}/cds/{device}", "insertMedium") { service, request throws(QueryRefusal) in
            try await service.insertMedium(request)
        },
        Route("DELETE", "/v1/vms/{name}/cds/{device}", "ejectMedium") { service, request throws(QueryRefusal) in
            try await service.ejectMedium(request)
        },
        Route("POST", "/v1/vms/{name}/interfaces", "attachInterface") { service, request throws(QueryRefusal) in
            try await service.attachInterface(request)
        },
        Route("DELETE", "/v1/vms/{name}/interfaces/{interface}", "detachInterface", query: ["force"]) {
            service, request throws(QueryRefusal) in try await service.detachInterface(request)
        },
    ]

    private static let ruleRoutes = [
        Route("GET", "/v1/rules", "listRules", query: list) { service, request throws(QueryRefusal) in
            try await service.listRules(request)
        },
        Route("POST", "/v1/rules", "createRule") { service, request throws(QueryRefusal) in try await service.createRule(request) },
        Route("GET", "/v1/rules/{name}", "showRule", query: read) { service, request throws(QueryRefusal) in
            try await service.showRule(request)
        },
        Route("PATCH", "/v1/rules/{name}", "changeRule") { service, request throws(QueryRefusal) in try await service.changeRule(request) },
        Route("DELETE", "/v1/rules/{name}", "deleteRule") { service, request throws(QueryRefusal) in try await service.deleteRule(request)
        },
        Route("POST", "/v1/explain", "explainConfiguration", query: read) { service, request throws(QueryRefusal) in
            try await service.explainConfiguration(request)
        },
    ]

    private static let tagRoutes = [
        Route("GET", "/v1/vms/{name}/tags", "listTags", query: list + ["prefix"]) { service, request throws(QueryRefusal) in
            try await service.listTags(request)
        },
        Route("GET", "/v1/vms/{name}/tags/{key...}", "showTag", query: read) { service, request throws(QueryRefusal) in
            try await service.showTag(request)
        },
        Route("PUT", "/v1/vms/{name}/tags/{key...}", "putTag") { service, request throws(QueryRefusal) in
            try await service.putTag(request)
        },
        Route("DELETE", "/v1/vms/{name}/tags/{key...}", "deleteTag") { service, request throws(QueryRefusal) in
            try await service.deleteTag(request)
        },
    ]

    private static let tokenRoutes = [
        Route("GET", "/v1/tokens", "listTokens", query: list) { service, request throws(QueryRefusal) in
            try await service.listTokens(request)
        },
        Route("POST", "/v1/tokens", "createToken") { service, request throws(QueryRefusal) in try await service.createToken(request) },
        Route("GET", "/v1/tokens/{id}", "showToken", query: read) { service, request throws(QueryRefusal) in
            try await service.showToken(request)
        },
        Route("DELETE", "/v1/tokens/{id}", "revokeToken") { service, request throws(QueryRefusal) in
            try await service.revokeToken(request)
        },
        Route("POST", "/v1/join", "join", access: .everyone, query: ["dryRun"]) { service, request throws(QueryRefusal) in
            try await service.join(request)
        },
    ]

    private static let observationRoutes = [
        Route("GET", "/v1/events", "listEvents", query: read + ["since", "limit", "last"] + EventFilter.names) {
            service, request throws(QueryRefusal) in
            try await service.listEvents(request)
        },
        Route("GET", "/v1/tasks", "listTasks", query: list) { service, request throws(QueryRefusal) in try await service.listTasks(request)
        },
        Route("GET", "/v1/tasks/{id}", "showTask", query: read) { service, request throws(QueryRefusal) in
            try await service.showTask(request)
        },
        Route("DELETE", "/v1/tasks/{id}", "cancelTask") { service, request throws(QueryRefusal) in try await service.cancelTask(request) },
    ]
}
