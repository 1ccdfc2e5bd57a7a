// Lines in, attempts out: the whole of counting, independent of where the lines come from.

/// Counts the failed attempts and logins of an auth log.
struct AttemptCounter {
    /// Called for every counted attempt and login, with its texts; nil costs nothing.
    var onEvent: ((AttemptEvent) -> Void)?
    /// Called for every counted attempt: when, and how many. Cheap.
    var onAttempt: ((_ time: Timestamp, _ count: Int) -> Void)?

    /// The totals so far; complete after `finish`.
    private(set) var summary = AttemptSummary()

    /// - Parameters:
    ///   - rules: the config's.
    ///   - memory: of the last run; empty for a scan.
    ///   - now: the run's time; it decides the year of timestamps without one.
    ///   - zone: of timestamps without offset.
    init(rules: AttemptRules, memory: AttemptMemory = AttemptMemory(), now: Timestamp, zone: LocalZone = .system) {
        summary.attemptsTotal = memory.attemptsTotal
    }

    /// One complete line, without its LF.
    mutating func consume(_ line: Span<UInt8>) {
        summary.lines += 1
        summary.bytes += line.count + 1
    }

    /// Ends the pass.
    ///
    /// - Parameter complete: true when nothing follows (a scan): connections that are still open are counted. false in
    ///   a run: they wait for their next line, ten minutes at most.
    /// - Returns: what was found; `memory` is then what to remember.
    mutating func finish(complete: Bool) -> AttemptSummary { summary }

    /// What to remember, after `finish`.
    var memory: AttemptMemory { AttemptMemory(attemptsTotal: summary.attemptsTotal) }
}
