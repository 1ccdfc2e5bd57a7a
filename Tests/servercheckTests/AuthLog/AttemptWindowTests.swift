// Windows and logins over one run and over many.

import Testing

@testable import servercheck

@Suite struct AttemptWindowTests {

    /// Runs after each group of moments (seconds after noon); each moment is one failure.
    private func runs(_ groups: [[Double]], amount: Int = 2, duration: Double = 30) throws -> CountingRuns {
        var runs = CountingRuns()
        runs.rules.amount = amount
        runs.rules.durationSeconds = duration
        for (index, group) in groups.enumerated() {
            var log = LogText()
            for moment in group {
                log.time = .noon + moment
                log.fail(pid: 100 + index, port: 100 + index)
            }
            try runs.run(log)
        }
        return runs
    }

    /// Moments run by run, `peak` of each run, and whether each read an exceeding window (more than 2 in 30 s).
    @Test(
        "a window is (end − duration, end]: exactly at the edge, over runs, out of order",
        arguments: [
            ([[0, 10, 29.999999]], [3], [true]),
            ([[0, 10, 30]], [2], [false]),
            ([[0, 0, 30]], [2], [false]),
            ([[0, 0, 0]], [3], [true]),
            ([[0, 10], [29.999999]], [2, 3], [false, true]),
            ([[0, 10], [30]], [2, 2], [false, false]),
            ([[0], [10], [20]], [1, 2, 3], [false, false, true]),
            // Only windows with something new count.
            ([[0, 1, 2], []], [3, 0], [true, false]),
            ([[0, 1, 2], [29]], [3, 4], [true, true]),
            ([[0, 1, 2], [40]], [3, 1], [true, false]),
            // Late: between, and before what is there.
            ([[0, 20], [10]], [2, 3], [false, true]),
            ([[20, 25], [0]], [2, 3], [false, true]),
            ([[30, 35], [0]], [2, 1], [false, false]),
            ([[0, 100, 110, 120, 50]], [3], [true]),
            // The clock is set back by an hour, by a year: what comes then is an attack of its own.
            ([[7200, 7201], [3600, 3601]], [2, 2], [false, false]),
            ([[7200, 7201], [3600, 3601, 3602]], [2, 3], [false, true]),
            ([[7200, 7201, 3600, 3601, 3602]], [3], [true]),
            ([[31_536_000, 31_536_001], [0, 1, 2]], [2, 3], [false, true]),
            ([[31_536_000, 31_536_001, 0, 1], [2]], [2, 3], [false, true]),
            // And forward.
            ([[0, 1], [31_536_000, 31_536_001, 31_536_002]], [2, 3], [false, true]),
        ] as [([[Double]], [Int], [Bool])])
    func windows(_ groups: [[Double]], _ peaks: [Int], _ exceeding: [Bool]) throws {
        let summaries = try runs(groups).summaries
        #expect(summaries.map { $0.peak?.attempts ?? 0 } == peaks)
        #expect(summaries.map { $0.lastExceeding != nil } == exceeding)
    }

    @Test("the peak names its first attempt, the alarm the end of the last exceeding window")
    func ends() throws {
        let summary = try runs([[0, 100, 101, 102, 103, 500, 501, 502, 900]]).last
        #expect(summary.peak == AttemptSummary.Peak(attempts: 4, start: .noon + 100, duration: 30))
        #expect(summary.lastExceeding == .noon + 502)
        // Five minutes without an exceeding window part one incident from the next.
        #expect(summary.alarms == 2)
    }

    @Test("connections with markers only count in the window of their first marker, however late they close")
    func lateMarkers() throws {
        var log = LogText()
        for pid in 1...3 { log.add("Invalid user x from 1.2.3.4 port \(pid)", pid: pid, after: 10) }
        var runs = CountingRuns()
        runs.rules.amount = 2
        try runs.run(log)
        #expect(runs.last.peak == nil)
        let before = log.lines.count
        log.add("Connection closed by invalid user x 1.2.3.4 port 1 [preauth]", pid: 1, after: 500)
        for pid in 2...3 { log.add("Connection closed by invalid user x 1.2.3.4 port \(pid) [preauth]", pid: pid) }
        try runs.run(log.lines.dropFirst(before), now: log.time + 1)
        #expect(runs.last.peak == AttemptSummary.Peak(attempts: 3, start: .noon + 10, duration: 30))
        #expect(runs.last.lastExceeding == .noon + 30)
    }

