// Generated logs: two readers agree on them, and so do one pass and many runs.

import Foundation
import Testing

@testable import servercheck

/// A log of many connections whose lines are mixed, with everything that sshd and attackers write.
struct GeneratedLog {
    private(set) var text = LogText()
    private var random: SeededGenerator

    private static let users = [
        "root", "alice", "a b", "", " x ", "x from 6.6.6.6 port 22 ssh2", "x 6.6.6.6 port 22", "alice [preauth]",
        "invalid user y", "from 6.6.6.6 port 1", "Failed password for root from 6.6.6.6 port 1 ssh2", "sshd[1]",
        "a not allowed because b", "for root",
    ]
    private static let addresses = [
        "1.2.3.4", "5.6.7.8", "2001:db8::1", "fe80::1%eth0", "::ffff:9.9.9.9", "10.0.0.1", "::1",
    ]

    /// - Parameter others: how many lines of other daemons stand before each line.
    init(seed: UInt64, connections: Int, format: LogText.Format, tag: String = "sshd", others: Int = 0) {
        random = SeededGenerator(state: seed)
        text.format = format
        text.tag = tag
        var open: [(pid: Int, messages: [String])] = []
        var pid = 100
        var left = connections
        while left > 0 || !open.isEmpty {
            if left > 0, open.count < 12, open.isEmpty || Int.random(in: 0..<3, using: &random) == 0 {
                // Pids come again when the connections before are over.
                pid = pid >= 160 ? 101 : pid + 1
                while open.contains(where: { $0.pid == pid }) { pid += 1 }
                open.append((pid, messages()))
                left -= 1
            }
            let index = Int.random(in: 0..<open.count, using: &random)
            let message = open[index].messages.removeFirst()
            let pause = Double(Int.random(in: 0..<8, using: &random)) * (format == .classic ? 1 : 0.25)
            for _ in 0..<others { text.addOther() }
            text.add(message, pid: open[index].pid, after: pause)
            if open[index].messages.isEmpty { open.remove(at: index) }
        }
    }

    private mutating func pick(_ list: [String]) -> String { list[Int.random(in: 0..<list.count, using: &random)] }

    /// All lines of one connection.
    private mutating func messages() -> [String] {
        let user = pick(GeneratedLog.users)
        let address = pick(GeneratedLog.addresses)
        let port = Int.random(in: 1...65_535, using: &random)
        let from = "\(user) from \(address) port \(port)"
        var lines: [String] = []
        let kind = Int.random(in: 0..<13, using: &random)
        // Where the first line has no port it would belong to the connection that had the same pid before.
        if [5, 6, 12].contains(kind) || Int.random(in: 0..<5, using: &random) == 0 {
            lines.append("Connection from \(address) port \(port) on 10.9.9.9 port 22")
        }
        let tries = Int.random(in: 1...4, using: &random)
        let invalid = "invalid user \(user) \(address) port \(port)"
        let valid = "authenticating user \(user) \(address) port \(port)"
        let closing = pick(["Connection closed by", "Connection reset by", "Disconnected from"])
        switch kind {
        case 0:
            for _ in 0..<tries { lines.append("Failed password for \(from) ssh2") }
            lines.append("\(closing) \(valid) [preauth]")
        case 1:
            lines.append("Invalid user \(from)")
            for _ in 0..<tries { lines.append("Failed password for invalid user \(from) ssh2") }
            lines.append("\(closing) \(invalid) [preauth]")
        case 2:
            lines += ["Invalid user \(from)", "\(closing) \(invalid) [preauth]"]
        case 3:
            lines.append("\(closing) \(valid) [preauth]")
        case 4:
            lines += [
                "error: maximum authentication attempts exceeded for \(from) ssh2 [preauth]",
                "Disconnecting \(valid): Too many authentication failures [preauth]",
            ]
        case 5:
            for _ in 0..<tries {
                lines.append("error: PAM: Authentication failure for illegal user \(user) from \(address)")
                if Bool.random(using: &random) {
                    lines.append("Failed keyboard-interactive/pam for invalid user \(from) ssh2")
                }
            }
            lines.append("Postponed keyboard-interactive for invalid user \(from) ssh2 [preauth]")
            lines.append("\(closing) \(invalid) [preauth]")
        case 6:
            lines.append("User bob from gate.example.org not allowed because not listed in AllowUsers")
            for _ in 1..<tries {
                lines.append("Failed password for invalid user bob from \(address) port \(port) ssh2")
            }
            lines.append("\(closing) invalid user bob \(address) port \(port) [preauth]")
        case 7:
            lines.append("Failed none for invalid user \(from) ssh2")
            lines.append("message repeated \(tries) times: [ Failed password for invalid user \(from) ssh2]")
            lines.append("\(closing) \(invalid) [preauth]")
        case 8:
            lines += [
                "Failed publickey for \(from) ssh2: RSA SHA256:from 6.6.6.6 port 1 ssh2",
                "Accepted publickey for \(from) ssh2: RSA SHA256:x",
                "Received disconnect from \(address) port \(port):11: bye", "Disconnected from user \(user) x port 1",
            ]
        case 9:
            for _ in 0..<tries { lines.append("Failed password for \(from) ssh2") }
            lines += ["Accepted password for \(from) ssh2", "Disconnected from \(address) port \(port)"]
        case 10:
            lines += ["error: kex_exchange_identification: x", "Connection closed by \(address) port \(port)"]
        case 11:
            // A port scan: what it leaves is nothing.
            lines += ["Did not receive identification string from \(address) port \(port)"]
        default:
            lines.append("Disconnecting: Too many authentication failures [preauth]")
        }
        return lines
    }
}

