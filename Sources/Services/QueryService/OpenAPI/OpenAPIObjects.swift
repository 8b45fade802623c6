import PoolModel
import PoolStateMachine

extension OpenAPIDocument {
    /// The objects of the query port. A test holds them against the documents of QueryModel.
    static let objects: [OpenAPIObject] =
        poolObjects + serverObjects + machineObjects + ruleObjects + joinObjects + otherObjects + historyObjects

    private typealias Property = OpenAPIProperty

    /// What a list says where more follow.
    private static let next = Property.optional("next", .text)

    private static let poolObjects = [
        OpenAPIObject(
            "Answer", "What the answer reflects.", [.optional("master", .text), Property("term", .integer), Property("index", .integer)]),
        OpenAPIObject(
            "Problem", "Why a request was not carried out (RFC 9457).",
            [
                Property("type", .form(.problemType)), Property("title", .text), Property("status", .integer),
                Property("detail", .text), Property("cure", .text), .optional("refusal", .form(.poolRefusal)), .optional("line", .integer),
                .optional("column", .integer), .optional("firstIndex", .integer),
                .optional("servers", .list(.named("ServerExplanation"))), .optional("answer", .named("Answer")),
            ]),
        OpenAPIObject("Done", "The request was carried out.", []),
        OpenAPIObject(
            "ServerReference", "A server and where to ask it.",
            [Property("id", .integer), Property("name", .text), Property("queryAddress", .text)]),
        OpenAPIObject(
            "Master", "Who the Server Pool Master is.",
            [
                .optional("master", .named("ServerReference")), Property("term", .integer),
                Property("answeredBy", .named("ServerReference")), Property("isMaster", .boolean),
            ]),
        OpenAPIObject(
            "Resources", "An amount of resources.",
            [Property("memoryMiB", .integer), Property("virtualCPUs", .integer), Property("networkKbps", .integer)]),
        OpenAPIObject(
            "PoolSettings",
            "Pool-wide settings: virtual CPUs for each physical one, the most servers that vote, and how long a voter is silent before a "
                + "caught-up server votes in its place. changedAt is the log index of their last change, 0 before the first.",
            [
                Property("overcommitRatio", .whole(PoolLimits.overcommitRatio)), Property("voterLimit", .oneOf(PoolLimits.voterLimits)),
                Property("voterReplacementSeconds", .whole(PoolLimits.voterReplacementSeconds)), Property("changedAt", .integer),
            ]),
        OpenAPIObject(
            "ChangeSettings", "A change of pool-wide settings; what is absent stays.",
            [
                .optional("overcommitRatio", .whole(PoolLimits.overcommitRatio)),
                .optional("voterLimit", .oneOf(PoolLimits.voterLimits)),
                .optional("voterReplacementSeconds", .whole(PoolLimits.voterReplacementSeconds)),
            ]),
        OpenAPIObject(
            "ServerCounts", "How many servers there are.",
            [Property("total", .integer), Property("reachable", .integer), Property("inMaintenance", .integer)]),
        OpenAPIObject(
            "MachineCounts", "How many virtual machines there are.",
            [Property("total", .integer), Property("byStatus", .counts(.machineStatus))]),
        OpenAPIObject(
            "Pool", "The pool as a whole.",
            [
                Property("id", .text), Property("name", .text), Property("authority", .text), Property("formatVersion", .integer),
                Property("time", .time),
                Property("settings", .named("PoolSettings")), Property("servers", .named("ServerCounts")),
                Property("machines", .named("MachineCounts")),
                Property("capacity", .named("Resources")), Property("free", .named("Resources")),
            ]),
    ]

