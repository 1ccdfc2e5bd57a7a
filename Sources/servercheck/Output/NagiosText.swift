// The Monitoring Plugins guidelines' text: status line with perfdata, then a line per finding.
// https://www.monitoring-plugins.org/doc/guidelines.html

/// Writes a report for Nagios and people.
struct NagiosText: Sendable {
    /// What the status line begins with, and no other line.
    static let prefix = "SERVERCHECK "

    /// 0…3, the guidelines' verbosity.
    var verbosity: Int = 0

    /// The lines, without line ends: first `SERVERCHECK WORD - summary | perfdata`, then findings, problems first.
    func lines(_ report: Report) -> [String] {
        var first = "\(NagiosText.prefix)\(report.status.word) - \(report.summary)"
        let perfdata = report.findings.flatMap(\.metrics).map(NagiosText.perfdata)
        if !perfdata.isEmpty { first += " | " + perfdata.chained(by: " ") }
        return [first] + report.findingsBySeverity.flatMap { lines($0) }
            + (verbosity >= 1 ? report.notifications.map(line) : [])
    }

    private func lines(_ finding: Finding) -> [String] {
        var line = "\(finding.status.word) \(Clean.text(finding.id)): \(Clean.text(finding.text))"
        guard verbosity >= 1 else { return [line] }
        if let since = finding.since { line += ", since \(since.localText)" }
        for metric in finding.metrics where metric.limits != .none {
            line += "; \(Clean.text(metric.name)) \(NagiosText.number(metric.value))\(metric.unit.rawValue)"
            if let warning = metric.limits.warning { line += ", warning above \(NagiosText.number(warning))" }
            if let critical = metric.limits.critical { line += ", critical above \(NagiosText.number(critical))" }
        }
        return verbosity >= 2 ? [line] + finding.details.map { "  " + Clean.text($0) } : [line]
    }

    private func line(_ entry: NotificationReport) -> String {
        let failure = entry.error.map { "not delivered: \(Clean.text($0))" } ?? "waiting"
        return "message to \(entry.channel) (\(entry.reason.rawValue)): \(Clean.text(entry.title)): "
            + (entry.delivered ? "delivered" : failure)
    }

    /// `'label'=value[UOM];[warn];[crit];[min];[max]`
    static func perfdata(_ metric: Metric) -> String {
        // Bytes: a string looks at itself again for each piece that it gets.
        var text = Array(Clean.label(metric.name).utf8)
        text.append(UInt8(ascii: "="))
        text += number(metric.value).utf8
        text += metric.unit.rawValue.utf8
        // Those at the end that are not there are left out with their semicolons.
        var semicolons = 0
        for field in [metric.limits.warning, metric.limits.critical, metric.minimum, metric.maximum] {
            semicolons += 1
            guard let field else { continue }
            for _ in 0..<semicolons { text.append(UInt8(ascii: ";")) }
            text += number(field).utf8
            semicolons = 0
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Digits and at most three decimals: perfdata knows no exponent.
    static func number(_ value: Double) -> String {
        // U is the guidelines' word for a value that could not be determined.
        if value.isNaN { return "U" }
        let value = min(max(value, -9.0e18), 9.0e18)
        let whole = value.rounded(.towardZero)
        let thousandths = Int64(((value - whole) * 1000).rounded())
        if thousandths == 0 { return String(Int64(whole)) }
        if abs(thousandths) == 1000 { return String(Int64(whole) + thousandths / 1000) }
        var digits = String(abs(thousandths))
        digits = String(repeating: "0", count: 3 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (value < 0 ? "-" : "") + String(abs(Int64(whole))) + "." + digits
    }
}
