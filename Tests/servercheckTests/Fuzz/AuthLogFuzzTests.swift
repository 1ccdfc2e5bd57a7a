import Foundation
import Testing

@testable import servercheck

@Suite struct AuthLogFuzzTests {
    private static let names = [
        "sshd-9.2-classic-repeated.log", "sshd-9.2-rfc3339-repeated.log", "sshd-9.2-rfc3339.log",
    ]
    private static let words = [
        "sshd[1]: ", "sshd-session[2]: ", "sshd-auth[3]: ", "message repeated 3 times: [ ", "Failed password for ",
        "invalid user ", "illegal user ", "authenticating user ", " from ", " port ", " port", " ssh2", " [preauth]",
        "Accepted ",
        "error: PAM: ", "Invalid user ", "Connection closed by ", "Disconnecting ", "Connection from ", "UNKNOWN",
        "203.0.113.9", "::ffff:203.0.113.9", "fe80::1%eth0", "2001:db8::1", "Feb 29 ", "Dec 31 23:59:60 ",
        "0000-01-01T00:00:00Z", "9999-12-31T23:59:60-23:59", " not allowed because ", "ROOT LOGIN REFUSED FROM ",
        "Postponed ", "Failed none for ", "keyboard-interactive/pam",
    ]
    private static let zones: [LocalZone] = [
        .utc, LocalZone { _ in 50_400 }, LocalZone { $0 % 1000 < 500 ? -43_200 : 3600 }, LocalZone { _ in .max / 2 },
    ]

    private func lines() throws -> [[UInt8]] {
        try Self.names.flatMap { name in
            try fixture("authlog/" + name).split(separator: "\n").map { Array($0.utf8) }
        }
    }

    /// Every address that a space ends or begins, in the spelling of inet_ntop(3), and every other word.
    private func words(in log: [[UInt8]]) -> Set<String> {
        var words: Set<String> = []
        for line in log {
            for word in line.split(whereSeparator: { $0 == 0x20 || $0 == 0x0D }) {
                // A reason follows the port behind a colon, rsyslog's bracket the last word.
                let text = String(decoding: word, as: UTF8.self)
                words.insert(text)
                let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
                guard let address = IPAddress(String(parts[0])) else { continue }
                words.insert(parts.count > 1 ? "\(address.text)%\(parts[1])" : address.text)
                words.insert(address.text)
            }
        }
        return words
    }

    private func nowOf(_ random: inout SeededGenerator) -> Timestamp {
        let days = [0, 1, -1, 365, 3650, -3650, 20_000_000].randomElement(using: &random) ?? 0
        return .noon + Double(days) * 86_400
    }

    /// What holds for every log, whatever is in it.
    private func check(_ summary: AttemptSummary, _ log: [[UInt8]], previously: Int, round: Int) throws {
        let sums =
            (summary.byAddress.reduce(
                summary.attemptsFromOtherAddresses.addingSaturated(summary.attemptsWithoutAddress)
            ) {
                $0.addingSaturated($1.attempts)
            })
        try #require(sums == summary.attempts, "round \(round): attempts that belong nowhere")
        try #require(summary.attemptsTotal == previously.addingSaturated(summary.attempts), "round \(round)")
        try #require(summary.lines == log.count && summary.unparsed <= summary.sshdLines, "round \(round)")
        try #require((summary.peak?.attempts ?? 0) >= 0 && summary.attempts >= 0, "round \(round)")
        let words = words(in: log)
        for row in summary.byAddress {
            try #require(words.contains(row.address), "round \(round): \(row.address) is not in the log")
        }
        for login in summary.notableLogins {
            if let address = login.address {
                try #require(words.contains(address), "round \(round): \(address) is not in the log")
            }
        }
    }