    private static let serverObjects = [
        OpenAPIObject(
            "Session", "One run of a server's agent.",
            [Property("number", .integer), Property("boot", .text), Property("agentVersion", .text), Property("isOpen", .boolean)]),
        OpenAPIObject("Card", "A network interface card.", [Property("name", .text), Property("speedKbps", .integer)]),
        OpenAPIObject("Bridge", "A bridge and the cards behind it.", [Property("name", .text), Property("cards", .list(.text))]),
        OpenAPIObject(
            "StorageRoot", "A directory of images.",
            [Property("path", .text), Property("isShared", .boolean), Property("capacityMiB", .integer)]),
        OpenAPIObject(
            "ServerFacts", "What a server has to offer.",
            [
                Property("totalMemoryMiB", .integer), Property("reservedMemoryMiB", .integer), Property("processors", .integer),
                Property("cards", .list(.named("Card"))), Property("bridges", .list(.named("Bridge"))),
                Property("storageRoots", .list(.named("StorageRoot"))), Property("domainTypes", .list(.form(.domainType))),
                Property("hypervisor", .text), .optional("processor", .named("Processor")),
            ]),
        processor,
        OpenAPIObject(
            "ProcessorGap",
            "Another server that virtual machines started on this one could not move to live: the features that its CPUs lack, and who "
                + "made them, where that is somebody else.",
            [Property("server", .text), Property("features", .list(.text)), .optional("vendor", .text)]),
        OpenAPIObject(
            "Server", "One Oracle VM Server.",
            [
                Property("id", .integer), Property("name", .text), Property("roles", .list(.form(.role))),
                Property("status", .form(.serverStatus)), Property("isMaster", .boolean),
                Property("isReachable", .boolean), Property("inMaintenance", .boolean), Property("peerAddress", .text),
                Property("queryAddress", .text),
                .optional("session", .named("Session")), .optional("facts", .named("ServerFacts")),
                Property("capacity", .named("Resources")),
                Property("free", .named("Resources")), .optional("overcommittedMiB", .integer), Property("machineCount", .integer),
                Property("joinedAt", .time), .optional("hardware", .text),
                .optional("machines", .list(.named("PlacedMachine"))), .optional("strays", .list(.named("Stray"))),
                .optional("processorGaps", .list(.named("ProcessorGap"))),
            ]),
        OpenAPIObject(
            "Stray", "A domain of a virtual machine of the pool that the pool did not ask for there.",
            [Property("machine", .text), Property("domain", .integer)]),
        OpenAPIObject(
            "PlacedMachine", "A virtual machine on the server that holds it; the obstacle says why no other could run it now.",
            [Property("name", .text), Property("status", .form(.machineStatus)), .optional("obstacle", .text)]),
        OpenAPIObject("ServerList", "All servers, by name.", [Property("servers", .list(.named("Server"))), next]),
    ]

    private static let processor = OpenAPIObject(
        "Processor",
        "The CPUs of a server: features are the words of Xen's feature set (hw_caps of xl info), liveDomainTypes the types of domain that "
            + "can leave the server running.",
        [
            Property("vendor", .form(.processorVendor)), Property("model", .form(.processorModel)),
            Property("sockets", .whole(ProcessorFacts.counts)), Property("coresPerSocket", .whole(ProcessorFacts.counts)),
            Property("threadsPerCore", .whole(ProcessorFacts.counts)), Property("numaNodes", .whole(ProcessorFacts.counts)),
            Property("features", .form(.processorFeatures)),
            Property("liveDomainTypes", .items(.form(.domainType), 0...DomainType.allCases.count)),
        ])

    private static let preferredServers = OpenAPISchema.items(.form(.serverName), 0...PoolLimits.servers)

    private static let changedRules = OpenAPISchema.items(.form(.ruleName), 0...PoolLimits.rulesPerChange)

