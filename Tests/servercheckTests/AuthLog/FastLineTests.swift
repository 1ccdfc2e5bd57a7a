// The fast path against the general one, and against the slow reader, on what is made to lead it astray. Every counting
// test compares the two paths; these have lines for no other purpose.

import Foundation
import Testing

@testable import servercheck

@Suite struct FastLineTests {
    private static let messages = [
        "Failed password for root from 1.2.3.4 port 22 ssh2",
        "Failed password for invalid user bob from 2001:db8::1 port 65535 ssh2",
        "Invalid user admin from 203.0.113.250 port 1",
        "Connection closed by invalid user admin 203.0.113.250 port 1 [preauth]",
        "Connection reset by authenticating user root 1.2.3.4 port 22 [preauth]",
        "Disconnected from authenticating user root 2001:db8:1111:2222:3333:4444:5555:6666 port 22 [preauth]",
        "Disconnecting authenticating user root 1.2.3.4 port 22: Too many authentication failures [preauth]",
        "error: maximum authentication attempts exceeded for invalid user bob from 1.2.3.4 port 22 ssh2 [preauth]",
        "Postponed keyboard-interactive for invalid user bob from 1.2.3.4 port 22 ssh2 [preauth]",
        "Received disconnect from 1.2.3.4 port 22:11: Bye Bye [preauth]", "Connection closed by 1.2.3.4 port 22",
        "pam_unix(sshd:auth): check pass; user unknown", "Accepted password for root from 1.2.3.4 port 22 ssh2",
        "Accepted publickey for root from 1.2.3.4 port 22 ssh2: ED25519 SHA256:F1rC8qibrDd5lMYSryd5Fy4c2vBPSKUrDRx",
        "error: PAM: Authentication failure for illegal user bob from 1.2.3.4",
        "error: PAM: Authentication failure for root from 2001:db8::1",
        "User root from 203.0.113.250 not allowed because not listed in AllowUsers",
        "message repeated 3 times: [ Failed password for invalid user bob from 1.2.3.4 port 22 ssh2]",
        "message repeated 12 times: [ Failed password for root from 2001:db8::1 port 22 ssh2]",
        "Failed keyboard-interactive/pam for invalid user bob from 1.2.3.4 port 22 ssh2",
    ]

    private func texts(_ format: LogText.Format) -> [[UInt8]] {
        FastLineTests.messages.indices.map { index in
            var text = LogText(format: format, tag: index % 2 == 0 ? "sshd" : "sshd-session")
            text.add(FastLineTests.messages[index], pid: 100 + index)
            return Array((text.lines.first ?? "").utf8)
        }
    }

    @Test("a line cut anywhere counts the same on both paths", arguments: [LogText.Format.rfc3339, .classic])
    func cutAnywhere(format: LogText.Format) {
        let whole = texts(format)
        for line in whole {
            var log: [[UInt8]] = []
            for end in line.indices {
                // The line before it gives the head; a new pid makes each its own connection.
                log += [whole[0], Array(line[..<end])]
            }
            _ = countedBothWays(log)
        }
    }

    @Test("a byte put in anywhere counts the same on both paths", arguments: [LogText.Format.rfc3339, .classic])
    func bytesPutIn(format: LogText.Format) {
        let whole = texts(format)
        let bytes: [UInt8] = [0x20, 0x3A, 0x30, 0x39, 0x0D, 0x00, 0x5B, 0xC3]
        for (number, line) in whole.enumerated() {
            var log: [[UInt8]] = []
            for place in 0...line.count {
                var changed = line
                changed.insert(bytes[(place + number) % bytes.count], at: place)
                log += [whole[0], changed]
            }
            _ = countedBothWays(log)
        }
    }

