import Foundation
import Testing

@testable import servercheck

/// One member of each kind.
private struct Sample: JSONRecord, Equatable {
    var flag = false
    var texts: [String] = []
    var numbers: [String: Int64] = [:]
    var large: UInt64 = 0
    var ratio = 0.0
    var time = Timestamp(seconds: 0)
    var missing: Int?
    var unknown: Double? = 1

    mutating func members(_ json: inout JSONMembers) {
        json.member("flag", &flag)
        json.member("texts", &texts)
        json.member("numbers", &numbers)
        json.member("large", &large)
        json.member("ratio", &ratio)
        json.member("time", &time)
        json.member("missing", &missing)
        json.nullable("unknown", &unknown)
    }
}

@Suite struct JSONStoredTests {
    private let sample: Sample = {
        var sample = Sample()
        sample.flag = true
        sample.texts = ["", "\"\\/\u{8}\u{C}\n\r\t\u{1}\u{7F}", "ä€😀"]
        sample.numbers = ["b": .min, "a": .max, "c\n": 0]
        sample.large = .max
        sample.ratio = 0.1
        sample.time = Timestamp(microseconds: 1_795_435_200_000_001)
        sample.unknown = nil
        return sample
    }()

    @Test("what is written is exact, in one line and indented")
    func writing() {
        #expect(
            String(decoding: JSONText.encode(sample), as: UTF8.self) == #"""
                {"flag":true,"texts":["","\"\\/\b\f\n\r\t\u0001\#u{7F}","ä€😀"],"numbers":{"a":9223372036854775807,"b":-9223372036854775808,"c\n":0},"large":18446744073709551615,"ratio":0.1,"time":"2026-11-23T12:00:00.000001Z","unknown":null}
                """#)
        var short = Sample()
        short.texts = ["x"]
        short.missing = 7
        short.unknown = .infinity
        #expect(
            String(decoding: JSONText.encode(short, isIndented: true), as: UTF8.self) == """
                {
                  "flag" : false,
                  "texts" : [
                    "x"
                  ],
                  "numbers" : {},
                  "large" : 0,
                  "ratio" : 0,
                  "time" : "1970-01-01T00:00:00Z",
                  "missing" : 7,
                  "unknown" : null
                }
                """)
    }

    @Test("Foundation reads what is written, and what it writes is read")
    func foundation() throws {
        let written = JSONText.encode(sample, isIndented: true)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(written)) as? [String: Any])
        #expect(object["texts"] as? [String] == sample.texts && object["large"] as? UInt64 == .max)
        for options in [[], .prettyPrinted, [.sortedKeys, .prettyPrinted]] as [JSONSerialization.WritingOptions] {
            let other = try JSONSerialization.data(withJSONObject: object, options: options)
            #expect(JSONText.decode(Sample.self, from: Array(other)) == sample)
        }
    }

    @Test("members may stand in any order, and unknown ones are passed over")
    func order() throws {
        let text = #"""
            {"time":"2026-11-23T13:00:00+01:00","new":{"x":[1,{"y":[]}]},"unknown":2e0,"ratio":-0.5,"large":3,"missing":null,
             "numbers":{"a":-1,"a":5},"texts":["\u00e4\ud83d\ude00\u20AC"],"flag":false,"also":[null]}
            """#
        let read = try #require(JSONText.decode(Sample.self, from: Array(text.utf8)))
        var expected = Sample()
        expected.time = .noon
        expected.unknown = 2
        expected.ratio = -0.5
        expected.large = 3
        expected.numbers = ["a": -1]
        expected.texts = ["ä😀€"]
        #expect(read == expected)
    }

    @Test(
        "a member that is missing or something else is damage",
        arguments: [
            ("\"flag\":true", "\"flag\":1"), ("\"flag\":true,", ""), ("\"large\":18446744073709551615", "\"large\":-1"),
            ("18446744073709551615", "18446744073709551616"), ("18446744073709551615", "1.0"), ("0.1", "\"0.1\""),
            ("0.1", "1e999"), ("2026-11-23T12", "2026-13-23T12"), ("[\"\",", "[1,"), ("\"b\":-9", "\"b\":-99"),
            (",\"unknown\":null", ""), ("\"unknown\":null", "\"unknown\":[]"), ("\"ä€😀\"", "\"\\ud83d\""),
            ("\"ä€😀\"", "\"\\ude00\\ud83d\""), ("\"numbers\":{", "\"numbers\":["),
        ])
    func damaged(old: String, new: String) {
        let text = String(decoding: JSONText.encode(sample), as: UTF8.self)
        let changed = text.replacing(old, with: new)
        #expect(changed != text)
        #expect(JSONText.decode(Sample.self, from: Array(changed.utf8)) == nil)
    }

    @Test(
        "what is no JSON is not read",
        arguments: [
            "", " ", "{", "}", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "[1 2]", "{a:1}",
            "{'a':1}",
            "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "tru", "truex", "nul", "\"", "\"\\\"", "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"", "\"\n\"", "1 1", "{} x", "NaN", "[1]]", "\u{FEFF}{}",
            String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
        ])
    func noJSON(text: String) {
        #expect(JSONIndex(Array(text.utf8)) == nil)
    }

    @Test("bytes that are no UTF-8 are not read")
    func encoding() {
        #expect(JSONIndex([0x22, 0xFF, 0x22]) == nil)
        #expect(JSONIndex([0x22, 0xC3, 0x22]) == nil)
        #expect(JSONIndex(Array("\"ä\"".utf8)) != nil)
    }
}
