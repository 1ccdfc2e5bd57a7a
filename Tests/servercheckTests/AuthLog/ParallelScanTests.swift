import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite struct ParallelScanTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Summer time from April to October, without which there is no hour that comes twice.
    private static let zone = LocalZone { seconds in
        let month = LogTime.date(ofDay: seconds / 86_400).month
        return (4...9).contains(month) ? 7200 : 3600
    }

    private func counter(_ log: LogText) -> AttemptCounter {
        var rules = AttemptRules()
        rules.notifyLogins = true
        return AttemptCounter(rules: rules, now: log.time + 3600, zone: ParallelScanTests.zone)
    }

    /// Counts a log by one thread and by two, and expects the same of both.
    private func check(_ log: LogText, logs: Int = 1) throws -> AttemptSummary {
        var events: [AttemptEvent] = []
        var alone = counter(log)
        alone.onEvent = { events.append($0) }
        for line in log.lines { alone.consume(Array(line.utf8).span) }
        let expected = alone.finish(complete: true)

        var shared: [AttemptEvent] = []
        var other = counter(log)
        other.onEvent = { shared.append($0) }
        var scan = ParallelScan(other)
        var bytes: Int64 = 0
        let count = (log.lines.count + logs - 1) / logs
        for start in stride(from: 0, to: log.lines.count, by: count) {
            let lines = log.lines[start..<min(log.lines.count, start + count)]
            try directory.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "log")
            let source = try LogSource(file: OpenFile(directory.file("log"), flags: O_RDONLY))
            let end = scan.read(source, isLarge: true) { _ in }
            #expect(end.failure == nil)
            bytes += end.bytesRead
        }
        var counted = scan.counter
        let found = counted.finish(complete: true)
        // Which part differs is worth more than two long values.
        for (part, other) in zip(ParallelScanTests.parts(found), ParallelScanTests.parts(expected))
        where part != other {
            Issue.record("two threads found \(part), one \(other)")
        }
        #expect(bytes == Int64(expected.bytes) && expected.lines == log.lines.count)
        #expect(shared == events && events.count > 0)
        return expected
    }

    /// Everything, bit by bit.
    private static func parts(_ summary: AttemptSummary) -> [String] {
        var rest = summary
        (rest.byAddress, rest.byUser, rest.notableLogins) = ([], [], [])
        return ["\(rest)"] + summary.byAddress.map { "\($0)" } + summary.byUser.map { "\($0)" }
            + summary.notableLogins.map { "\($0)" }
    }

    @Test("two threads count what one counts: many names, host names, zones, times that go back", arguments: 0..<4)
    func names(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        var log = LogText()
        for number in 0..<16_000 {
            let fresh = Bool.random(using: &random)
            let user = fresh ? "user\(number)" : "user\(number % 300)"
            let address =
                switch Int.random(in: 0..<20, using: &random) {
                case 0: "host\(number % 700).example"
                case 1: "fe80::\(String(number % 4000 + 1, radix: 16))%eth\(number % 30)"
                default: fresh ? "10.\(number >> 8).\(number & 255).7" : "192.0.2.\(number % 200)"
                }
            let from = "\(user) from \(address) port \(1024 + number)"
            log.add("Invalid user \(from)", pid: 1000 + number, after: 0.25)
            if number % 5 == 0 { log.add("pam_unix(sshd:auth): check pass; user unknown", pid: 900 + number) }
            if number % 7 == 0 { log.addOther() }
            log.add("Failed password for invalid user \(from) ssh2", pid: 1000 + number - number % 3)
            if number % 97 == 0 { log.login("10.9.9.9", user: user, pid: 900, port: number) }
            if number % 1500 == 7 { log.time = log.time + Double.random(in: -90_000...90_000, using: &random) }
        }
        let summary = try check(log, logs: 1 + seed % 2)
        #expect(summary.attempts > 10_000 && summary.byUser.count > 2000 && summary.byAddress.count > 4096)
    }

    /// Years of a log without years: what is known when a piece is begun is months behind it.
    @Test("classic times mean the same on two threads", arguments: [300.0, 5000.0, 50_000.0])
    func classic(pause: Double) throws {
        let count = 12_000
        var log = LogText(format: .classic)
        var random = SeededGenerator(state: UInt64(pause))
        for number in 0..<count {
            let after = Double.random(in: 0..<2 * pause, using: &random)
            // Many names, which are told in the order in which they were read.
            let user = Bool.random(using: &random) ? "user\(number)" : "user\(number % 100)"
            let isNew = Bool.random(using: &random)
            let address = isNew ? "10.\(number >> 8).\(number & 255).7" : "192.0.2.\(number % 250)"
            log.fail(address, user: user, pid: 1000 + number, port: number, after: after)
            if number % 50 == 0 { log.fail("host\(number).example", pid: 1000 + number, port: number) }
            if number % 11 == 0 { log.addOther() }
            if number % 13 == 0 { log.add("pam_unix(sshd:auth): check pass; user unknown", pid: 1000 + number) }
        }
        let summary = try check(log)
        #expect(summary.attempts >= count && summary.unparsed == 0 && summary.byUser.count > 2048)
    }
}