    private static let machineObjects = [
        OpenAPIObject("Interface", "A virtual network interface's needs.", [Property("bridge", .text), Property("rateKbps", .integer)]),
        OpenAPIObject(
            "Requirements", "What a virtual machine needs of a server.",
            [
                Property("domainType", .form(.domainType)), Property("memoryMiB", .integer), Property("virtualCPUs", .integer),
                Property("interfaces", .list(.named("Interface"))), Property("diskPaths", .list(.text)), Property("newImageMiB", .integer),
                Property("maximumMemoryMiB", .integer), Property("maximumVirtualCPUs", .integer),
                Property("onPowerOff", .form(.onPowerOff)),
                Property("onReboot", .form(.endAction)), Property("onCrash", .form(.endAction)),
            ]),
        OpenAPIObject(
            "Machine", "One virtual machine.",
            [
                Property("name", .text), Property("id", .integer), Property("uuid", .text),
                Property("status", .form(.machineStatus)), .optional("cause", .text), Property("intent", .form(.machineIntent)),
                .optional("server", .text), Property("epoch", .integer),
                Property("requirements", .named("Requirements")),
                Property("preferredServers", .list(.text)), Property("tagCount", .integer), .optional("rules", .list(.text)),
                .optional("task", .integer),
                .optional("configuration", .text), Property("operations", .list(.form(.machineOperation))),
                .optional("seenOn", .list(.named("Sighting"))), .optional("warnings", .list(.named("ConfigurationWarning"))),
                .optional("image", .named("Image")), .optional("suspendsTo", .named("Image")),
                .optional("migration", .named("Migration")), .optional("remnantsOn", .list(.text)),
            ]),
        OpenAPIObject(
            "Migration", "A migration that is under way.",
            [Property("to", .text), Property("isLive", .boolean), .optional("bandwidthMiB", .integer)]),
        OpenAPIObject(
            "MigrateMachine", "Where to migrate it, and how fast.",
            [.optional("server", .form(.serverName)), .optional("bandwidthMiB", .whole(1...MigrationWish.mostBandwidth))]),
        OpenAPIObject(
            "MigrationCheck", "Whether it could move, and what hinders it.",
            [
                Property("machine", .text), Property("from", .text), .optional("chosen", .text), Property("isLive", .boolean),
                .optional("obstacle", .text), Property("servers", .list(.named("ServerExplanation"))),
            ]),
        OpenAPIObject(
            "Image", "Where the memory of a suspended virtual machine lies: below a shared storage root, or on its server's own disk.",
            [Property("server", .text), .optional("sharedRoot", .text)]),
        OpenAPIObject(
            "Sighting", "Where a domain of a virtual machine is seen that the pool did not ask for.",
            [Property("server", .text), Property("domain", .integer)]),
        OpenAPIObject("MachineList", "All virtual machines, by name.", [Property("machines", .list(.named("Machine"))), next]),
        OpenAPIObject(
            "ConfigurationWarning", "Something in a vm.cfg to look at.",
            [Property("line", .integer), Property("column", .integer), Property("message", .text)]),
        OpenAPIObject(
            "MachineCreated", "A virtual machine that was created.",
            [Property("machine", .named("Machine")), Property("warnings", .list(.named("ConfigurationWarning")))]),
        OpenAPIObject(
            "Shares", "What would remain free, in millionths.",
            [Property("memory", .integer), Property("virtualCPUs", .integer), Property("network", .integer), Property("disk", .integer)]),
        OpenAPIObject(
            "Refusal", "Why a server was passed over.", [Property("type", .form(.placementRefusal)), Property("message", .text)]),
        OpenAPIObject(
            "ServerExplanation", "A server's score or refusal.",
            [
                Property("server", .text), .optional("score", .integer), .optional("shares", .named("Shares")),
                .optional("refusal", .named("Refusal")), .optional("brokenRules", .list(.named("BrokenRule"))),
            ]),
        OpenAPIObject(
            "Explanation", "Where a start would place a virtual machine.",
            [Property("machine", .text), .optional("chosen", .text), Property("servers", .list(.named("ServerExplanation")))]),
        OpenAPIObject(
            "CreateMachine", "A virtual machine to be created.",
            [
                Property("configuration", .form(.configuration)), .optional("preferredServers", preferredServers),
                .optional("name", .form(.newMachineName)),
            ]),
        OpenAPIObject(
            "ChangeMachine", "A change; what is absent stays.",
            [
                .optional("memoryMiB", .whole(1...PoolLimits.memoryMebibytes)),
                .optional("virtualCPUs", .whole(1...PoolLimits.virtualCPUs)), .optional("preferredServers", preferredServers),
                .optional("addRules", changedRules), .optional("removeRules", changedRules),
            ]),
        OpenAPIObject(
            "StopMachine", "How to stop or reboot: force destroys the domain at once; timeoutSeconds asks the guest, and destroys it then.",
            [.optional("force", .boolean), .optional("timeoutSeconds", .whole(1...86_400))]),
        OpenAPIObject(
            "AttachDisk", "A disk, as an element of the vm.cfg's `disk`: TARGET,FORMAT,VDEV,ACCESS.",
            [Property("disk", .form(.diskElement))]),
        OpenAPIObject(
            "AttachInterface", "A network interface, as an element of the vm.cfg's `vif`.",
            [Property("interface", .form(.interfaceElement))]),
        OpenAPIObject(
            "InsertMedium", "What is put into a CD drive: the path of a file or device on the server.",
            [Property("path", .form(.mediumPath))]),
        OpenAPIObject("Tag", "A tag of a virtual machine.", [Property("key", .text), Property("value", .text)]),
        OpenAPIObject("TagList", "Tags by key.", [Property("machine", .text), Property("tags", .list(.named("Tag"))), next]),
    ]

