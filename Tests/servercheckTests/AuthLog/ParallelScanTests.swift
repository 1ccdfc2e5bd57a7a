import Foundation
import Glibc
import Synchronization
import Testing

@testable import servercheck

/// A log that is counted in two parts against the same log counted line by line.
@Suite struct ParallelScanTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Summer time from April to October, without which there is no hour that comes twice.
    private static let zone = LocalZone { seconds in
        let month = LogTime.date(ofDay: seconds / 86_400).month
        return (4...9).contains(month) ? 7200 : 3600
    }

    private func counter(_ now: Timestamp) -> AttemptCounter {
        var rules = AttemptRules()
        rules.loginAfterFailures = 0
        rules.ignoredNetworks = [Network("198.51.100.0/24")].compactMap { $0 }
        return AttemptCounter(rules: rules, now: now, zone: ParallelScanTests.zone)
    }

    /// When the other thread counts. All further parts are its where this thread waits for it meanwhile.
    private enum Turn {
        case any
        /// At once: this one waits until it has begun, in the middle of the log.
        case beside
        /// Before this one begins.
        case first
        /// When this one has read a third.
        case amid
    }

    /// Counts logs one after the other, both ways, and expects the same.
    ///
    /// - Parameters:
    ///   - ending: what stands behind the last line.
    ///   - other: when the other thread counts.
    ///   - shortAfter: so often memory is not short when that is asked.
    /// - Returns: what was found, how many of the logs were counted in parts, and how many parts behind the first ones.
    private func check(
        _ logs: [[String]], now: Timestamp, ending: String = "\n", other: Turn = .any, shortAfter: Int = .max
    ) throws -> (summary: AttemptSummary, joined: Int, laterParts: Int) {
        var alone = counter(now)
        let asked = Atomic(0)
        let isShort: @Sendable () -> Bool = { asked.add(1, ordering: .relaxed).oldValue >= shortAfter }
        var scan = ParallelScan(counter(now), worthwhile: 1, further: 1, isMemoryShort: isShort)
        let (mayBegin, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        if other == .first || other == .amid {
            scan = ParallelScan(counter(now), worthwhile: 1, further: 1, isMemoryShort: isShort) { work in
                Thread {
                    mayBegin.wait()
                    work()
                    isDone.signal()
                }.start()
                return true
            }
        }
        for lines in logs {
            for line in lines where line.utf8.count <= LineReader.longestLine { alone.consume(Array(line.utf8).span) }
            let text = Array((lines.joined(separator: "\n") + ending).utf8)
            try directory.write(text, to: "log")
            let source = try LogSource(file: OpenFile(directory.file("log"), flags: O_RDONLY))
            var steps: [Int64] = []
            var isOver = other == .any
            let end = scan.read(source, size: Int64(text.count)) { bytes in
                steps.append(bytes)
                if isOver || other == .amid && bytes < text.count / 3 { return }
                isOver = true
                if other == .beside {
                    // This one has asked once, and the other one asks when it begins to read.
                    while asked.load(ordering: .relaxed) < 2 { usleep(100) }
                } else {
                    mayBegin.signal()
                    isDone.wait()
                }
            }
            #expect(end.failure == nil && end.bytesRead == Int64(text.count))
            #expect(steps == steps.sorted() && steps.last ?? 0 <= end.bytesRead)
        }
        let expected = alone.finish(complete: true)
        var counted = scan.counter
        let found = counted.finish(complete: true)
        // Which part differs is worth more than two long values.
        for (part, other) in zip(ParallelScanTests.parts(found), ParallelScanTests.parts(expected))
        where part != other {
            Issue.record("two parts found \(part), one \(other)")
        }
        #expect(found == expected)
        return (expected, scan.joined, scan.laterParts)
    }

    private static func parts(_ summary: AttemptSummary) -> [String] {
        var rest = summary
        (rest.byAddress, rest.byUser) = ([], [])
        return ["\(rest)"] + summary.byAddress.map { "\($0)" } + summary.byUser.map { "\($0)" }
    }

    @Test("many names, host names, zones, times that go back", arguments: 0..<6)
    func names(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        var log = LogText()
        for number in 0..<16_000 {
            let fresh = Bool.random(using: &random)
            let user = fresh ? "user\(number)" : "user\(number % 300)"
            let address =
                switch Int.random(in: 0..<20, using: &random) {
                case 0 where seed > 0: "host\(number % (seed < 3 ? 200 : 700)).example"
                case 1: "fe80::\(String(number % 4000 + 1, radix: 16))%eth\(number % 30)"
                default: fresh ? "10.\(number >> 8).\(number & 255).7" : "192.0.2.\(number % 200)"
                }
            let from = "\(user) from \(address) port \(1024 + number)"
            log.add("Invalid user \(from)", pid: 1000 + number, after: 0.25)
            if number % 5 == 0 { log.add("pam_unix(sshd:auth): check pass; user unknown", pid: 900 + number) }
            if number % 7 == 0 { log.addOther() }
            log.add("Failed password for invalid user \(from) ssh2", pid: 1000 + number - number % 3)
            // A connection that logs in for hours is not known in the middle.
            let session = seed > 0 ? 900 : 90_000 + number
            if number % 97 == 0 { log.login("10.9.9.9", user: user, pid: session, port: number) }
            if seed % 2 == 1, number % 1500 == 7 {
                log.time = log.time + Double.random(in: -90_000...90_000, using: &random)
            }
        }
        let half = log.lines.count / 2
        let logs = seed == 2 ? [Array(log.lines[..<half]), Array(log.lines[half...])] : [log.lines]
        let result = try check(logs, now: log.time + 3600, other: .beside)
        #expect(result.summary.attempts > 10_000 && result.summary.byUser.count > 2000)
        if seed == 0 { #expect(result.joined == 1) }
    }

    /// Pids and ports come again, connections go on for minutes, attempts come in bursts and out of order.
    @Test("connections of few pids, with everything that sshd writes", arguments: 0..<8)
    func connections(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed) &+ 77)
        var log = LogText(format: seed % 2 == 0 ? .rfc3339 : .classic, tag: seed % 3 == 0 ? "sshd-session" : "sshd")
        for number in 0..<20_000 {
            let pid = Int.random(in: 1...(seed < 4 ? 60 : 900), using: &random)
            // Mostly the one of the pid.
            let address =
                Int.random(in: 0..<9, using: &random) == 0 ? "198.51.100.\(number % 9)" : "203.0.113.\(pid % 200)"
            let from = "u\(pid % 17) from \(address) port \(pid + Int.random(in: 0...1, using: &random))"
            let peer = "\(address) port \(pid)"
            let message =
                switch Int.random(in: 0..<14, using: &random) {
                case 0: "Invalid user \(from)"
                case 1: "Failed password for invalid user \(from) ssh2"
                case 2: "Failed password for \(from) ssh2"
                case 3: "message repeated 2 times: [ Failed password for \(from) ssh2]"
                case 4: "Connection closed by authenticating user u\(pid % 17) \(peer) [preauth]"
                case 5: "Disconnected from invalid user u\(pid % 17) \(peer) [preauth]"
                case 6: "Received disconnect from \(peer):11: Bye Bye [preauth]"
                case 7: "error: PAM: Authentication failure for illegal user u\(pid % 17) from \(address)"
                case 8: "Failed keyboard-interactive/pam for invalid user \(from) ssh2"
                case 9: "error: maximum authentication attempts exceeded for \(from) ssh2 [preauth]"
                case 10: "Accepted password for \(from) ssh2"
                case 11: "Connection from \(peer) on 10.0.0.1 port 22 rdomain \"\""
                case 12: "Connection closed by \(peer)"
                default: "pam_unix(sshd:session): session opened for user u\(pid % 17)(uid=1000) by (uid=0)"
                }
            // Quiet hours between bursts; seldom a line is late.
            let pause = number % 900 == 0 ? Double.random(in: 0...3000, using: &random) : 0.3
            log.add(message, pid: pid, after: number % 50 == 3 ? -Double.random(in: 0...40, using: &random) : pause)
            if number % 50 == 4 { log.time = log.time + 20 }
        }
        let result = try check([log.lines], now: log.time + 60, other: .beside)
        #expect(result.summary.attempts > 5000 && result.summary.peak != nil)
        if seed < 4 { #expect(result.joined == 1) }
        // The same with more parts.
        let further = try check([log.lines], now: log.time + 60, other: .first)
        if seed < 4 { #expect(further.joined == 1 && further.laterParts > 1) }
    }

    /// Years of a log without years: what the middle is read without is months before it.
    @Test("classic times mean the same in both parts", arguments: [300.0, 5000.0, 50_000.0])
    func classic(pause: Double) throws {
        var log = LogText(format: .classic)
        var random = SeededGenerator(state: UInt64(pause))
        for number in 0..<12_000 {
            let after = Double.random(in: 0..<2 * pause, using: &random)
            let isNew = Bool.random(using: &random)
            let address = isNew ? "10.\(number >> 8).\(number & 255).7" : "192.0.2.\(number % 250)"
            log.fail(address, user: "user\(number % 100)", pid: 1000 + number, port: number, after: after)
            if number % 50 == 0 { log.fail("host\(number).example", pid: 1000 + number, port: number) }
            if number % 11 == 0 { log.addOther() }
            if number % 13 == 0 { log.add("pam_unix(sshd:auth): check pass; user unknown", pid: 1000 + number) }
        }
        let summary = try check([log.lines], now: log.time + 3600).summary
        #expect(summary.attempts >= 12_000 && summary.unparsed == 0)
    }

    @Test(
        "more addresses and users than the tables hold: each part alone, or both together",
        arguments: [9000, 20_000, 36_000])
    func fullTables(count: Int) throws {
        var log = LogText()
        for number in 0..<count {
            // Some of the first ones come again in the later part.
            let name = number % 5 == 0 ? number / 9 : number
            log.fail(
                "10.\(name >> 16).\(name >> 8 & 255).\(name & 255)", user: "n\(name)", pid: 1 + number, port: 22,
                after: 0.5)
        }
        let result = try check([log.lines], now: log.time + 60, other: .beside)
        #expect(result.joined == 1)
        #expect(result.summary.attempts == count && result.summary.byUser.count == AttemptTables.userLimit)
    }

    @Test("further parts begin with the tables of the first one, which are full")
    func furtherWithFullTables() throws {
        var log = LogText()
        for number in 0..<60_000 {
            log.fail(
                "10.1.\(number >> 8 & 255).\(number & 255)", user: "n\(number % 9000)", pid: 1 + number, port: 22,
                after: 0.5)
        }
        let result = try check([log.lines], now: log.time + 60, other: .amid)
        #expect(result.summary.byAddress.count == AttemptTables.addressLimit)
        #expect(result.joined == 1 && result.laterParts > 1)
    }

    /// Either thread may be the one that asks, and the other one may wait for it.
    @Test("when memory becomes short one thread goes on alone", arguments: Array(0..<24))
    func shortMemory(after: Int) throws {
        var log = LogText()
        for number in 0..<20_000 {
            let name = number % 3 == 0 ? number / 9 : number
            log.fail("10.0.\(name >> 8 & 255).\(name & 255)", user: "n\(name)", pid: 1 + number, port: 22, after: 0.5)
        }
        let result = try check([log.lines], now: log.time + 60, shortAfter: after)
        #expect(result.summary.attempts == 20_000)
        if after == 0 { #expect(result.joined == 0) }
    }

    @Test("what cannot be counted in two parts is counted in one")
    func oneParted() throws {
        // All within a minute.
        var short = LogText()
        for number in 0..<8000 { short.fail("192.0.2.\(number % 99)", pid: number, port: number, after: 0.005) }
        #expect(try check([short.lines], now: short.time + 1).joined == 0)
        // Nobody's address is known: what is counted for a host name may yet move.
        var named = LogText()
        for number in 0..<9000 { named.fail("host\(number % 50).example", pid: number, port: number, after: 0.5) }
        #expect(try check([named.lines], now: named.time + 1).joined == 0)
        // More host names than can be told apart.
        var many = LogText()
        for number in 0..<20_000 {
            many.fail("h\(number).example", pid: 9, port: number, after: number < 9000 ? 2 : 0.1)
        }
        #expect(try check([many.lines], now: many.time + 1).joined == 0)
    }

    @Test("long lines, a last line without its end, one line, nothing", arguments: [0, 1, 2, 3])
    func ends(place: Int) throws {
        var log = LogText()
        let limit = LineReader.longestLine
        var lines: [String] = []
        for number in 0..<7000 {
            log.fail("192.0.2.\(number % 250)", pid: number % 300 + 1, port: number % 300 + 1, after: 0.5)
            lines.append(log.lines[number])
            // In the middle, and at the end.
            if number == 3490 + place * 7 || number == 6999 {
                lines.append(String(repeating: "x", count: limit + 1 + place))
            }
            if number == 3500 { lines.append(String(repeating: "y", count: [3, 1, 5, 0][place] * limit)) }
        }
        _ = try check([lines], now: log.time + 1)
        _ = try check([Array(lines.dropLast(2))], now: log.time + 1, ending: "")
        #expect(try check([["one line"]], now: log.time).joined == 0)
        #expect(try check([[]], now: log.time, ending: "").summary.lines == 0)
    }
}
