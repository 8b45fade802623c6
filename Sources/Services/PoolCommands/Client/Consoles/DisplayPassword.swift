import DomainConfiguration

/// The password of a display, which its viewer is asked for.
package enum DisplayPassword {
    /// What a vm.cfg sets as the password of its first display; nil where it sets none, or cannot be read.
    package static func find(in configuration: String) -> String? {
        let settings: DomainSettings
        do throws(DomainConfigurationError) {
            settings = try DomainConfigurationText.parse(configuration, file: "vm.cfg").settings
        } catch {
            // The pool has accepted it, by a version that is newer than this program.
            return nil
        }
        let values = Dictionary(settings.others.map { ($0.key, $0.value) }) { $1 }
        if case .list(let displays) = values["vfb"], let first = displays.first { return password(ofDisplay: first.flatText) }
        let password = values["vncpasswd"]?.flatText ?? ""
        return password.isEmpty ? nil : password
    }

    private static func password(ofDisplay text: String) -> String? {
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0].filter({ $0 != " " }) == "vncpasswd" { return String(pair[1]) }
        }
        return nil
    }
}