    private static let changedMachines = OpenAPISchema.items(.form(.machineName), 0...PoolLimits.machinesPerRule)
    private static let changedTags = OpenAPISchema.items(.form(.tagSelector), 0...PoolLimits.tagsPerRule)

    private static let ruleObjects = [
        OpenAPIObject(
            "BrokenRule", "A soft rule that a start would break there.", [Property("rule", .text), Property("message", .text)]),
        OpenAPIObject(
            "RuleMember", "A virtual machine that a rule is about.", [Property("machine", .text), .optional("server", .text)]),
        OpenAPIObject(
            "RuleBreach", "Where a rule is broken.",
            [Property("server", .text), Property("machines", .list(.text)), Property("count", .integer)]),
        OpenAPIObject(
            "Rule", "Keeps virtual machines together (affinity) or apart (anti-affinity).",
            [
                Property("name", .text), Property("id", .integer), Property("kind", .form(.ruleKind)),
                Property("strength", .form(.ruleStrength)), Property("machines", .list(.text)),
                Property("tags", .list(.form(.tagSelector))), .optional("members", .list(.named("RuleMember"))),
                Property("broken", .list(.named("RuleBreach"))),
            ]),
        OpenAPIObject("RuleList", "All rules, by name.", [Property("rules", .list(.named("Rule"))), next]),
        OpenAPIObject(
            "CreateRule", "A rule to be created: over two virtual machines at least, or over tags.",
            [
                Property("name", .form(.ruleName)), Property("kind", .form(.ruleKind)), .optional("strength", .form(.ruleStrength)),
                .optional("machines", .items(.form(.machineName), 0...PoolLimits.machinesPerRule)),
                .optional("tags", .items(.form(.tagSelector), 0...PoolLimits.tagsPerRule)),
            ], leastElements: [("machines", 2), ("tags", 1)]),
        OpenAPIObject(
            "ChangeRule", "What is to be different of a rule; what is absent stays.",
            [
                .optional("strength", .form(.ruleStrength)), .optional("addMachines", changedMachines),
                .optional("removeMachines", changedMachines), .optional("addTags", changedTags), .optional("removeTags", changedTags),
            ]),
        OpenAPIObject(
            "Explain", "A virtual machine that does not exist yet, and what if.",
            [
                Property("configuration", .form(.configuration)), .optional("preferredServers", preferredServers),
                .optional("name", .form(.newMachineName)),
                .optional("tags", .items(.form(.tagSelector), 0...QueryLimits.explainedTags)),
                .optional("memoryMiB", .whole(1...PoolLimits.memoryMebibytes)),
                .optional("virtualCPUs", .whole(1...PoolLimits.virtualCPUs)), .optional("without", preferredServers),
            ]),
    ]

    private static let joinObjects = [
        OpenAPIObject(
            "CreateToken", "A join token to be created.",
            [.optional("roles", .items(.form(.role), 1...2)), .optional("ttlSeconds", .whole(60...2_592_000))]),
        OpenAPIObject(
            "TokenCreated", "A join token with its text: a secret.",
            [Property("id", .integer), Property("token", .text), Property("roles", .list(.form(.role))), Property("expiresAt", .time)]),
        OpenAPIObject(
            "Token", "A join token without its secret.",
            [
                Property("id", .integer), Property("roles", .list(.form(.role))), Property("expiresAt", .time),
                Property("status", .form(.tokenStatus)), .optional("usedBy", .text), Property("createdBy", .form(.principal)),
            ]),
        OpenAPIObject("TokenList", "All join tokens.", [Property("tokens", .list(.named("Token"))), next]),
        OpenAPIObject(
            "JoinRequest", "A server asks to become a member.",
            [
                Property("pool", .form(.uuid)), Property("tokenID", .whole(1...Int.max)), Property("secret", .form(.secret)),
                Property("name", .form(.serverName)), Property("peerAddress", .form(.address)),
                Property("queryAddress", .form(.address)), Property("storage", .form(.uuid)), Property("signingRequest", .text),
                Property("signingRequestCode", .form(.secret)),
                Property("time", .time), Property("hypervisor", .form(.word("simulated", "xen"))), .optional("hardware", .form(.uuid)),
                .optional("processor", .named("Processor")),
            ]),
        OpenAPIObject(
            "Member", "A member of the pool.",
            [Property("id", .integer), Property("name", .text), Property("peerAddress", .text), Property("queryAddress", .text)]),
        OpenAPIObject(
            "JoinAnswer", "What makes the joiner a member: secret.",
            [
                Property("pool", .text), Property("poolName", .text), Property("serverID", .integer), Property("certificate", .text),
                Property("authorityCertificate", .text), Property("authorityKey", .text), Property("roles", .list(.form(.role))),
                Property("members", .list(.named("Member"))), .optional("warnings", .list(.text)),
            ]),
        OpenAPIObject(
            "JoinChecked", "A join that would succeed.",
            [
                Property("pool", .text), Property("poolName", .text), Property("roles", .list(.form(.role))),
                Property("clockDifferenceMilliseconds", .integer),
                Property("members", .list(.named("Member"))), .optional("warnings", .list(.text)),
            ]),
    ]

