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
package struct TagListDocument: PagedDocument, Hashable {
    package var machine: String
    package var tags: [TagDocument]
    /// For `after`, where more follow.
    package var next: String?

    package init(machine: String, tags: [TagDocument], next: String? = nil) {
        self.machine = machine
        self.tags = tags
        self.next = next
    }

    package mutating func append(_ page: TagListDocument) {
        tags += page.tags
        next = page.next
    }
}