    /// How many failures, how long before the login; whether it is told.
    @Test(
        "a login after failures is told when there were as many within the hour, also in an earlier run",
        arguments: [
            (5, 60, true), (4, 60, false), (5, 3599, true), (5, 3601, false), (5, 3600, false), (6, 3599, true),
            (0, 60, false),
        ] as [(Int, Double, Bool)], [false, true])
    func logins(_ story: (failures: Int, seconds: Double, isTold: Bool), _ isSplit: Bool) throws {
        var log = LogText()
        log.fail("5.6.7.8", pid: 1, port: 1)
        for number in 0..<story.failures { log.fail(pid: 2 + number, port: 2 + number) }
        let before = log.lines.count
        log.login(pid: 50, port: 50, after: story.seconds)
        var runs = CountingRuns()
        if isSplit { try runs.run(log.lines[..<before], now: .noon + 1) }
        try runs.run(log.lines[(isSplit ? before : 0)...], now: log.time + 1)
        let login = AttemptSummary.Login(
            time: log.time, address: "1.2.3.4", user: "root", method: "password", failures: min(5, story.failures),
            suspicious: true)
        // Beyond what is asked for, failures need not be told apart.
        #expect(runs.last.notableLogins.map(\.failures).allSatisfy { $0 >= 5 })
        #expect(
            runs.last.notableLogins.map {
                var login = $0
                login.failures = min(5, login.failures)
                return login
            } == (story.isTold ? [login] : []))
        #expect(runs.last.logins == 1)
    }

    @Test("failures before a login are those of its own address")
    func otherAddress() throws {
        var log = LogText()
        for number in 1...9 { log.fail("1.2.3.\(number % 3)", pid: number, port: number, after: 1) }
        log.login("1.2.3.3", pid: 50)
        log.login("1.2.3.1", pid: 51)
        var runs = CountingRuns()
        try runs.run(log)
        #expect(runs.last.notableLogins == [] && runs.last.logins == 2)
    }

    @Test("all logins are told when asked for; 0 tells of none after failures")
    func allLogins() throws {
        var log = LogText()
        for number in 1...9 { log.fail(pid: number, port: number) }
        log.login(user: "a", pid: 50, port: 50)
        log.login("5.6.7.8", user: "b", pid: 51, port: 51)
        for (enough, all, told) in [
            (5, true, ["a true", "b false"]), (5, false, ["a true"]), (0, true, ["a false", "b false"]), (0, false, []),
            (10, false, []), (9, false, ["a true"]),
        ] as [(Int, Bool, [String])] {
            var runs = CountingRuns()
            runs.rules.loginAfterFailures = enough
            runs.rules.notifyLogins = all
            try runs.run(log)
            #expect(runs.last.notableLogins.map { "\($0.user ?? "") \($0.suspicious)" } == told)
        }
    }

    @Test("failures that drip in for a day are never more than those of the last hour")
    func drip() throws {
        var runs = CountingRuns()
        runs.rules.loginAfterFailures = 15
        var log = LogText()
        for number in 1...288 {
            let before = log.lines.count
            log.fail(pid: number, port: number, after: 300)
            log.login(pid: 1000 + number, port: 1000 + number)
            try runs.run(log.lines.dropFirst(before), now: log.time + 1)
        }
        #expect(runs.summaries.flatMap(\.notableLogins) == [])
        // Fifteen within it are.
        let before = log.lines.count
        for number in 1...15 { log.fail(pid: 2000 + number, port: 2000 + number, after: 60) }
        log.login(pid: 3000, port: 3000)
        try runs.run(log.lines.dropFirst(before), now: log.time + 1)
        #expect(runs.last.notableLogins.count == 1)
    }

    @Test("after the clock was set back by two hours a login after failures is still told")
    func loginAfterSetBack() throws {
        var runs = CountingRuns()
        var log = LogText()
        log.time = .noon + 7200
        for number in 1...5 { log.fail(pid: number, port: number, after: 1) }
        try runs.run(log)
        log = LogText()
        for number in 1...5 { log.fail(pid: 10 + number, port: number, after: 1) }
        log.login(pid: 50, port: 50, after: 1)
        try runs.run(log)
        #expect(runs.last.notableLogins.map(\.failures) == [5])
    }

    @Test(
        "failures that were logged under a host name count before a login from its address", arguments: [true, false])
    func hostNameBeforeLogin(oneRun: Bool) throws {
        // UseDNS: PAM's errors name the host, sshd's own lines the address.
        var runs = CountingRuns()
        var log = LogText()
        for pid in 1...2 {
            for _ in 1...3 { log.add("error: PAM: Authentication failure for root from gate.example.org", pid: pid) }
            if !oneRun { try runs.run(log.lines.suffix(3), now: log.time) }
            log.add("Connection closed by authenticating user root 1.2.3.4 port 2\(pid) [preauth]", pid: pid, after: 1)
            if !oneRun { try runs.run(log.lines.suffix(1), now: log.time) }
        }
        log.login(pid: 3, port: 23)
        try runs.run(oneRun ? log.lines : log.lines.suffix(1), now: log.time)
        #expect(runs.last.notableLogins.map(\.suspicious) == [true])
    }

    @Test("of very many logins the first are kept, suspicious ones before others, and the rest is counted")
    func manyLogins() throws {
        var runs = CountingRuns()
        runs.rules.notifyLogins = true
        var log = LogText()
        for number in 1...60 { log.login("5.6.7.8", user: "u\(number)", pid: number, port: number) }
        for number in 1...5 { log.fail(pid: 100 + number, port: number) }
        log.login(user: "last", pid: 200, port: 200)
        try runs.run(log)
        #expect(runs.last.notableLogins.count == 50 && runs.last.furtherNotableLogins == 11)
        #expect(runs.last.notableLogins.filter(\.suspicious).map(\.user) == ["last"])
    }
}
