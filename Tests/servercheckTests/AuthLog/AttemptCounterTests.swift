import Foundation
import Testing

@testable import servercheck

/// Counts the lines of a text whole, as a scan does.
func counted(_ text: String, rules: AttemptRules = AttemptRules(), now: Timestamp = .noon) -> AttemptSummary {
    let lines = text.utf8.split(separator: 0x0A).map(Array.init)
    return countedBothWays(lines, rules: rules, now: now).summary
}

func fixture(_ name: String) throws -> String {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/" + name, withExtension: nil))
    return String(decoding: try Data(contentsOf: url), as: UTF8.self)
}

@Suite struct AttemptCounterTests {
    @Test("real logs of sshd 9.2 with repeated-message reduction, in both timestamp formats")
    func realRepeated() throws {
        for name in ["sshd-9.2-classic-repeated.log", "sshd-9.2-rfc3339-repeated.log"] {
            let summary = counted(try fixture("authlog/" + name), now: Timestamp(seconds: 1_795_449_600))
            // 3 + 3 + 6 passwords, one connection with bad keys only, one line that a user forged with a pid.
            #expect(summary.attempts == 14)
            #expect(summary.connections == 5)
            #expect(summary.logins == 1)
            #expect(summary.byAddress.map(\.address) == ["127.0.0.1", "6.6.6.7"])
            #expect(summary.byAddress.map(\.attempts) == [13, 1])
            #expect(summary.byUser.map(\.user) == ["alice", "nosuch", "root"])
            #expect(summary.byUser.map(\.attempts) == [10, 3, 1])
        }
    }
}
