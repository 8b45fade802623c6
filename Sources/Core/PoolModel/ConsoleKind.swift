/// What of a virtual machine's consoles is looked at.
package enum ConsoleKind: String, Hashable, Sendable, CaseIterable {
    /// The text console: what the guest prints there, and what is typed into it.
    case text
    /// The display: the remote framebuffer protocol (RFC 6143) of its VNC server.
    case display
    /// What the text console has printed so far, as far as it is kept; it takes nothing and ends by itself.
    case log
}