    @Test("few processes with few addresses and ports, in any order, count the same on both paths", arguments: 1...8)
    func anyOrder(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var log = LogText(format: seed % 2 == 0 ? .classic : .rfc3339)
        for _ in 0..<3000 {
            var message = FastLineTests.messages.randomElement(using: &random) ?? ""
            for (old, new) in [
                ("1.2.3.4", "203.0.113.250"), ("2001:db8::1", "1.2.3.4"), ("port 22", "port 1"), ("root", "bob"),
            ]
            where Int.random(in: 0..<4, using: &random) == 0 {
                message = message.replacingOccurrences(of: old, with: new)
            }
            // Some are silent for so long that they are over.
            let pause = Int.random(in: 0..<200, using: &random) == 0 ? 700.0 : 1
            log.add(message, pid: 500 + Int.random(in: 0..<6, using: &random), after: pause)
        }
        let summary = countedBothWays(log.lines.map { Array($0.utf8) }, now: log.time + 1).summary
        #expect(summary.attempts > 500 && summary.logins > 100)
    }

    @Test("pids of any width, in any order, count the same on both paths", arguments: 1...4)
    func widths(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var log = LogText(format: seed % 2 == 0 ? .classic : .rfc3339, tag: seed < 3 ? "sshd" : "sshd-session")
        let pids = [1, 9, 12, 123, 1234, 12_345, 123_456, 1_234_567, 4_194_304, 9_999_999, 10_000_000, 4_294_967_295]
        for _ in 0..<2000 {
            // Few of them for a while, as in a log.
            let pid = pids[Int.random(in: 0..<pids.count, using: &random) * Int.random(in: 0...1, using: &random)]
            log.add("Failed password for root from 1.2.3.4 port \(pid % 7 + 1) ssh2", pid: pid)
        }
        let summary = countedBothWays(log.lines.map { Array($0.utf8) }, now: log.time + 1).summary
        #expect(summary.attempts == 2000 && summary.unparsed == 0)
    }

    /// Words that lines of sshd begin, go on and end with, in a user's name.
    @Test("names that look like the rest of a line count the same for all readers")
    func names() throws {
        let words = [
            "from", " from ", "port", " port 1", "ssh2", " ssh2", "[preauth]", "invalid user", "invalid", "user",
            "1.2.3.4",
            "::1", "", " ", "root", "x", "123456789012345", "1234567890123456", String(repeating: "n", count: 39),
            String(repeating: "n", count: 40), "illegal user ", "authenticating user ", "\u{e4}", "'; --", "\t",
        ]
        var log = LogText()
        var pid = 1
        for first in words {
            for second in words {
                let user = first + second
                // sshd cuts a name at a colon.
                if user.contains(":") { continue }
                pid += 1
                let from = "\(user) from 9.9.9.9 port \(pid)"
                log.add("Failed password for \(from) ssh2", pid: pid, after: 0.5)
                log.add("Connection closed by authenticating user \(user) 9.9.9.9 port \(pid) [preauth]", pid: pid)
                pid += 1
                log.add("Invalid user \(user) from 2001:db8::9 port \(pid)", pid: pid)
                log.add("Failed password for invalid user \(user) from 2001:db8::9 port \(pid) ssh2", pid: pid)
            }
        }
        let summary = countedBothWays(log.lines.map { Array($0.utf8) }, now: log.time + 1).summary
        #expect(Set(summary.byAddress.map(\.address)) == ["9.9.9.9", "2001:db8::9"])
        #expect(summary.attempts == summary.byAddress.reduce(0) { $0 + $1.attempts })
    }

    @Test("attempts from ever new addresses and users count as the slow reader counts them")
    func worstCase() throws {
        for format in [LogText.Format.classic, .rfc3339] {
            var log = LogText(format: format)
            for number in 1...300 {
                let address =
                    number % 3 == 0
                    ? "2001:db8:\(String(number, radix: 16))::\(String(number, radix: 16))"
                    : "10.\(number % 7).\(number % 256).\(number % 250)"
                let from = "u\(number) from \(address) port \(1000 + number)"
                log.add("Invalid user \(from)", pid: number, after: 1)
                log.add("Failed password for invalid user \(from) ssh2", pid: number)
                log.add(
                    "Connection closed by invalid user u\(number) \(address) port \(1000 + number) [preauth]",
                    pid: number)
            }
            let slow = SlowReader(log.lines, year: 2026)
            var runs = CountingRuns()
            try runs.run(log.lines, now: log.time + 86_400, complete: true)
            let fast = CountingTotals(runs.summaries)
            #expect(fast.attempts == slow.attempts && fast.connections == slow.connections)
            #expect(fast.addresses == slow.addresses && fast.users == slow.users && fast.peak == slow.peak)
        }
    }

