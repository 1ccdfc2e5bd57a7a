// The result of `servercheck scan` for people. Names from the log are cleaned here.

/// Words for one scan.
struct ScanText {
    /// Rows of a table.
    private static let rows = 10

    var rules: AttemptRules
    var style: TextStyle

    func lines(_ summary: AttemptSummary, _ histogram: AttemptHistogram) -> [String] {
        var lines = totals(summary)
        if !summary.notableLogins.isEmpty { lines += [""] + logins(summary) }
        if !summary.byAddress.isEmpty { lines += [""] + addresses(summary) }
        if !summary.byUser.isEmpty { lines += [""] + users(summary) }
        let chart = ScanChart.lines(histogram, style: style)
        if let heading = chart.first { lines += ["", style.bold(heading)] + chart.dropFirst() }
        return lines.map(style.plain)
    }

    // MARK: - Totals

    private func totals(_ summary: AttemptSummary) -> [String] {
        var rows: [(String, String)] = []
        rows.append(("attempts", attempts(summary)))
        if let first = summary.first, let last = summary.last {
            rows.append(("time", "\(text(first)) to \(text(last)) (\(ScanText.span(last.seconds(since: first))))"))
        }
        let others = summary.attemptsFromOtherAddresses
        rows.append(("addresses", count(summary.byAddress.count, isMore: others > 0)))
        rows.append(("users", count(summary.byUser.count, isMore: summary.attemptsForOtherUsers > 0)))
        rows.append(("logins", String(summary.logins)))
        let window = NumberText.shortest(rules.durationSeconds)
        if let peak = summary.peak {
            rows.append(("busiest", "\(peak.attempts) within \(window) s, from \(text(peak.start))"))
        }
        let alarms = summary.alarms == 1 ? "1 alarm" : "\(summary.alarms) alarms"
        let rule = "\(alarms) with amount \(rules.amount) and duration \(window) s"
        rows.append(("result", summary.alarms > 0 ? style.red(rule) : rule))
        let unparsed = summary.unparsed > 0 ? ", \(summary.unparsed) unreadable" : ""
        rows.append(
            ("lines", "\(summary.lines), of sshd \(summary.sshdLines)\(unparsed), \(ScanText.size(summary.bytes))"))
        return rows.map { ScanText.left($0.0, 11) + $0.1 }
    }

    private func attempts(_ summary: AttemptSummary) -> String {
        guard summary.attempts > 0 else { return "0" }
        let connections = summary.connections == 1 ? "1 connection" : "\(summary.connections) connections"
        let nameless = summary.attemptsWithoutAddress
        return "\(summary.attempts) in \(connections)" + (nameless > 0 ? ", \(nameless) without an address" : "")
    }

    private func count(_ number: Int, isMore: Bool) -> String { isMore ? "more than \(number)" : String(number) }

    // MARK: - Tables

    private func logins(_ summary: AttemptSummary) -> [String] {
        let suspicious = summary.notableLogins.filter(\.suspicious)
        guard !suspicious.isEmpty else { return [] }
        var lines = [style.bold("logins after failures")]
        for login in suspicious.prefix(ScanText.rows) {
            let user = Clean.text(login.user ?? "?", limit: 40)
            let address = Clean.text(login.address ?? "?", limit: 60)
            lines.append(
                style.red("\(text(login.time))  \(user) from \(address) after \(login.failures) failed attempts"))
        }
        let more = suspicious.count - ScanText.rows + summary.furtherNotableLogins
        return more > 0 ? lines + ["and \(more) more"] : lines
    }

    private func addresses(_ summary: AttemptSummary) -> [String] {
        let top = summary.byAddress.prefix(ScanText.rows)
        let names = top.map { Clean.text($0.address, limit: 45) }
        let width = max(15, names.map(\.count).max() ?? 0) + 2
        var lines = [style.bold(ScanText.left("address", width) + ScanText.right("attempts", 9) + "  first, last")]
        for (name, entry) in zip(names, top) {
            lines.append(
                ScanText.left(name, width) + ScanText.right(String(entry.attempts), 9)
                    + "  \(text(entry.first)), \(text(entry.last))")
        }
        return lines + rest(summary.byAddress.count, summary.byAddress.dropFirst(ScanText.rows).map(\.attempts))
    }

    private func users(_ summary: AttemptSummary) -> [String] {
        let top = summary.byUser.prefix(ScanText.rows)
        let names = top.map { $0.user.isEmpty ? "(empty)" : Clean.text($0.user, limit: 40) }
        let width = max(15, names.map(\.count).max() ?? 0) + 2
        var lines = [style.bold(ScanText.left("user", width) + ScanText.right("attempts", 9))]
        for (name, entry) in zip(names, top) {
            lines.append(ScanText.left(name, width) + ScanText.right(String(entry.attempts), 9))
        }
        return lines + rest(summary.byUser.count, summary.byUser.dropFirst(ScanText.rows).map(\.attempts))
    }

    private func rest(_ count: Int, _ attempts: [Int]) -> [String] {
        if attempts.isEmpty { return [] }
        let sum = attempts.reduce(0) { $0.addingSaturated($1) }
        return ["and \(count - ScanText.rows) more with \(sum) attempts"]
    }

    // MARK: - Words

    /// `2026-11-23 15:42:13`, local time.
    private func text(_ time: Timestamp) -> String {
        String(time.localText.prefix(19).map { $0 == "T" ? " " : $0 })
    }

    /// `3 days 11 h`, `2 h 5 min`, `42 s`.
    static func span(_ seconds: Double) -> String {
        guard let whole = Int64(exactly: seconds.rounded()), whole >= 0 else { return "?" }
        let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60)
        if days > 0 { return "\(days == 1 ? "1 day" : "\(days) days") \(hours) h" }
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(whole % 60) s" : "\(whole) s"
    }

    /// Decimal units, as ls -h --si.
    static func size(_ bytes: Int) -> String {
        for (unit, name) in [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")] where bytes >= unit {
            return "\(NumberText.rounded(Double(bytes) / Double(unit), places: 1)) \(name)"
        }
        return "\(bytes) bytes"
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
