import Foundation
import Testing

@testable import servercheck

@Suite struct JSONParserTests {
    private func parse(_ text: String) -> Result<JSONValue, JSONSyntaxError> {
        Result { () throws(JSONSyntaxError) in try JSONParser.parse(Array(text.utf8)).value }
    }

    private func message(_ bytes: [UInt8]) -> String {
        do throws(JSONSyntaxError) {
            return "no error: \(try JSONParser.parse(bytes).value)"
        } catch {
            return error.description
        }
    }

    @Test("every kind of value is read")
    func values() {
        let text = """
             { "n": null, "t": true, "f": false, "a": [1, -2.5, 0, 1e3, 1.5E-2], "o": {}, "e": [],
               "s": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\u0000 é😀", "": "empty key" }
            """
        let expected = JSONValue.object([
            "n": .null, "t": .bool(true), "f": .bool(false), "o": .object([:]), "e": .array([]),
            "a": .array([.number(1), .number(-2.5), .number(0), .number(1000), .number(0.015)]),
            "s": .string("\"\\/\u{8}\u{C}\n\r\té😀\0 é😀"), "": .string("empty key"),
        ])
        #expect(parse(text) == .success(expected))
    }

    @Test(
        "a mistake is told with its line, its column and what to do",
        arguments: [
            ("", "is empty"),
            (" \n ", "is empty"),
            ("{\n  \"a\": 1,\n}", "line 2, column 9: a comma before }: remove the comma"),
            ("[1, ]", "line 1, column 3: a comma before ]: remove the comma"),
            ("{\"a\": 1 \"b\": 2}", "line 1, column 9: expected a comma or }"),
            ("[1 2]", "line 1, column 4: expected a comma or ]"),
            ("{ // sensors\n}", "line 1, column 3: expected a key in double quotes; JSON has no comments"),
            ("{\"a\": 1 # one\n}", "line 1, column 9: expected a comma or }; JSON has no comments"),
            ("{} // end", "line 1, column 4: nothing may follow the last closing bracket; JSON has no comments"),
            ("{}}", "line 1, column 3: nothing may follow the last closing bracket"),
            ("{'a': 1}", "line 1, column 2: expected a key in double quotes; JSON knows only double quotes"),
            ("{\"é\": 'x'}", "line 1, column 7: expected a value; JSON knows only double quotes"),
            ("{a: 1}", "line 1, column 2: expected a key in double quotes"),
            ("{\"a\" 1}", "line 1, column 6: expected a colon after the key"),
            ("{\"a\": True}", "line 1, column 7: write true in lower case, without quotes"),
            ("{\"a\": no}", "line 1, column 7: write false in lower case, without quotes"),
            ("{\"a\": None}", "line 1, column 7: write null in lower case, without quotes"),
            ("{\"a\": home}", "line 1, column 7: expected a value; a text needs double quotes"),
            ("{\"a\": }", "line 1, column 7: expected a value"),
            ("{\"a\": [\n1", "line 2, column 2: the file ends, but the [ of line 1 is not closed"),
            ("{\n\"a\": 1", "line 2, column 7: the file ends, but the { of line 1 is not closed"),
            ("{\"a\"", "line 1, column 5: the file ends, but the { of line 1 is not closed"),
            ("{\"a\": \"x\n}", "line 1, column 7: the closing double quote is missing"),
            ("{\"a", "line 1, column 2: the closing double quote is missing"),
            ("\"a\tb\"", "line 1, column 3: a control character: write it as \\u00…"),
            ("\"C:\\Users\"", "line 1, column 4: no such escape after the backslash: write a backslash itself as \\\\"),
            ("\"\\", "line 1, column 2: no such escape after the backslash: write a backslash itself as \\\\"),
            ("\"\\ud800\"", "line 1, column 2: no such escape after the backslash: write a backslash itself as \\\\"),
            ("\"\\u+123\"", "line 1, column 2: no such escape after the backslash: write a backslash itself as \\\\"),
            ("[01]", "line 1, column 2: no number that JSON knows; a text needs double quotes"),
            ("[1.]", "line 1, column 2: no number that JSON knows; a text needs double quotes"),
            ("[-]", "line 1, column 2: no number that JSON knows; a text needs double quotes"),
            ("[1e400]", "line 1, column 2: no number that JSON knows; a text needs double quotes"),
            ("[.5]", "line 1, column 2: expected a value"),
            ("[NaN]", "line 1, column 2: expected a value; a text needs double quotes"),
        ])
    func mistakes(text: String, expected: String) {
        #expect(message(Array(text.utf8)) == expected)
    }

    @Test(
        "what is not UTF-8 is told in words",
        arguments: [
            ([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], "begins with a byte order mark: save it as UTF-8 without BOM"),
            ([0xFF, 0xFE, 0x7B, 0x00], "is not UTF-8 but looks like UTF-16: save it as UTF-8"),
            ([0x7B, 0x00, 0x7D, 0x00], "is not UTF-8 but looks like UTF-16: save it as UTF-8"),
            ([0x00, 0x7B, 0x00, 0x7D], "is not UTF-8 but looks like UTF-16: save it as UTF-8"),
            ([0x22, 0x61, 0x0A, 0xFC, 0x22], "line 2: holds bytes that are not UTF-8: save the file as UTF-8"),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], "line 1: holds bytes that are not UTF-8: save the file as UTF-8"),
        ] as [([UInt8], String)])
    func encodings(bytes: [UInt8], expected: String) {
        #expect(message(bytes) == expected)
    }

    @Test("a hundred thousand opening brackets are refused, not followed")
    func depth() {
        let expected = "line 1, column 65: more than 64 brackets deep"
        #expect(message([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) == expected)
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(message(Array(objects.utf8)) == "line 1, column 321: more than 64 brackets deep")
    }

    @Test("a key given twice is told with its path and line, however it is written; the first value stays")
    func twice() throws {
        let text = "{\"a\": [{\"key\": 1,\n\"k\\u0065y\": 2}],\n\"b|\\n\": 1, \"b|\\n\": 2}"
        let (value, problems) = try JSONParser.parse(Array(text.utf8))
        #expect(value == .object(["a": .array([.object(["key": .number(1)])]), "b|\n": .number(1)]))
        #expect(
            problems == [
                ConfigProblem(path: "a[0].key", text: "is given twice (again in line 2)"),
                ConfigProblem(path: "[a key of 3 characters]", text: "is given twice (again in line 3)"),
            ])
    }

    // Foundation lets a comma before a closing bracket pass; RFC 8259 and the ancestor's Python do not.
    @Test("any one byte changed or left out of a config gives the verdict of Foundation's parser, but for last commas")
    func mutations() {
        let original = Array("{ \"a\": [ { \"b\": -1.5e2, \"c\": \"x\\n\\u00e9é\" }, true ],\n\"d\": null }".utf8)
        let replacements = Array("{}[]\",:\\/ue0-+.tn #'\n\t".utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xFF]
        var disagreements: [String] = []
        for offset in original.indices {
            var changes = replacements.map { replacement in
                var bytes = original
                bytes[offset] = replacement
                return bytes
            }
            changes.append(Array(original[..<offset] + original[(offset + 1)...]))
            changes.append(Array(original[..<offset]))
            for bytes in changes {
                let ours = (try? JSONParser.parse(bytes)) != nil
                let theirs = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
                if ours != theirs, !message(bytes).contains("a comma before") {
                    disagreements.append("\(String(decoding: bytes, as: UTF8.self)): \(ours)")
                }
            }
        }
        #expect(disagreements == [])
    }
}
