import PoolModel
import Testing

@Suite("Identifiers and names")
struct IdentifierTests {
    @Test("a UUID is read in either case and written in lower case (RFC 9562 §4)")
    func roundTripsUUID() throws {
        let identifier = try #require(UniqueIdentifier("0004FB00-0006-0000-A1C3-e7d29b5f4c08"))

        #expect(identifier.description == "0004fb00-0006-0000-a1c3-e7d29b5f4c08")
    }

    @Test(
        "what is not a UUID is refused",
        arguments: ["", "0004fb00000600", "0004fb00-0006-0000-a1c3-e7d29b5f4c0g", "0004fb00x0006-0000-a1c3-e7d29b5f4c08"])
    func refusesUUID(text: String) {
        #expect(UniqueIdentifier(text) == nil)
    }

    @Test("random bits become a version 4 UUID with the variant of RFC 9562")
    func makesVersionFour() {
        let identifier = UniqueIdentifier(randomHigh: .max, randomLow: .max)

        #expect(identifier.description == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }

    @Test("names outside their bounds are refused", arguments: ["", ".a", "-a", "a b", "a/b", "ä", String(repeating: "a", count: 81)])
    func refusesNames(text: String) {
        #expect(VirtualMachineName(text) == nil)
        #expect(ServerName(text) == nil)
    }

    @Test("a tag key may hold slashes, and has at most 128 bytes")
    func boundsTagKeys() {
        #expect(TagKey("probe/1-2/x_y.z")?.text == "probe/1-2/x_y.z")
        #expect(TagKey(String(repeating: "k", count: 128)) != nil)
        #expect(TagKey(String(repeating: "k", count: 129)) == nil)
        #expect(TagKey("a b") == nil)
    }

    @Test(
        "a tag is selected by any value, also one that makes one character of the equals sign and its own first",
        arguments: ["", "=", "\u{1F3FB}", "\u{301}x"])
    func selectsByAnyValue(value: String) throws {
        let selector = try #require(TagSelector("role=\(value)"))

        #expect(selector.key.text == "role")
        #expect(selector.value == value)
    }
}
