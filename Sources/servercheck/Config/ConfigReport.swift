// What check-config prints: every mistake, or what will be watched and who is told.

/// A config in words.
enum ConfigReport {
    /// The mistakes and warnings of a config that cannot be used.
    static func lines(about error: ConfigError) -> [String] {
        let warnings = error.problems.count { $0.severity == .warning }
        let heading = count(error.problems.count - warnings, "mistake") + also(warnings) + ", nothing will run"
        return ["\(error.file.map { "\($0): " } ?? "")\(heading)"] + error.problems.map(line)
    }

    /// The warnings of a config that can be used, and what it means.
    static func lines(about config: Config) -> [String] {
        var lines: [String] = []
        switch config.source {
        case .file(let path): lines.append("\(path): no mistakes" + also(config.warnings.count))
        case .builtIn: lines.append("built-in default: no mistakes" + also(config.warnings.count))
        }
        lines += config.warnings.map(line)
        lines.append("watched:")
        lines += config.sensors.map { "  \($0.name): \($0.summary)\($0.policy.summary)" }
        lines.append(config.channels.isEmpty ? "told: nobody, there are no messaging channels" : "told:")
        lines += config.channels.map { "  \($0.name): \($0.recipient)" }
        if let hostname = config.hostname { lines.append("name in messages: \(hostname)") }
        if let metricsFile = config.metricsFile { lines.append("metrics file: \(metricsFile)") }
        return lines.map { Clean.text($0) }
    }

    private static func line(_ problem: ConfigProblem) -> String {
        "  \(problem.severity == .warning ? "warning: " : "")\(problem)"
    }

    private static func also(_ warnings: Int) -> String { warnings == 0 ? "" : ", " + count(warnings, "warning") }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension NotifyPolicy {
    /// What differs from telling each problem once at its beginning and its end; begins with a semicolon if not empty.
    fileprivate var summary: String {
        var parts: [String] = []
        if maxCheckAttempts > 1 { parts.append("told after \(maxCheckAttempts) bad runs") }
        if let renotifySeconds { parts.append("reminder after \(NumberText.shortest(renotifySeconds / 60)) minutes") }
        if !recovery { parts.append("its end is not told") }
        return parts.isEmpty ? "" : "; " + parts.joined(separator: ", ")
    }
}
