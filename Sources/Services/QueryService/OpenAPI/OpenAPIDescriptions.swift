import AgentPorts
import PoolStateMachine

extension OpenAPIDocument {
    /// What each operation does, for whom and within which bounds, by its identifier.
    static let descriptions: [String: String] = openDescriptions.merging(machineDescriptions) { $1 }.merging(otherDescriptions) { $1 }

    private static let openDescriptions = [
        "health": "Looks at nothing: 200 as long as the process answers. Restart the agent where it does not.",
        "readiness": """
        For load balancers: 200 when this server knows a Server Pool Master and has just now applied what a majority confirmed, \
        or else 503 with the cause, also from the moment that its agent is told to stop. It is asked without a credential.
        """,
        "description":
            "The OpenAPI document that you read. It is asked without a credential, and seldom: who asks again and again is told 429.",
        "metrics": "Consensus, storage, requests, servers and virtual machines as this server knows them, without asking the master.",
        "showMaster": "Who the Server Pool Master is and in which term, with the address of its query port; and which server says so.",
        "showPool":
            "The name, the settings, how many servers and virtual machines there are, and what is free on servers that take starts.",
        "showSettings": """
        How many virtual CPUs each physical one counts for, how many servers vote at most, and after what silence another server votes in a         voter's place. The `ETag`, or `changedAt` in quotes, is what a change may rest on (`If-Match`).
        """,
        "changeSettings": """
        For administrators. All that is named changes, or nothing does; what is as named already is no change. What runs is left alone: the         overcommit ratio counts from the next start on, and who votes changes through joint consensus, servers that are down before others.
        """,
        "showPoolState": """
        The present, or the past at an index as far back as the answering server keeps it (`firstIndex`). An index that is \
        no longer kept is told 410 with the first that is, one that the log has not reached 404. Its pages are all of one index: go on with \
        the answer's `next`.
        """,
        "showPoolDiff": """
        Object by object, the fields before and after, and the entries of the log that did it: when, by whom, and for what reason. \
        At most \(QueryLimits.objectsOfDiff) objects and \(QueryLimits.entriesOfDiff) entries of each are shown; their counts are whole.
        """,
        "listServers": "By name, with what each has to offer and what of it is free.",
        "showServer": """
        With the virtual machines that are placed on it, and, where no other server could take one now, the obstacle: \
        what to look at before it is taken down.
        """,
        "removeServer": """
        For administrators. Refused while virtual machines are placed there, or domains of some were last seen there. \
        Its certificate counts for nothing from then on.
        """,
        "beginMaintenance": """
        For administrators. Placement passes the server over from then on; what runs there goes on, and is named in the server's \
        `machines`. Where it is so already, nothing is changed.
        """,
        "endMaintenance": "For administrators. Placement considers the server again. Where it is so already, nothing is changed.",
    ]

