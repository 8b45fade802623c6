import AgentPorts
import PoolModel
import PoolStateMachine
import QueryModel

extension QueryService {
    func listTags(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let prefix = request.query["prefix"] ?? ""
        guard prefix.isEmpty || TagKey(prefix) != nil else { throw .badValue("prefix", prefix, expected: "how a tag's key begins") }
        let page = try ListPage(request, expected: "a tag's key") { TagKey($0) }
        return try await answer(request) { state, _ throws(QueryRefusal) in
            TagListDocument(try state.machine(atPath: request.parameter("name")), prefix: prefix, page)
        }
    }

    func showTag(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let key = try Self.tagKey(request)
        return try await answer(request) { state, _ throws(QueryRefusal) in
            let machine = try state.machine(atPath: request.parameter("name"))
            guard let value = machine.tags[key] else {
                throw .notFound(
                    "tag", key.text, among: machine.tags.keys.map(\.text), list: "GET /v1/vms/\(PercentText.encode(machine.name.text))/tags"
                )
            }
            return TagDocument(key: key.text, value: value)
        }
    }

    func putTag(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let key = try Self.tagKey(request)
        let body = try await request.body()
        let value = try RequestDocumentReading.read(String.self, from: body)
        guard value.utf8.count <= QueryLimits.tagValueBytes else {
            throw QueryRefusal(
                .tooLarge, cause: "The tag's value has \(value.utf8.count) bytes, and may have \(QueryLimits.tagValueBytes).",
                cure: "Send a shorter one.")
        }
        let machine = try await machineID(request)
        return try await write(.putTag(machine, key: key, value: value), for: request, body: body) { _, _ throws(QueryRefusal) in
            TagDocument(key: key.text, value: value)
        }
    }

    func deleteTag(_ request: QueryRequest) async throws(QueryRefusal) -> QueryReply {
        let key = try Self.tagKey(request)
        let machine = try await machineID(request)
        return try await write(.deleteTag(machine, key: key), for: request) { _, _ throws(QueryRefusal) in DoneDocument() }
    }

    private static func tagKey(_ request: QueryRequest) throws(QueryRefusal) -> TagKey {
        let text = request.parameter("key")
        guard let key = TagKey(text) else { throw .badValue("tag key", text, expected: "1 to 128 of A-Z a-z 0-9 . _ / -") }
        return key
    }
}
