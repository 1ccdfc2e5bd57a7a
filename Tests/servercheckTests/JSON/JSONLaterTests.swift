import Testing

@testable import servercheck

/// A long array between two other members.
private struct Sample: JSONRecord, Equatable {
    var before = 0
    @JSONLater var names: [String] = []
    var later = 0

    mutating func members(_ json: inout JSONMembers) {
        json.member("before", &before)
        json.member("names", &_names)
        json.member("later", &later)
    }
}

@Suite struct JSONLaterTests {
    private func decoded(_ text: String, isOurs: Bool) -> Sample? {
        JSONText.decode(Sample.self, from: Array(text.utf8), isOurs: isOurs)
    }

    private let long = #"{"before":1,"names":["ä","\"]}\\","\#(String(repeating: "x", count: 500))",""],"later":2}"#

    @Test("of a text of ours the array stays text until it is asked for, and is written as it was read")
    func text() throws {
        // Spaces and an escape that this program does not write show that it is not written anew.
        for names in [#"[ "a", "\u0062" ]"#, "[]", #"["\#(String(repeating: "x", count: 500))"]"#] {
            let text = #"{"before":1,"names":\#(names),"later":2}"#
            var sample = try #require(decoded(text, isOurs: true))
            #expect(sample.$names.text != nil && sample.later == 2)
            sample.before = 7
            #expect(String(decoding: JSONText.encode(sample), as: UTF8.self) == text.replacing("1", with: "7"))
            #expect(sample.names == decoded(text, isOurs: false)?.names)
        }
    }

    @Test("of any other text it is decoded at once")
    func anyText() throws {
        let sample = try #require(decoded(long, isOurs: false))
        #expect(sample.$names.text == nil && sample.names.count == 4)
    }

    @Test("text and elements are the same where they say the same")
    func equality() throws {
        let (ours, other) = (try #require(decoded(long, isOurs: true)), try #require(decoded(long, isOurs: false)))
        #expect(ours == other && ours == decoded(long, isOurs: true))
        #expect(ours != decoded(long.replacing("ä", with: "ö"), isOurs: true))
        var changed = ours
        changed.names.removeLast()
        #expect(changed != ours && changed.$names.text == nil && changed.names.count == 3)
    }

    @Test("what is damaged is nil when it is asked for, and stays what it is; of any other text it is damage at once")
    func damaged() throws {
        let text = #"{"before":1,"names":["a",2],"later":2}"#
        let sample = try #require(decoded(text, isOurs: true))
        #expect(sample.$names.decoded == nil && sample.names == [])
        #expect(sample != Sample(before: 1, names: [], later: 2))
        #expect(String(decoding: JSONText.encode(sample), as: UTF8.self) == text)
        #expect(decoded(text, isOurs: false) == nil)
        for other in ["1", "null", "{}", "\"\""] {
            #expect(decoded(#"{"before":1,"names":\#(other),"later":2}"#, isOurs: true) == nil)
        }
    }
}
