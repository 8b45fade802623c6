/// One tag of a virtual machine (`GET /v1/vms/{name}/tags/{key}`).
package struct TagDocument: Codable, Hashable, Sendable {
    /// 1 to 128 of `[A-Za-z0-9._/-]`.
    package var key: String
    /// At most 1,024 bytes of UTF-8.
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// The tags of a virtual machine, by key (`GET /v1/vms/{name}/tags`).
package struct TagListDocument: Codable, Hashable, Sendable {
    package var machine: String
    package var tags: [TagDocument]

    package init(machine: String, tags: [TagDocument]) {
        self.machine = machine
        self.tags = tags
    }
}