    private static let historyObjects = [
        OpenAPIObject(
            "PoolState", "The pool at one index of its log, or a page of it.",
            [
                Property("index", .integer), Property("time", .time), .optional("firstIndex", .integer), Property("pool", .named("Pool")),
                Property("servers", .list(.named("Server"))), Property("machines", .list(.named("Machine"))),
                Property("rules", .list(.named("Rule"))), Property("tags", .list(.named("MachineTag"))),
                Property("tagCount", .integer), Property("ruleCount", .integer), next,
            ]),
        OpenAPIObject(
            "MachineTag", "A tag with the virtual machine that has it.",
            [Property("machine", .text), Property("key", .text), Property("value", .text)]),
        OpenAPIObject(
            "PoolDiff", "What changed between two indexes of the log.",
            [
                Property("from", .integer), Property("to", .integer), Property("fromTime", .time), Property("toTime", .time),
                Property("firstIndex", .integer), Property("objectCount", .integer), Property("objects", .list(.named("ObjectDiff"))),
            ]),
        OpenAPIObject(
            "ObjectDiff", "An object that was added, removed or changed.",
            [
                Property("kind", .form(.changedObject)), Property("name", .text), Property("change", .form(.objectChange)),
                Property("fields", .list(.named("FieldDiff"))),
                Property("entryCount", .integer), Property("entries", .list(.named("ChangeEntry"))),
            ]),
        OpenAPIObject(
            "FieldDiff", "A field before and after.", [Property("name", .text), .optional("before", .text), .optional("after", .text)]),
        OpenAPIObject(
            "ChangeEntry", "Who changed an object, when and why.",
            [
                Property("index", .integer), Property("time", .time), Property("principal", .form(.principal)),
                .optional("reason", .text), .optional("kind", .form(.eventKind)), .optional("message", .text),
            ]),
    ]

    private static let otherObjects = [
        OpenAPIObject(
            "Task", "An operation that outlasts its request.",
            [
                Property("id", .integer), Property("kind", .form(.taskKind)), Property("target", .text),
                Property("principal", .form(.principal)), Property("status", .form(.taskStatus)),
                .optional("cause", .text), Property("startedAt", .time), .optional("endedAt", .time),
                .optional("progress", .named("TaskProgress")),
            ]),
        OpenAPIObject(
            "TaskProgress", "What is being done for a task, as its server said a moment ago.",
            [Property("phase", .text), .optional("permille", .integer), Property("asOf", .time)]),
        OpenAPIObject("TaskList", "The newest tasks, the oldest first.", [Property("tasks", .list(.named("Task"))), next]),
        OpenAPIObject("TaskBegun", "A task that was begun.", [Property("task", .named("Task"))]),
        OpenAPIObject(
            "Event", "Something that happened.",
            [
                Property("index", .integer), Property("ordinal", .integer), Property("time", .time), Property("kind", .form(.eventKind)),
                Property("target", .form(.eventTarget)), Property("principal", .form(.principal)), .optional("reason", .text),
                Property("message", .text),
            ]),
        OpenAPIObject("EventList", "Events after an index.", [Property("events", .list(.named("Event"))), Property("through", .integer)]),
    ]
}
