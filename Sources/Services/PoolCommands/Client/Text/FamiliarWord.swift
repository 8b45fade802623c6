/// What other tools for virtual machines (xl, xe, virsh, gnt-instance, pvesh, incus) call a command of ours.
package enum FamiliarWord {
    /// Ours, by theirs; the first of them that there is counts. What follows a blank is an option that makes it mean the same.
    private static let ours: [String: [String]] = [
        "list": ["ls"], "info": ["show"], "describe": ["show"], "get": ["show"], "status": ["show"], "log": ["ls"], "logs": ["ls"],
        "rm": ["delete", "remove"], "remove": ["rm", "delete"], "delete": ["rm", "remove"], "del": ["rm", "delete", "remove"],
        "create": ["add"], "add": ["create"], "new": ["create", "add"], "define": ["create"], "modify": ["set"], "config": ["set"],
        "startup": ["start"], "boot": ["start"], "run": ["start"], "shutdown": ["stop"], "halt": ["stop"], "poweroff": ["stop"],
        "destroy": ["stop --force"], "kill": ["stop --force"], "restart": ["reboot"], "reset": ["reboot --force"], "save": ["suspend"],
        "restore": ["resume"], "managedsave": ["suspend"], "hibernate": ["suspend"], "evacuate": ["maintenance on"], "move": ["migrate"],
        "live-migrate": ["migrate"],
        "drain": ["maintenance on"], "abort": ["cancel"], "wait": ["watch"],
    ]

    /// What `word` most likely stands for among the commands of these names; nil where nothing is known of it.
    package static func meaning(of word: String, among commands: [String]) -> String? {
        ours[word]?.first { phrase in phrase.split(separator: " ").first.map { commands.contains(String($0)) } ?? false }
    }
}