    private static let machineDescriptions = [
        "listMachines": """
        By name, without their vm.cfg. What is given of `name`, `tag`, `status` and `server` must all fit; the pattern and the tag \
        are what the command line selects by.
        """,
        "createMachine": """
        The vm.cfg is read in both dialects, xm's and xl's; what was accepted with a loss is told in `warnings`, and a mistake is 422 \
        with its line and column. The virtual machine is `PoweredOff`, and nothing is created on a server.
        """,
        "showMachine": """
        With its vm.cfg, its `status`, the `operations` that this allows, the server that it is placed on, and where a domain of it is seen \
        that the pool did not start.
        """,
        "changeMachine": """
        Memory and virtual CPUs of a running one change up to its `maximumMemoryMiB` and `maximumVirtualCPUs`, where its server has \
        room: that is a task. Preferred servers count from its next start on; none means every server.
        """,
        "attachDisk": """
        While it is powered off its vm.cfg changes, and nothing else. While it runs its server attaches the disk to its domain, and the vm.cfg \
        changes once that is done. A server that does not see the disk refuses it. The vm.cfg is written anew in canonical form.
        """,
        "detachDisk": """
        A guest is asked to release it. One that still uses it after ten seconds keeps it, and the task fails; `force` takes the disk away, \
        whatever the guest was about to write.
        """,
        "insertMedium": "The drive stays. While it runs that is possible in hardware virtualized ones only.",
        "ejectMedium": "The drive stays. While it runs that is possible in hardware virtualized ones only.",
        "attachInterface": """
        As a disk; its server must have the bridge, and room for the `rate` there. Where no MAC address is given one of Xen's range is made, \
        which the machine keeps.
        """,
        "detachInterface": """
        By its MAC address, or by its place among its interfaces, counted from 0. A guest that does not release it loses it after ten seconds; \
        `force` does not ask.
        """,
        "deleteMachine": "Only while it is powered off, or failed on no server.",
        "startMachine": """
        Placed by what each server has free, by rules and by preferred servers, as `explain` shows beforehand. Where no server fits, the problem \
        names the reason of each. The task is done when the domain runs.
        """,
        "stopMachine": """
        Asks the guest to shut down, and waits. `force` destroys the domain at once; `timeoutSeconds` asks first, and destroys it when \
        the time is up.
        """,
        "rebootMachine": "Ends it as stop does, then begins it again on the same server.",
        "pauseMachine": "Its memory stays where it is. Only a running one can be paused.",
        "unpauseMachine": "Only a paused one can go on.",
        "suspendMachine": """
        Only a running one can be suspended. The image goes below a shared storage root where its server has one with room; `suspendsTo` of \
        the machine says where before. Without one it goes to the server's own disk, and can be resumed there only.
        """,
        "resumeMachine": """
        On the best of the servers that reach its image, as a start chooses. An image is used once: where its server dies meanwhile, the \
        virtual machine starts cold. A forced stop throws the image away.
        """,
        "migrateMachine": """
        To the server that is named, or to the best of those that could take it, as `migration` shows beforehand. Its memory goes over the \
        agents' own connection. It never runs twice: handed over or given up, whichever is committed first, whatever dies in the middle. \
        Cancelling the task gives it up, until it is handed over. The task is done when it runs on the other server.
        """,
        "checkMigration": """
        Every server with its score, or with what hinders it: its CPUs, its version of Xen, storage that is not shared, bridges, memory, rules. \
        Nothing is changed. Where `isLive` is false, the guest stands still from the beginning to the end.
        """,
        "openConsole": """
        For users and administrators, who are named in an event. Asked with `Upgrade: websocket`; anything else is told 426. The member \
        that is asked fetches the console from the server that runs it; several may look at once, and all type into the same line. A close \
        frame says why it ended.
        """,
        "openDisplay": """
        As the text console; the bytes are those of the machine's VNC server, whose password, where its vm.cfg sets one, the viewer is \
        asked for.
        """,
        "showConsoleLog": """
        For users and administrators, who are named in an event. The newest \(ConsoleLimits.logBytes) bytes, as text: what is no UTF-8 is \
        replaced. The words are the guest's, control characters included.
        """,
        "resetMachineStatus": """
        An error of which nothing is left on a server becomes `PoweredOff`. Where there is no error, nothing is changed.
        """,
        "explainMachine": """
        Every server with its score, or the reason why it is passed over; the first of them is `chosen`. Nothing is changed. With \
        `memoryMiB`, `virtualCPUs` or `without` it answers what would be if.
        """,
        "explainConfiguration": "As for one that exists, of a vm.cfg text: with the tags that it would have, as rules may be about them.",
        "listTags": "By key. `prefix` selects keys that begin so, such as `owner/`.",
        "showTag": "Its value is any text of at most \(QueryLimits.tagValueBytes) bytes.",
        "putTag":
            "The body is the value, a JSON string of at most \(QueryLimits.tagValueBytes) bytes. Rules that select by the tag follow it at once.",
        "deleteTag": "Rules that select by the tag follow at once; what runs is not moved.",
    ]

    private static let otherDescriptions = [
        "listRules": "By name. `broken` says where running virtual machines contradict a rule: rules bind starts, and move nothing.",
        "createRule": """
        Affinity keeps virtual machines on one server, anti-affinity on different ones. A hard rule forbids a start that would break it, a soft \
        one is only weighed. A hard rule that contradicts another hard one is refused.
        """,
        "showRule": "With its members: the virtual machines that it names, or that bear its tags.",
        "changeRule": """
        By differences, so that two who change its members at once do not undo each other's work. A hard rule that would contradict another \
        hard one is refused; a change that only loosens a rule never is.
        """,
        "deleteRule": "What runs is not moved.",
        "listTokens": "In the order of their numbers. The secrets are known to nobody but whoever got them.",
        "createToken": """
        For administrators. The answer holds the text for `ovm pool join`, which makes one server a member with these roles until the \
        token expires (three hours, unless `ttlSeconds` says otherwise). It is a secret, and shown this once.
        """,
        "showToken": "Whether it was used, and by which server.",
        "revokeToken": "For administrators. A server that joined with it stays.",
        "join": """
        Asked without a credential: the token's secret stands for one. The answer holds the authority's private key, as every member \
        can admit others; `ovm pool join` stores it. Clocks that differ too much, spent tokens and other pools are refused.
        """,
        "listEvents": """
        The newest are kept, \(PoolLimits.events) at most; an index before them is told 410 with the first that is kept. `since` leaves out what is at or \
        before it: go on with the answer's `through`. What is given of the filters must all fit. A stream beats every \
        \(QueryLimits.eventStreamPulse.components.seconds) seconds where nothing happens.
        """,
        "listTasks": "In the order of their numbers.",
        "showTask": """
        While it is `waiting` or `running`, `cause` says for what, and `progress` what its server does for it, as the master was told a moment \
        ago. Ask again, or watch the events of its target.
        """,
        "cancelTask": """
        One that waits is dropped. A start under way is taken back: what was built of it is taken down. Anything else that is under way \
        cannot be undone, and is refused.
        """,
    ]
}
