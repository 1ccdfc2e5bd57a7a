import Foundation
import Testing

@testable import servercheck

@Suite struct ScanJSONTests {
    private let time = Timestamp(seconds: 1_795_435_200)

    private func string(_ text: String?) -> String {
        var bytes: [UInt8] = []
        ScanJSON.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "text becomes a JSON string that no terminal obeys",
        arguments: [
            (nil, "null"), ("", #""""#), ("root", #""root""#), (#"a"b\c"#, #""a\"b\\c""#), ("a|b/c", #""a|b/c""#),
            ("\u{1B}[31m\r\n\t\0", #""\u001b[31m\u000d\u000a\u0009\u0000""#), ("\u{7F}\u{9B}", #""\u007f\u009b""#),
            ("\u{202E}x\u{2028}", #""\u202ex\u2028""#), ("grüße 漢 😀", #""grüße 漢 😀""#),
            ("\u{E0041}", #""\udb40\udc41""#), ("\u{FFFD}", "\"\u{FFFD}\""),
        ] as [(String?, String)])
    func strings(text: String?, json: String) throws {
        #expect(string(text) == json)
        let back = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        #expect(back as? String == text)
    }

    @Test("an event is one line with every key")
    func event() {
        var bytes: [UInt8] = []
        var json = ScanJSON()
        json.append(
            AttemptEvent(
                time: time, address: "192.0.2.7", port: 4711, user: "a\"b", method: "password", invalidUser: true,
                count: 2, kind: .failure), to: &bytes)
        json.append(
            AttemptEvent(
                time: time + 1, address: nil, port: nil, user: nil, method: nil, invalidUser: false, count: 1,
                kind: .login),
            to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                {"time":"\(time.localText)","address":"192.0.2.7","port":4711,"user":"a\\"b","method":"password",\
                "invalid_user":true,"count":2,"kind":"failure"}
                {"time":"\((time + 1).localText)","address":null,"port":null,"user":null,"method":null,\
                "invalid_user":false,"count":1,"kind":"login"}

                """)
    }

    @Test("the totals of nothing have every key too")
    func empty() {
        #expect(
            text(AttemptSummary()) == """
                {"lines":0,"bytes":0,"sshd_lines":0,"unparsed":0,"attempts":0,"connections":0,"logins":0,"first":null,\
                "last":null,"by_address":[],"by_user":[],"peak":null}

                """)
    }

    @Test("the totals are what the design names")
    func totals() {
        var summary = AttemptSummary()
        (summary.lines, summary.bytes, summary.sshdLines, summary.unparsed) = (10, 900, 8, 1)
        (summary.attempts, summary.connections, summary.logins) = (7, 3, 1)
        (summary.first, summary.last) = (time, time + 60)
        summary.byAddress = [
            .init(address: "192.0.2.7", attempts: 6, first: time, last: time + 60),
            .init(address: "::1", attempts: 1, first: time, last: time),
        ]
        summary.byUser = [.init(user: "root", attempts: 5), .init(user: "\n", attempts: 2)]
        summary.peak = .init(attempts: 6, start: time, duration: 30)
        let (start, end) = (time.localText, (time + 60).localText)
        #expect(
            text(summary) == """
                {"lines":10,"bytes":900,"sshd_lines":8,"unparsed":1,"attempts":7,"connections":3,"logins":1,\
                "first":"\(start)","last":"\(end)",\
                "by_address":[{"address":"192.0.2.7","attempts":6,"first":"\(start)","last":"\(end)"},\
                {"address":"::1","attempts":1,"first":"\(start)","last":"\(start)"}],\
                "by_user":[{"user":"root","attempts":5},{"user":"\\u000a","attempts":2}],\
                "peak":{"attempts":6,"start":"\(start)","duration":30}}

                """)
    }

    @Test(
        "long and odd addresses, large numbers, times of any year: nothing is cut",
        arguments: [
            "", "192.0.2.1", "2001:db8:ffff:ffff:ffff:ffff:ffff:fff1%eth0", String(repeating: "a", count: 48),
            String(repeating: "b", count: 49), String(repeating: "c", count: 255), "a\"\\b", "x\u{1B}y",
            "grüße.example",
        ])
    func rows(address: String) throws {
        var summary = AttemptSummary()
        for seconds in [Int64(-20_000_000_000), 0, 1_795_435_200, 300_000_000_000] {
            for attempts in [1, Int.max] {
                let first = Timestamp(seconds: seconds)
                summary.byAddress.append(.init(address: address, attempts: attempts, first: first, last: first + 1))
            }
        }
        let json = try JSONSerialization.jsonObject(with: Data(text(summary).utf8)) as? [String: Any]
        let rows = try #require(json?["by_address"] as? [[String: Any]])
        #expect(rows.count == summary.byAddress.count)
        for (row, entry) in zip(rows, summary.byAddress) {
            #expect(row["address"] as? String == address && row["attempts"] as? Int == entry.attempts)
            #expect(row["first"] as? String == entry.first.localText && row["last"] as? String == entry.last.localText)
        }
    }

    private func text(_ summary: AttemptSummary) -> String {
        var text: [UInt8] = []
        ScanJSON.write(summary) { $0(&text) }
        return String(decoding: text, as: UTF8.self)
    }
}
