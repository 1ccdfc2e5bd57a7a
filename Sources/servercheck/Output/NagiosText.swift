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
        // Bytes: a string looks at itself again for each piece that it gets.
        var first = Array("\(NagiosText.prefix)\(report.status.word) - \(report.summary)".utf8)
        first.reserveCapacity(first.count + 192 * report.findings.count)
        var separator: StaticString = " | "
        for finding in report.findings {
            for metric in finding.metrics {
                first.append(separator)
                NagiosText.append(perfdata: metric, to: &first)
                separator = " "
            }
        }
        var lines = [String(decoding: first, as: UTF8.self)]
        lines.reserveCapacity(report.findings.count + 1)
        for finding in report.findingsBySeverity { append(finding, to: &lines) }
        return lines + (verbosity >= 1 ? report.notifications.map(line) : [])
    }

    private func append(_ finding: Finding, to lines: inout [String]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 + finding.id.utf8.count + finding.text.utf8.count)
        bytes.append(finding.status.word)
        bytes.append(UInt8(ascii: " "))
        bytes.append(Clean.text(finding.id))
        bytes.append(": " as StaticString)
        bytes.append(Clean.text(finding.text))
        var line = String(decoding: bytes, as: UTF8.self)
        guard verbosity >= 1 else { return lines.append(line) }
        if let since = finding.since { line += ", since \(since.localText)" }
        for metric in finding.metrics where metric.limits != .none {
            line += "; \(Clean.text(metric.name)) \(NagiosText.number(metric.value))\(metric.unit.rawValue)"
            if let warning = metric.limits.warning { line += ", warning above \(NagiosText.number(warning))" }
            if let critical = metric.limits.critical { line += ", critical above \(NagiosText.number(critical))" }
        }
        lines.append(line)
        if verbosity >= 2 { lines += finding.details.map { "  " + Clean.text($0) } }
    }

    private func line(_ entry: NotificationReport) -> String {
        let failure = entry.error.map { "not delivered: \(Clean.text($0))" } ?? "waiting"
        return "message to \(entry.channel) (\(entry.reason.rawValue)): \(Clean.text(entry.title)): "
            + (entry.delivered ? "delivered" : failure)
    }

    /// `'label'=value[UOM];[warn];[crit];[min];[max]`
    private static func append(perfdata metric: Metric, to text: inout [UInt8]) {
        Clean.append(label: metric.name, to: &text)
        text.append(UInt8(ascii: "="))
        append(number: metric.value, to: &text)
        switch metric.unit {
        case .none: break
        case .bytes: text.append(UInt8(ascii: "B"))
        case .counter: text.append(UInt8(ascii: "c"))
        }
        // Those at the end that are not there are left out with their semicolons.
        var semicolons = 0
        func take(_ field: Double?) {
            semicolons += 1
            guard let field else { return }
            for _ in 0..<semicolons { text.append(UInt8(ascii: ";")) }
            NagiosText.append(number: field, to: &text)
            semicolons = 0
        }
        take(metric.limits.warning)
        take(metric.limits.critical)
        take(metric.minimum)
        take(metric.maximum)
    }

    private static func append(number value: Double, to text: inout [UInt8]) {
        guard abs(value) < 9.0e18, let whole = Int64(exactly: value) else {
            text += number(value).utf8
            return
        }
        var digits = ShortBytes()
        digits.append(decimal: whole)
        digits.withBytes { text.append(contentsOf: $0) }
    }

    /// Digits and at most three decimals: perfdata knows no exponent.
    static func number(_ value: Double) -> String {
        // U is the guidelines' word for a value that could not be determined.
        if value.isNaN { return "U" }
        let value = min(max(value, -9.0e18), 9.0e18)
        let whole = value.rounded(.towardZero)
        let thousandths = Int64(((value - whole) * 1000).rounded())
        if thousandths == 0 { return NumberText.decimal(Int64(whole)) }
        if abs(thousandths) == 1000 { return String(Int64(whole) + thousandths / 1000) }
        var digits = String(abs(thousandths))
        digits = String(repeating: "0", count: 3 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (value < 0 ? "-" : "") + String(abs(Int64(whole))) + "." + digits
    }
}