    @Test("hosts that change, times that go back, CRLF and lines of other kinds in between", arguments: 1...6)
    func disturbed(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let format = seed % 2 == 0 ? LogText.Format.classic : .rfc3339
        let log = GeneratedLog(seed: seed, connections: 60, format: format).text
        var lines: [[UInt8]] = []
        for line in log.lines {
            var line = line
            switch Int.random(in: 0..<12, using: &random) {
            case 0: line = line.replacingOccurrences(of: " host ", with: " other-host.example ")
            case 1: line = line.replacingOccurrences(of: " host ", with: " sshd ")
            case 2: line += "\r"
            case 3: line = line.replacingOccurrences(of: "12:", with: "11:")
            case 4: line = line.replacingOccurrences(of: "Nov 23", with: "Mar 29")
            case 5: line = line.replacingOccurrences(of: ":00", with: ":60")
            case 6: line = line.replacingOccurrences(of: "+00:00", with: "-05:30")
            case 7: lines.append(Array("last message buffered 3 times".utf8))
            case 8: lines.append(Array(line.replacingOccurrences(of: "sshd[", with: "sudo[").utf8))
            default: break
            }
            lines.append(Array(line.utf8))
        }
        _ = countedBothWays(lines, now: log.time + 86_400)
        // Each hour of the clock's change comes twice, or not at all.
        let zone = LocalZone { $0 % 7200 < 3600 ? 3600 : 7200 }
        _ = countedBothWays(lines, now: log.time + 86_400, zone: zone)
    }

    @Test("minute after minute, hours that change with the zone, and minutes that are none", arguments: 1...4)
    func minutes(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var log = LogText(format: seed % 2 == 0 ? .classic : .rfc3339)
        var lines: [[UInt8]] = []
        for number in 0..<1200 {
            let after = number % 9 == 0 ? Double.random(in: -400...60, using: &random) : 19
            log.fail("192.0.2.\(number % 7)", pid: number % 40 + 1, port: number % 40 + 1, after: after)
            var line = log.lines.last ?? ""
            switch Int.random(in: 0..<20, using: &random) {
            case 0: line = line.replacingOccurrences(of: "sshd[", with: "sudo[")
            case 1: line = line.replacingOccurrences(of: ":0", with: ":6")
            case 2: line = line.replacingOccurrences(of: ":1", with: ":x")
            default: break
            }
            lines.append(Array(line.utf8))
        }
        // Each hour of the clock's change comes twice, or not at all.
        for zone in [LocalZone.utc, LocalZone { $0 % 7200 < 3600 ? 3600 : 7200 }] {
            let summary = countedBothWays(lines, now: log.time + 86_400, zone: zone).summary
            #expect(summary.attempts > 500 && summary.unparsed > 0)
        }
    }

    @Test("lines across the borders of the reader's buffer, and overlong ones, count as they do alone")
    func borders() throws {
        let directory = try TemporaryDirectory()
        let log = GeneratedLog(seed: 9, connections: 600, format: .rfc3339).text
        var file: [UInt8] = []
        var alone = AttemptCounter(rules: AttemptRules(), now: log.time, zone: .utc)
        for (number, line) in log.lines.enumerated() {
            var bytes = Array(line.utf8)
            if number % 300 == 7 {
                file += Array(repeating: 0x78, count: [100, 65_536, 65_537, 140_000][number / 300 % 4]) + [0x0A]
            }
            alone.consume(bytes.span)
            if number % 5 == 0 { bytes.append(0x0D) }
            file += bytes + [0x0A]
        }
        try directory.write(file, to: "auth.log")
        var counter = AttemptCounter(rules: AttemptRules(), now: log.time, zone: .utc)
        var input = ScanInput(paths: [directory.file("auth.log")], now: log.time, zone: .utc)
        input.readPieces { counter.consume($0) }
        var found = counter.finish(complete: true)
        let expected = alone.finish(complete: true)
        (found.lines, found.bytes) = (expected.lines, expected.bytes)
        #expect(found == expected)
        #expect(expected.attempts > 600)
    }
}
