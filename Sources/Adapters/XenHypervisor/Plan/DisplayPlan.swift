import DomainConfiguration

/// Text that must not be shown: it prints as asterisks.
package struct SecretText: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A screen, and how it is reached.
package struct DisplayPlan: Hashable, Sendable {
    package var vnc: Bool?
    /// The address, with `:DISPLAY` where one is wanted; libxl's default is 127.0.0.1.
    package var listen: String?
    package var password: SecretText?
    /// The display's number: 0 is port 5900.
    package var number: Int?
    /// Whether to take the first number that is free.
    package var findsUnused: Bool?
    package var keymap: String?
    package var sdl: Bool?
    package var openGL: Bool?

    package init() {}

    /// The screens that a configuration describes.
    struct Screens {
        /// By the keys `vnc`, `vnclisten` and so on.
        var top = DisplayPlan()
        var isTopGiven = false
        /// By `vfb`.
        var framebuffers: [DisplayPlan] = []

        /// Those of a domain without emulated hardware.
        var all: [DisplayPlan] { top.vnc == true || top.sdl == true ? framebuffers + [top] : framebuffers }
    }

    static func all(keys: inout ConfigurationKeys) -> Screens {
        var screens = Screens()
        // The keyboard's layout alone makes no screen.
        screens.isTopGiven = ["vnc", "vnclisten", "vncpasswd", "vncdisplay", "vncunused", "sdl"].contains { keys.has($0) }
        screens.top.readTop(&keys)
        if case .list(let elements) = keys.take("vfb") {
            for (index, element) in elements.enumerated() {
                var display = DisplayPlan()
                display.readFramebuffer(element.flatText, index, &keys)
                screens.framebuffers.append(display)
            }
        }
        return screens
    }

    private mutating func readTop(_ keys: inout ConfigurationKeys) {
        vnc = keys.flag("vnc")
        listen = keys.text("vnclisten")
        password = keys.text("vncpasswd").map { SecretText($0) }
        number = keys.number("vncdisplay", 0...59_635)
        findsUnused = keys.flag("vncunused")
        keymap = keys.text("keymap")
        sdl = keys.flag("sdl")
        openGL = keys.flag("opengl")
    }

    private mutating func readFramebuffer(_ text: String, _ index: Int, _ keys: inout ConfigurationKeys) {
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let word = String(pair[0].filter { $0 != " " })
            let value = pair.count == 2 ? String(pair[1]) : ""
            guard !value.isEmpty else { continue }
            if !set(word, value) {
                let shown = ForeignText.shown(word, longest: 40)
                keys.warn("vfb", element: index, "The parameter \(shown) of vfb is not carried out with this value.")
            }
        }
    }

    private mutating func set(_ word: String, _ value: String) -> Bool {
        switch word {
        case "type" where value == "vnc" || value == "sdl":
            if value == "vnc" { vnc = true } else { sdl = true }
        case "vnc" where value == "0" || value == "1": vnc = value == "1"
        case "sdl" where value == "0" || value == "1": sdl = value == "1"
        case "opengl" where value == "0" || value == "1": openGL = value == "1"
        case "vncunused" where value == "0" || value == "1": findsUnused = value == "1"
        case "vnclisten": listen = value
        case "vncpasswd": password = SecretText(value)
        case "keymap": keymap = value
        case "vncdisplay":
            guard let display = Int(value), (0...59_635).contains(display) else { return false }
            number = display
        default: return false
        }
        return true
    }
}
