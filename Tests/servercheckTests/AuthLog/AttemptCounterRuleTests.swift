// The rules of counting, one story each.

import Testing

@testable import servercheck

@Suite struct AttemptCounterRuleTests {
    /// One log, lines `PID MESSAGE`, a second apart; the summary of one pass.
    private func pass(_ lines: [String], rules: AttemptRules = AttemptRules()) throws -> AttemptSummary {
        var log = LogText()
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 1)
            log.add(String(parts[1]), pid: Int(parts[0]) ?? 0, after: 1)
        }
        var runs = CountingRuns(rules: rules)
        try runs.run(log.lines, now: log.time + 1, complete: true)
        return runs.last
    }

    private static let failed = "Failed password for root from 1.2.3.4 port 22 ssh2"
    private static let pam = "error: PAM: Authentication failure for root from 1.2.3.4"
    private static let keyboard = "Failed keyboard-interactive/pam for root from 1.2.3.4 port 22 ssh2"
    private static let invalid = "Invalid user x from 1.2.3.4 port 22"
    private static let closedInvalid = "Connection closed by invalid user x 1.2.3.4 port 22 [preauth]"
    private static let closed = "Connection closed by authenticating user root 1.2.3.4 port 22 [preauth]"
    private static let accepted = "Accepted password for root from 1.2.3.4 port 22 ssh2"

    /// lines, attempts, connections, by address
    @Test(
        "attempts, connections and addresses",
        arguments: [
            // One for each failure, none for what closes their connection.
            (["1 " + failed], 1, 1, ["1.2.3.4": 1]),
            (["1 " + failed, "1 " + failed, "1 " + failed, "1 " + closed], 3, 1, ["1.2.3.4": 3]),
            (
                [
                    "1 " + invalid, "1 Failed password for invalid user x from 1.2.3.4 port 22 ssh2",
                    "1 " + closedInvalid,
                ], 1, 1, ["1.2.3.4": 1]
            ),
            (["1 " + closed, "1 " + failed], 1, 1, ["1.2.3.4": 1]),
            // PAM and keyboard-interactive: the more numerous, beside other failures.
            (["1 " + pam], 1, 1, ["1.2.3.4": 1]),
            (["1 " + pam, "1 " + keyboard, "1 " + pam, "1 " + keyboard], 2, 1, ["1.2.3.4": 2]),
            (["1 " + pam, "1 " + pam, "1 " + pam, "1 " + keyboard], 3, 1, ["1.2.3.4": 3]),
            (["1 " + keyboard, "1 " + keyboard, "1 " + pam], 2, 1, ["1.2.3.4": 2]),
            (["1 " + pam, "1 " + failed, "1 " + keyboard], 2, 1, ["1.2.3.4": 2]),
            // Repeats.
            (["1 " + failed, "1 message repeated 2 times: [ " + failed + "]"], 3, 1, ["1.2.3.4": 3]),
            (
                ["1 message repeated 4 times: [ " + pam + "]", "1 message repeated 3 times: [ " + keyboard + "]"], 4, 1,
                ["1.2.3.4": 4]
            ),
            (["1 message repeated 0 times: [ " + failed + "]"], 0, 0, [:]),
            // Only markers.
            (["1 " + closed], 1, 1, ["1.2.3.4": 1]),
            (["1 " + invalid], 1, 1, ["1.2.3.4": 1]),
            (["1 " + invalid, "1 " + closedInvalid], 1, 1, ["1.2.3.4": 1]),
            (["1 " + closed, "1 " + closed], 1, 1, ["1.2.3.4": 1]),
            (["1 Failed none for invalid user x from 1.2.3.4 port 22 ssh2"], 1, 1, ["1.2.3.4": 1]),
            (
                [
                    "1 error: maximum authentication attempts exceeded for root from 1.2.3.4 port 22 ssh2 [preauth]",
                    "1 Disconnecting authenticating user root 1.2.3.4 port 22: Too many authentication failures [preauth]",
                ], 1, 1, ["1.2.3.4": 1]
            ),
            // A marker without an address takes it from another line of its process, else it has none.
            (["1 Disconnecting: Too many authentication failures [preauth]"], 1, 1, [:]),
            (
                [
                    "1 Connection from 1.2.3.4 port 22 on 10.0.0.1 port 22",
                    "1 Disconnecting: Too many authentication failures [preauth]",
                ],
                1, 1, ["1.2.3.4": 1]
            ),
            (
                [
                    "1 Received disconnect from 1.2.3.4 port 22:11: x [preauth]",
                    "1 Disconnecting: Too many authentication failures [preauth]",
                ],
                1, 1, ["1.2.3.4": 1]
            ),
            // The closing line was cut: the first line of the process knows.
            (
                [
                    "1 " + invalid,
                    "1 Connection closed by invalid user " + String(repeating: "9.9.9.9 port 1 ", count: 40),
                ], 1, 1, ["1.2.3.4": 1]
            ),
            // Nothing.
            (["1 Failed publickey for root from 1.2.3.4 port 22 ssh2: RSA x"], 0, 0, [:]),
            (["1 Failed publickey for root from 1.2.3.4 port 22 ssh2: RSA x", "1 " + closed], 1, 1, ["1.2.3.4": 1]),
            (
                ["1 Connection closed by 1.2.3.4 port 22", "2 Connection closed by 1.2.3.4 port 23 [preauth]"], 0, 0,
                [:]
            ),
            (
                [
                    "1 Did not receive identification string from 1.2.3.4 port 22",
                    "1 fatal: Timeout before authentication for 1.2.3.4",
                ], 0, 0, [:]
            ),
            // A login clears markers, not failures.
            (["1 Failed none for root from 1.2.3.4 port 22 ssh2", "1 " + accepted], 0, 0, [:]),
            (["1 Failed none for root from 1.2.3.4 port 22 ssh2", "1 " + accepted, "1 " + closed], 0, 0, [:]),
            (["1 " + failed, "1 " + accepted], 1, 1, ["1.2.3.4": 1]),
            // The pid begins another connection: an opening line with another port or address.
            (["1 " + invalid, "1 Invalid user x from 1.2.3.4 port 23"], 2, 2, ["1.2.3.4": 2]),
            (["1 " + invalid, "1 Invalid user x from 5.6.7.8 port 22"], 2, 2, ["1.2.3.4": 1, "5.6.7.8": 1]),
            (
                [
                    "1 " + invalid, "1 Connection from 5.6.7.8 port 9 on 10.0.0.1 port 22",
                    "1 Disconnecting: Too many authentication failures",
                ], 2, 2, ["1.2.3.4": 1, "5.6.7.8": 1]
            ),
            (["1 " + invalid, "1 " + invalid], 1, 1, ["1.2.3.4": 1]),
            // Any line with another port after the close.
            (
                ["1 " + closed, "1 Connection closed by authenticating user root 5.6.7.8 port 23 [preauth]"], 2, 2,
                ["1.2.3.4": 1, "5.6.7.8": 1]
            ),
            (
                ["1 " + closed, "1 Failed password for root from 5.6.7.8 port 23 ssh2"], 2, 2,
                ["1.2.3.4": 1, "5.6.7.8": 1]
            ),
            (
                [
                    "1 " + accepted, "1 Disconnected from user root 1.2.3.4 port 22",
                    "1 Failed password for root from 5.6.7.8 port 23 ssh2",
                ], 1, 1, ["5.6.7.8": 1]
            ),
            (
                ["1 Connection closed by 1.2.3.4 port 22", "1 Failed password for root from 5.6.7.8 port 23 ssh2"], 1,
                1, ["5.6.7.8": 1]
            ),
            // The same pid and port after the close is the same connection.
            (["1 " + failed, "1 " + closed, "1 " + closed], 1, 1, ["1.2.3.4": 1]),
            // An address wins over a host name, whichever comes first.
            (
                [
                    "1 User bob from gate.example.org not allowed because x",
                    "1 Failed password for invalid user bob from 1.2.3.4 port 22 ssh2",
                ], 1, 1, ["1.2.3.4": 1]
            ),
            (
                [
                    "1 error: PAM: Authentication failure for bob from gate.example.org",
                    "1 Failed password for bob from 1.2.3.4 port 22 ssh2",
                ], 2, 1, ["1.2.3.4": 2]
            ),
            (
                [
                    "1 Failed password for bob from 1.2.3.4 port 22 ssh2",
                    "1 error: PAM: Authentication failure for bob from gate.example.org",
                ], 2, 1, ["1.2.3.4": 2]
            ),
            (["1 error: PAM: Authentication failure for bob from gate.example.org"], 1, 1, ["gate.example.org": 1]),
            // The address of a process is that of its first line that has one.
            (["1 " + failed, "1 Failed password for root from 6.6.6.6 port 22 ssh2"], 2, 1, ["1.2.3.4": 2]),
            // One spelling for one address.
            (["1 Failed password for root from ::ffff:1.2.3.4 port 22 ssh2", "2 " + failed], 2, 2, ["1.2.3.4": 2]),
            (
                [
                    "1 Failed password for root from 2001:DB8:0::7 port 22 ssh2",
                    "2 Failed password for root from 2001:db8::7 port 22 ssh2",
                ], 2, 2, ["2001:db8::7": 2]
            ),
            (
                [
                    "1 Failed password for root from fe80::1%eth0 port 22 ssh2",
                    "2 Failed password for root from fe80::1%eth1 port 22 ssh2",
                ], 2, 2, ["fe80::1%eth0": 1, "fe80::1%eth1": 1]
            ),
            (["1 Failed password for root from UNKNOWN port 65535 ssh2"], 1, 1, [:]),
        ] as [([String], Int, Int, [String: Int])])
    func counts(_ lines: [String], _ attempts: Int, _ connections: Int, _ addresses: [String: Int]) throws {
        let summary = try pass(lines)
        #expect(summary.attempts == attempts)
        #expect(summary.connections == connections)
        #expect(summary.byAddress.reduce(into: [:]) { $0[$1.address] = $1.attempts } == addresses)
        #expect(summary.attemptsWithoutAddress == attempts - addresses.values.reduce(0, +))
    }

    @Test("a connection with markers only is an attempt at the time of the first, once nothing more can come")
    func markerTime() throws {
        var log = LogText()
        log.add(Self.invalid)
        let began = log.time
        var runs = CountingRuns()
        try runs.run(log)
        #expect(runs.last.attempts == 0)
        try runs.run([], now: began + 599)
        #expect(runs.last.attempts == 0)
        try runs.run([], now: began + 602)
        #expect(runs.last.attempts == 1)
        #expect(runs.last.first == began && runs.last.last == began)
        #expect(runs.last.peak == AttemptSummary.Peak(attempts: 1, start: began, duration: 30))
        // Also when its closing line comes late, and for what the state remembers of it.
        var late = CountingRuns()
        try late.run(log)
        log.add(Self.closedInvalid, after: 300)
        try late.run(log.lines.dropFirst(), now: log.time)
        #expect(late.last.byUser == [AttemptSummary.UserCount(user: "x", attempts: 1)])
        #expect(late.last.first == began)
    }

    @Test(
        "a clock that is set back by less than windows reach makes no attempt count twice",
        arguments: [5, 9, 11, 30, 59, 69, 71, 600])
    func setBackWithinWindows(minutes: Int) throws {
        for runs in [1, 4, 40] {
            var counting = CountingRuns(rules: AttemptRules(amount: 1000, durationSeconds: 3600))
            var log = LogText()
            log.add("Server listening on 0.0.0.0 port 22.")
            log.time = log.time + Double(-60 * minutes)
            // Longer than it takes until the log's clock has caught up, with two connections open at a time.
            for number in 0..<240 {
                let user = "from 192.0.2.\(number % 200) port \(4000 + number)"
                let other = "from 192.0.2.\((number + 199) % 200) port \(4000 + number - 1)"
                log.add("Invalid user a \(user)", pid: 100 + number, after: 10)
                if number > 0 { log.add("Connection closed by invalid user a \(other.dropFirst(5))", pid: 99 + number) }
                log.add("Failed password for invalid user a \(user) ssh2", pid: 100 + number, after: 10)
            }
            let lines = log.lines
            for run in 0..<runs {
                let part = lines[(lines.count * run / runs)..<(lines.count * (run + 1) / runs)]
                try counting.run(part, now: log.time + Double(run - runs))
            }
            #expect(counting.last.attemptsTotal == 240, "\(runs) runs")
        }
    }

    @Test("connections from before the clock was set back end ten minutes after it, and so do those behind them")
    func markersOverSetBack() throws {
        var log = LogText()
        log.time = .noon + 7200
        log.add("Invalid user a from 1.2.3.4 port 21", pid: 1)
        log.time = .noon
        log.add("Invalid user b from 1.2.3.4 port 22", pid: 2)
        // The pids come again.
        log.add("Connection closed by authenticating user root 5.6.7.8 port 23 [preauth]", pid: 1, after: 700)
        log.add("Connection closed by authenticating user root 5.6.7.8 port 24 [preauth]", pid: 2)
        var runs = CountingRuns()
        try runs.run(log.lines, now: log.time, complete: true)
        #expect(runs.last.attempts == 4 && runs.last.connections == 4)
        #expect(runs.last.byAddress.map(\.address) == ["1.2.3.4", "5.6.7.8"])
        #expect(runs.last.byAddress.map(\.attempts) == [2, 2])
    }

    @Test("users are those of the failures, and of the first line where there are only markers")
    func users() throws {
        let summary = try pass([
            "1 Invalid user a from 1.2.3.4 port 22", "1 " + Self.closedInvalid, "2 " + Self.failed, "2 " + Self.pam,
            "3 Invalid user  from 1.2.3.4 port 24", "3 Failed password for invalid user  from 1.2.3.4 port 24 ssh2",
        ])
        #expect(summary.byUser.map(\.user) == ["root", "", "a"])
        #expect(summary.byUser.map(\.attempts) == [2, 1, 1])
    }

    @Test("events tell every attempt and login whole")
    func events() {
        var events: [AttemptEvent] = []
        var log = LogText()
        log.add("Failed password for invalid user x from 1.2.3.4 port 22 ssh2", pid: 1)
        log.add("message repeated 3 times: [ error: PAM: Authentication failure for y from gate]", pid: 2)
        log.add("Connection closed by invalid user z ::1 port 24 [preauth]", pid: 3)
        log.login("5.6.7.8", user: "w", pid: 4, port: 25)
        var counter = AttemptCounter(rules: AttemptRules(), now: .noon, zone: .utc)
        counter.onEvent = { events.append($0) }
        for line in log.lines { counter.consume(Array(line.utf8).span) }
        _ = counter.finish(complete: true)
        func event(
            _ address: String, _ port: UInt16?, _ user: String, _ method: String?, _ invalid: Bool, _ count: Int,
            _ kind: AttemptEvent.Kind
        ) -> AttemptEvent {
            AttemptEvent(
                time: .noon, address: address, port: port, user: user, method: method, invalidUser: invalid,
                count: count, kind: kind)
        }
        #expect(
            events == [
                event("1.2.3.4", 22, "x", "password", true, 1, .failure),
                event("gate", nil, "y", "keyboard-interactive/pam", false, 3, .failure),
                event("::1", 24, "z", nil, true, 1, .failure),
                event("5.6.7.8", 25, "w", "password", false, 1, .login),
            ])
    }

    @Test("attempts from ignored addresses count nowhere, and logins from there are not told")
    func ignored() throws {
        var rules = AttemptRules()
        rules.notifyLogins = true
        rules.ignoredNetworks = ["10.0.0.0/8", "fd00::/8"].compactMap(Network.init)
        let summary = try pass(
            [
                "1 Failed password for root from 10.1.2.3 port 22 ssh2",
                "2 Failed password for root from fd00::1 port 22 ssh2",
                "3 Failed password for root from ::ffff:10.1.2.3 port 22 ssh2",
                "4 Invalid user x from 10.1.2.3 port 25",
                "5 Failed password for root from 11.1.2.3 port 22 ssh2",
                "6 Accepted password for root from 10.1.2.3 port 22 ssh2",
            ], rules: rules)
        #expect(summary.attempts == 1 && summary.connections == 1)
        #expect(summary.byAddress.map(\.address) == ["11.1.2.3"])
        #expect(summary.peak?.attempts == 1)
        #expect(summary.logins == 1 && summary.notableLogins == [])
    }

    @Test("a forged repeat cannot overflow a sum, nor hide what comes after it")
    func forgedRepeats() throws {
        let forged = "message repeated 999999999999999999 times: [ \(Self.failed)]"
        let summary = try pass(Array(repeating: "1 " + forged, count: 40) + ["2 " + Self.failed])
        #expect(summary.attempts == 40_000_000_001)
        #expect(summary.peak?.attempts == 30_000_000_000)
        #expect(summary.connections == 2)
    }

    @Test("more than 16 Ki addresses and 4 Ki users are totals")
    func manyNames() throws {
        var log = LogText()
        for number in 0..<17_000 {
            let address = "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"
            log.fail(address, user: "u\(number % 5000)", pid: number + 1, after: 0.01)
        }
        var runs = CountingRuns()
        try runs.run(log.lines, now: log.time, complete: true)
        #expect(runs.last.attempts == 17_000 && runs.last.connections == 17_000)
        #expect(runs.last.byAddress.count == 16_384 && runs.last.attemptsFromOtherAddresses == 616)
        #expect(runs.last.byUser.count == 4096)
        #expect(runs.last.attemptsForOtherUsers == 17_000 - runs.last.byUser.reduce(0) { $0 + $1.attempts })
        #expect(runs.last.peak?.attempts == 3000)
    }

    @Test("more connections at a time than the table holds are counted all the same, once")
    func manyConnections() throws {
        var log = LogText()
        for number in 1...9000 { log.add("Invalid user x from 1.2.3.4 port 22", pid: number, after: 0.01) }
        var runs = CountingRuns()
        try runs.run(log.lines, now: log.time, complete: true)
        #expect(runs.last.attempts == 9000 && runs.last.connections == 9000)
        var few = CountingRuns()
        try few.run(log.lines, now: log.time)
        try few.run([], now: log.time + 700)
        #expect(few.summaries.map(\.attempts).reduce(0, +) == 9000)
    }
}