@Suite struct AttemptCounterRandomTests {
    /// More while developing: `LOGS=500 swift test --filter AttemptCounterRandomTests`.
    private static let seeds = 1...(ProcessInfo.processInfo.environment["LOGS"].flatMap(UInt64.init) ?? 4)
    private static let now = Timestamp.noon + 86_400

    private func bothFormats(_ check: (LogText.Format) throws -> Void) rethrows {
        try check(.classic)
        try check(.rfc3339)
    }

    @Test("a slow reader, written from the design alone, counts the same", arguments: seeds)
    func slowReader(seed: UInt64) throws {
        try bothFormats { format in
            // Both tags, alone and between the lines of other daemons.
            let log = GeneratedLog(
                seed: seed, connections: 120, format: format, tag: seed % 2 == 0 ? "sshd" : "sshd-session",
                others: seed % 4 < 2 ? 0 : 4)
            let lines = log.text.lines
            let slow = SlowReader(lines, year: 2026)
            var runs = CountingRuns()
            try runs.run(lines, now: Self.now, complete: true)
            let fast = CountingTotals(runs.summaries)
            #expect(fast.attempts == slow.attempts)
            #expect(fast.connections == slow.connections)
            #expect(fast.logins == slow.logins)
            #expect(fast.peak == slow.peak)
            #expect(fast.users == slow.users)
            #expect(fast.addresses == slow.addresses.filter { $0.key != "none" })
            #expect(fast.withoutAddress == slow.addresses["none", default: 0])
        }
    }

    @Test("a generated log split into two runs anywhere counts as in one pass", arguments: seeds)
    func splits(seed: UInt64) throws {
        try bothFormats { format in
            let log = GeneratedLog(seed: seed, connections: 20, format: format).text
            try checkSplits(log.lines, now: log.time + 1)
        }
    }

    @Test("a real log split into two runs anywhere counts as in one pass")
    func realSplits() throws {
        for name in ["sshd-9.2-classic-repeated.log", "sshd-9.2-rfc3339-repeated.log", "sshd-9.2-rfc3339.log"] {
            // Without the hundred port scans, which differ in nothing.
            let lines = try fixture("authlog/" + name).split(separator: "\n").map(String.init).filter {
                $0.contains(" sshd[") && !$0.contains("kex_exchange") && !$0.contains("Connection reset by")
            }
            try checkSplits(lines, now: Timestamp(seconds: 1_795_449_600))
        }
    }

    @Test("a run after every few lines counts as one pass", arguments: seeds)
    func manyRuns(seed: UInt64) throws {
        try bothFormats { format in
            let log = GeneratedLog(seed: seed, connections: 100, format: format).text
            var random = SeededGenerator(state: seed)
            var whole = CountingRuns()
            try whole.run(log.lines, now: log.time + 1)
            var runs = CountingRuns()
            var rest = log.lines[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 0...9, using: &random))
                try runs.run(rest.prefix(count), now: log.time + 1)
                rest = rest.dropFirst(count)
            }
            for index in [0, 1] {
                let now = log.time + 1 + Double(index) * 700
                try whole.run([], now: now)
                try runs.run([], now: now)
            }
            #expect(CountingTotals(runs.summaries).differences(CountingTotals(whole.summaries)) == [])
        }
    }

    private func checkSplits(_ lines: [String], now: Timestamp) throws {
        var whole = CountingRuns()
        try whole.run(lines, now: now)
        try whole.run([], now: now + 700)
        let expected = CountingTotals(whole.summaries)
        for place in 0...lines.count {
            var runs = CountingRuns()
            try runs.run(lines[..<place], now: now)
            try runs.run(lines[place...], now: now)
            try runs.run([], now: now + 700)
            let totals = CountingTotals(runs.summaries)
            #expect(totals == expected, "split before line \(place + 1)")
            if totals != expected { return }
        }
    }
}