    @Test("whatever a log holds, counting ends, the sums agree, and every address named is one that the log names")
    func mutatedLogs() throws {
        let lines = try lines()
        let mutator = Mutator(words: Self.words, samples: lines)
        try FuzzRounds.run(1200) { random, round in
            let first = Int.random(in: 0..<lines.count, using: &random)
            var log = Array(lines[first..<min(lines.count, first + Int.random(in: 1...12, using: &random))])
            for index in log.indices where Bool.random(using: &random) { mutator.change(&log[index], &random) }
            log = log.flatMap { $0.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init) }
            var rules = AttemptRules()
            rules.amount = [0, 5, 1_000_000].randomElement(using: &random) ?? 5
            rules.durationSeconds = [1, 30, 86_400].randomElement(using: &random) ?? 30
            rules.notifyLogins = true
            let zone = Self.zones.randomElement(using: &random) ?? .utc
            let now = nowOf(&random)
            // In one pass, and in two with the memory between them.
            let middle = Int.random(in: 0...log.count, using: &random)
            var memory = AttemptMemory()
            var previously = 0
            for part in [log[..<middle], log[middle...]] {
                let counted = countedBothWays(
                    Array(part), rules: rules, memory: memory, now: now, zone: zone, complete: false)
                let summary = counted.summary
                try check(summary, Array(log[..<part.endIndex]), previously: previously, part: part.count, round: round)
                previously = summary.attemptsTotal
                let data = JSONText.encode(counted.memory)
                try #require(data.count < 48 << 10, "round \(round): \(data.count) bytes to remember")
                memory = try #require(JSONText.decode(AttemptMemory.self, from: data))
                try #require(memory == counted.memory, "round \(round)")
            }
            let counted = countedBothWays(log, rules: rules, now: now, zone: zone)
            try check(counted.summary, log, previously: 0, round: round)
        }
    }

    private func check(
        _ summary: AttemptSummary, _ log: [[UInt8]], previously: Int, part: Int, round: Int
    ) throws {
        var whole = summary
        whole.lines += log.count - part
        try check(whole, log, previously: previously, round: round)
    }

    @Test("names that hold whole log lines accuse nobody, and hide nobody")
    func decoys() throws {
        try FuzzRounds.run(1500) { random, round in
            var expected = 0
            var isCut = false
            var log: [String] = []
            for index in 0..<Int.random(in: 1...4, using: &random) {
                let connection = SSHDForger.connection(pid: 100 + index, &random)
                log += connection.lines
                if let attempts = connection.attempts { expected += attempts } else { isCut = true }
            }
            let isClassic = Bool.random(using: &random)
            let prefix = isClassic ? "Nov 23 11:59:07 vm " : "2026-11-23T11:59:07.123456+00:00 vm "
            let text = log.map { prefix + $0 }.joined(separator: "\n")
            let summary = counted(text)
            let addresses = Set(summary.byAddress.map(\.address))
            try #require(addresses.isSubset(of: SSHDForger.peers), "round \(round): \(addresses)\n\(text)")
            try #require(summary.logins == 0 && summary.unparsed == 0, "round \(round)\n\(text)")
            if isCut {
                try #require(summary.attempts >= expected, "round \(round): \(summary.attempts)\n\(text)")
            } else {
                try #require(
                    summary.attempts == expected && summary.attemptsWithoutAddress == 0,
                    "round \(round): \(summary.attempts), not \(expected)\n\(text)")
            }
        }
    }

    @Test("a line of another program counts nothing, whatever it says behind its tag")
    func foreignTags() throws {
        let lines = try lines()
        let tags = [
            "sshd: ", "sshd[12]", "sshd[12] ", "sshd[12]:", "sshd[]: ", "sshd[-1]: ", "sshd[1x]: ", "xsshd[12]: ",
            "sshd[4294967296]: ", "sshd[99999999999999999999]: ", "sshd-[12]: ", "sshd-sessions[12]: ", "Sshd[12]: ",
            "sshd-auth-session[12]: ", "sudo: ", "CRON[12]: ", "sudo: pam: sshd[12]: ", "a sshd[12]: ", "[12]: ",
            "sshd[12]: sshd[12]: ", "sshd[ 12]: ", "sshd\0[12]: ", "su[3]: Failed password for root from 203.0.113.9 ",
        ]
        try FuzzRounds.run(600) { random, round in
            let tag = tags.randomElement(using: &random) ?? ""
            let line = lines.randomElement(using: &random) ?? []
            let message = String(decoding: line, as: UTF8.self)
            let behind = message.range(of: "]: ").map { String(message[$0.upperBound...]) } ?? message
            for text in [message, behind] {
                let summary = counted("Nov 23 11:59:07 vm \(tag)\(text)")
                try #require(summary.attempts == 0 && summary.logins == 0, "round \(round): \(tag)\(text)")
            }
        }
    }

    @Test("any bytes are a time or none, and time moves no further than the years that can be written")
    func times() throws {
        let samples =
            try lines().map { Array($0.prefix(40)) }
            + ["Feb 29 12:00:00 x sshd[1]: ", "Dec 31 23:59:60 x sshd"]
            .map { Array($0.utf8) }
        let mutator = Mutator(
            words: Self.words + ["Jan", "Dec", "+14:00", "-23:59", "T24:00:00", "."], samples: samples)
        try FuzzRounds.run(6000) { random, round in
            let previous =
                [nil, Timestamp.noon, Timestamp(microseconds: .max), Timestamp(microseconds: .min)]
                .randomElement(using: &random) ?? nil
            var time = LogTime(
                now: nowOf(&random), zone: Self.zones.prefix(3).randomElement(using: &random) ?? .utc,
                previous: previous)
            for _ in 0..<3 {
                let line = mutator.next(&random)
                guard case .sshd(_, let style, _) = LinePrefix(line.span),
                    let read = time.time(of: line.span, style: style)
                else { continue }
                try #require(abs(read.seconds) < 1_800_000_000_000, "round \(round): \(read)")
            }
        }
    }
}
