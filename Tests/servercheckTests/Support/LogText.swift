// Auth logs as text, and counting them in one pass or in many runs.

import Foundation

@testable import servercheck

/// Lines of one sshd, a clock that the test moves.
struct LogText {
    enum Format: Sendable { case classic, rfc3339 }

    var format = Format.rfc3339
    var tag = "sshd"
    var time = Timestamp.noon
    private(set) var lines: [String] = []

    /// Appends a line `seconds` after the one before.
    mutating func add(_ message: String, pid: Int = 1, after seconds: Double = 0) {
        time = time + seconds
        lines.append("\(LogText.prefix(time, format)) host \(tag)[\(pid)]: \(message)")
    }

    /// A line of another daemon.
    mutating func addOther(_ text: String = "CRON[77]: pam_unix(cron:session): session opened for user root(uid=0)") {
        lines.append("\(LogText.prefix(time, format)) host \(text)")
    }

    mutating func fail(
        _ address: String = "1.2.3.4", user: String = "root", pid: Int = 1, port: Int = 22, after seconds: Double = 0
    ) {
        add("Failed password for \(user) from \(address) port \(port) ssh2", pid: pid, after: seconds)
    }

    mutating func login(
        _ address: String = "1.2.3.4", user: String = "root", pid: Int = 1, port: Int = 22, after seconds: Double = 0
    ) {
        add("Accepted password for \(user) from \(address) port \(port) ssh2", pid: pid, after: seconds)
    }

    /// `Nov 23 12:00:00` or `2026-11-23T12:00:00.000000+00:00`.
    static func prefix(_ time: Timestamp, _ format: Format) -> String {
        let text = Array(time.utcText)
        if format == .rfc3339 { return String(text.dropLast()) + "+00:00" }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = months[(Int(String(text[5...6])) ?? 1) - 1]
        let day = text[8] == "0" ? " " + String(text[9]) : String(text[8...9])
        return "\(month) \(day) \(String(text[11...18]))"
    }
}

/// Counting over several runs: what one leaves goes through JSON, as in the state file.
struct CountingRuns {
    var rules = AttemptRules()
    var memory = AttemptMemory()
    var summaries: [AttemptSummary] = []

    var last: AttemptSummary { summaries.last ?? AttemptSummary() }

    mutating func run(_ lines: some Sequence<String>, now: Timestamp, complete: Bool = false) throws {
        let counted = countedBothWays(
            lines.map { Array($0.utf8) }, rules: rules, memory: memory, now: now, complete: complete)
        summaries.append(counted.summary)
        memory = try stored(counted.memory)
    }

    mutating func run(_ log: LogText) throws { try run(log.lines, now: log.time + 1) }
}

/// What all runs over a log found together; equal however the log was split.
struct CountingTotals: Equatable, CustomStringConvertible {
    var attempts = 0
    var connections = 0
    var logins = 0
    var addresses: [String: Int] = [:]
    var users: [String: Int] = [:]
    var withoutAddress = 0
    var peak = 0
    var suspicious: [String] = []
    var exceeded = false
    var total = 0

    init(_ summaries: [AttemptSummary]) {
        for summary in summaries {
            attempts += summary.attempts
            connections += summary.connections
            logins += summary.logins
            for row in summary.byAddress { addresses[row.address, default: 0] += row.attempts }
            for row in summary.byUser { users[row.user, default: 0] += row.attempts }
            withoutAddress += summary.attemptsWithoutAddress
            peak = max(peak, summary.peak?.attempts ?? 0)
            suspicious += summary.notableLogins.map { "\($0.address ?? "-") \($0.user ?? "-") \($0.failures)" }
            exceeded = exceeded || summary.lastExceeding != nil
            total = summary.attemptsTotal
        }
    }

    /// What differs, for a person to read.
    func differences(_ other: CountingTotals) -> [String] {
        if self == other { return [] }
        let ours = description.split(separator: ",")
        let theirs = other.description.split(separator: ",")
        return zip(ours, theirs).filter { $0 != $1 }.map { "\($0) instead of\($1)" } + ["differ"]
    }

    var description: String {
        "\(attempts) attempts (\(total)) in \(connections), \(logins) logins, peak \(peak) \(exceeded), "
            + "\(addresses.sorted { $0.key < $1.key }), none \(withoutAddress), \(users.sorted { $0.key < $1.key }), "
            + "\(suspicious)"
    }
}
