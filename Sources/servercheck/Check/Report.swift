// The result of one run as a value: what the writers print and what `status` reads back.

/// Everything a run has to say.
struct Report: Sendable, Equatable {
    /// The program's version.
    var version: String
    var host: String
    /// When the run began, or rather when it held the lock on the state.
    var time: Timestamp
    /// In the order of the config.
    var findings: [Finding]
    /// One entry per message tried or waiting in this run.
    var notifications: [NotificationReport] = []

    /// The worst finding decides, but a state that cannot be kept outranks all: without it no later run can be trusted.
    var status: Status {
        if findings.contains(where: { $0.id == StateStore.unwritableID }) { return .unknown }
        return findings.map(\.status).worst
    }

    /// Problems first, the most severe before; one line of clean text without the status word.
    var summary: String {
        if findings.allSatisfy({ $0.status == .ok }) { return Report.joined(findings) }
        return Report.joined(findingsBySeverity.filter { $0.status != .ok })
    }

    /// The most severe first, else in the order of the config: sorted(by:) is stable.
    var findingsBySeverity: [Finding] {
        if findings.allSatisfy({ $0.status == findings[0].status }) { return findings }
        return findings.sorted { $0.status > $1.status }
    }

    /// The texts of the first ones.
    private static func joined(_ findings: [Finding]) -> String {
        let limit = 4
        let shown = findings.prefix(limit).map { Clean.text($0.text, limit: 200) }.chained(by: "; ")
        return findings.count > limit ? "\(shown); and \(findings.count - limit) more" : shown
    }
}

/// How one message fared with one channel in this run.
struct NotificationReport: Sendable, Equatable {
    var channel: String
    var reason: NotifyReason
    var title: String
    var delivered: Bool
    /// Why it was not delivered; nil when it was, or was not tried.
    var error: String?
}

extension Report {
    private static let failureID = "servercheck"

    /// Whether this is no result of a run, but what `failure` made.
    var isFailure: Bool { findings.contains { $0.id == Report.failureID } }

    /// What a command that could not run has to say: a line per reason.
    static func failure(_ reasons: [String], host: String, time: Timestamp) -> Report {
        Report(
            version: Servercheck.version, host: host, time: time,
            findings: reasons.map {
                Finding(sensor: failureID, id: failureID, kind: .silent, status: .unknown, text: $0)
            })
    }

    static func failure(_ reason: String, host: String, time: Timestamp) -> Report {
        failure([reason], host: host, time: time)
    }
}
