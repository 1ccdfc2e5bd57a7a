// The report in Prometheus' text format 0.0.4: one text that `promtool check metrics`, node_exporter's textfile collector
// and Prometheus itself accept. It has no timestamps and no `# EOF`, and counters keep `_total` in their TYPE line: the
// collector refuses the first, and OpenMetrics 1.0 and the older format cannot both be met in the others.
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
// Families are sorted by name, lines by labels, and no line occurs twice: one doubled line makes node_exporter refuse to
// answer at all.

/// Writes a report for Prometheus.
struct OpenMetrics: Sendable {
    private struct Line: Sendable {
        var labels: String
        var value: Double
        /// In the order of coming.
        var number: Int
    }

    private var lines: [MetricFamily: [Line]] = [:]

    /// The whole text, with the line end of its last line.
    static func text(_ report: Report) -> String {
        var page = OpenMetrics()
        page.add(report)
        return page.text
    }

    private mutating func add(_ report: Report) {
        add(.buildInfo, 1, [("version", report.version)])
        add(.status, Double(report.status.rawValue))
        // A command that could not run has a report, but no run.
        if !report.isFailure { add(.lastRunTimestamp, Double(report.time.seconds)) }
        // Worst first: of lines with the same labels (two logins from one address; mount points that differ only in what
        // cannot be shown) the first one stays.
        for finding in report.findingsBySeverity {
            add(.findingStatus, Double(finding.status.rawValue), [("id", finding.id), ("sensor", finding.sensor)])
            for metric in finding.metrics { add(metric, of: finding) }
        }
        var pending: [String: Int] = [:]
        for entry in report.notifications { pending[entry.channel, default: 0] += entry.delivered ? 0 : 1 }
        for (channel, count) in pending { add(.notificationsPending, Double(count), [("channel", channel)]) }
    }

    /// A metric's kind follows from the names that perfdata and JSON have too.
    private mutating func add(_ metric: Metric, of finding: Finding) {
        let sensor = finding.sensor
        if finding.id.hasPrefix(sensor + ":") {
            let mountPoint = String(finding.id.dropFirst(sensor.count + 1))
            let labels = [("mountpoint", mountPoint), ("sensor", sensor)]
            switch metric.name {
            case "\(sensor)_\(mountPoint)":
                addBytes(
                    metric, labels, used: .diskUsed, available: .diskAvailable, ratio: .diskUsedRatio,
                    warning: .diskWarning, critical: .diskCritical)
            case "\(sensor)_\(mountPoint)_inodes":
                add(.diskInodesUsed, metric.value, labels)
                add(.diskInodesRatio, metric.ratio, labels)
                add(.diskInodesCritical, metric.limits.critical, labels)
            default: break
            }
            return
        }
        let labels = [("sensor", sensor)]
        if metric.name == sensor, metric.unit == .bytes {
            addBytes(
                metric, labels, used: .memoryUsed, available: .memoryAvailable, ratio: .memoryUsedRatio,
                warning: .memoryWarning, critical: .memoryCritical)
            return
        }
        switch metric.name.hasPrefix(sensor + "_") ? String(metric.name.dropFirst(sensor.count + 1)) : metric.name {
        case "attempts": add(.sshAttempts, metric.value, labels)
        case "attempts_total": add(.sshAttemptsTotal, metric.value, labels)
        case "peak":
            add(.sshPeak, metric.value, labels)
            add(.sshPeakCritical, metric.limits.critical, labels)
        case "logins": add(.sshLogins, metric.value, labels)
        default: break
        }
    }

    private mutating func addBytes(
        _ metric: Metric, _ labels: [(String, String)], used: MetricFamily, available: MetricFamily,
        ratio: MetricFamily, warning: MetricFamily, critical: MetricFamily
    ) {
        add(used, metric.value, labels)
        add(available, metric.maximum.map { $0 - metric.value }, labels)
        add(ratio, metric.ratio, labels)
        add(warning, metric.limits.warning, labels)
        add(critical, metric.limits.critical, labels)
    }

    /// What is not known has no line.
    private mutating func add(
        _ family: MetricFamily, _ value: Double?, _ labels: [(name: String, value: String)] = []
    ) {
        guard let value, value.isFinite else { return }
        let pairs = labels.map { "\($0.name)=\"\(OpenMetrics.escaped($0.value))\"" }
        let place = pairs.isEmpty ? "" : "{\(pairs.chained(by: ","))}"
        lines[family, default: []].append(Line(labels: place, value: value, number: lines[family]?.count ?? 0))
    }

    private var text: String {
        var text = ""
        for family in MetricFamily.allCases.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let lines = lines[family] else { continue }
            text += "# HELP \(family.rawValue) \(family.help)\n# TYPE \(family.rawValue) \(family.type)\n"
            let sorted = lines.sorted { left, right in
                left.labels.utf8.elementsEqual(right.labels.utf8)
                    ? left.number < right.number : left.labels.utf8.lexicographicallyPrecedes(right.labels.utf8)
            }
            var last: String?
            for line in sorted where last?.utf8.elementsEqual(line.labels.utf8) != true {
                text += "\(family.rawValue)\(line.labels) \(NumberText.shortest(line.value))\n"
                last = line.labels
            }
        }
        return text
    }

    /// A label's value between its quotes. A line end is carried as it is, escaped; other characters that a terminal would
    /// obey become `?`.
    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "\"": escaped += ["\\", scalar]
            case "\n": escaped += ["\\", "n"]
            default: escaped.append(Clean.isPrintable(scalar) ? scalar : "?")
            }
        }
        return String(escaped)
    }
}

extension Metric {
    /// The share of the maximum, 0 to 1, to six digits; 0 of 0 is 0.
    fileprivate var ratio: Double? {
        maximum.map { $0 > 0 ? (value / $0 * 1_000_000).rounded() / 1_000_000 : 0 }
    }
}
