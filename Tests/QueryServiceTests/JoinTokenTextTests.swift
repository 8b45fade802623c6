import QueryModel
import Testing

@Suite("The text of a join token")
struct JoinTokenTextTests {
    private func token(addresses: [String] = ["alpha.example:4443", "[fe80::1]:4443"]) throws -> JoinTokenText {
        try #require(
            JoinTokenText(
                pool: Array(0..<16), authority: Array(16..<48), expiresAt: QueryTime(milliseconds: 1_309_421_109_120), tokenID: 7,
                secret: Array(100..<132), roles: .both, addresses: addresses.compactMap { NetworkAddress($0) }))
    }

    @Test("reads what was written, also with spaces around it")
    func roundTrip() throws {
        let token = try token()

        let read = try JoinTokenText(text: "  \(token.text)\n")

        #expect(read == token)
        #expect(token.text.hasPrefix("ovm1."))
        #expect(token.poolText == "00010203-0405-0607-0809-0a0b0c0d0e0f")
    }

    @Test("refuses every text in which one character was changed or lost")
    func refusesTypos() throws {
        let text = Array(try token().text)

        for position in text.indices {
            var changed = text
            changed[position] = changed[position] == "A" ? "B" : "A"
            if changed != text { #expect(throws: JoinTokenTextError.self) { try JoinTokenText(text: String(changed)) } }
            var shorter = text
            shorter.remove(at: position)
            if shorter != text { #expect(throws: JoinTokenTextError.self) { try JoinTokenText(text: String(shorter)) } }
        }
    }

    @Test("says what is wrong with a text that is no token")
    func explains() throws {
        #expect(throws: JoinTokenTextError.notAToken) { try JoinTokenText(text: "hello") }
        #expect(throws: JoinTokenTextError.otherVersion) { try JoinTokenText(text: "ovm2.AAAA") }
        #expect(throws: JoinTokenTextError.damaged) { try JoinTokenText(text: "ovm1.") }
        #expect(throws: JoinTokenTextError.damaged) { try JoinTokenText(text: "ovm1.!!!!") }
        #expect(throws: JoinTokenTextError.tooLong(bytes: 5_005)) {
            try JoinTokenText(text: "ovm1." + String(repeating: "A", count: 5_000))
        }
    }

    @Test("has one to eight addresses")
    func boundsAddresses() throws {
        let nine = (1...9).compactMap { NetworkAddress("10.0.0.\($0):4443") }

        #expect(nine.count == 9)
        for addresses in [[], nine] {
            #expect(
                JoinTokenText(
                    pool: Array(0..<16), authority: Array(16..<48), expiresAt: QueryTime(milliseconds: 0), tokenID: 1,
                    secret: Array(100..<132), roles: .both, addresses: addresses) == nil)
        }
    }

    @Test("does not show its secret when it is printed")
    func hidesSecret() throws {
        let token = try token()

        #expect("\(token)" == "join token 7 of pool 00010203-0405-0607-0809-0a0b0c0d0e0f")
    }
}

@Suite("Times and addresses of the query port")
struct QueryValueTests {
    @Test(
        "spells times in UTC with milliseconds, and reads them again",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_309_421_109_120, "2011-06-30T08:05:09.120Z"), (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func times(milliseconds: Int64, text: String) {
        #expect(QueryTime(milliseconds: milliseconds).description == text)
        #expect(QueryTime(text)?.milliseconds == milliseconds)
    }

    @Test(
        "refuses times that are no times",
        arguments: [
            "", "2011-06-30T08:05:09Z", "2011-02-29T08:05:09.120Z", "2011-13-01T00:00:00.000Z", "2011-06-30T24:00:00.000Z",
            "2011-06-30 08:05:09.120Z", "2011-06-30T08:05:09.12éZ", "0000-06-30T08:05:09.120Z",
        ])
    func noTimes(text: String) {
        #expect(QueryTime(text) == nil)
    }

    @Test("reads HOST:PORT and nothing else")
    func addresses() {
        #expect(NetworkAddress("alpha.example:4443")?.host == "alpha.example")
        #expect(NetworkAddress("[::1]:80")?.description == "[::1]:80")
        for text in ["", "alpha", "alpha:", ":80", "alpha:0", "alpha:65536", "alpha:080", "a b:80", "::1:80", "[alpha]:80", "é:80", "a:+8"]
        {
            #expect(NetworkAddress(text) == nil, "\(text)")
        }
    }
}
