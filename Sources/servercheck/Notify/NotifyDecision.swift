// May this finding be told, and why? A pure function over what is measured now and what was told before.
//
// 1. A problem is told when it has been bad for max_check_attempts runs in a row (first), when it passes the worst level
//    told since it began (worse), and every renotify_time while it lasts (reminder).
// 2. It is over when value and recovery margin both say so; if it was told, its end is told (recovered).
// 3. A fall from CRITICAL to WARNING says nothing. A problem that was never told ends silently.

/// Why a message is sent.
enum NotifyReason: String, Sendable, JSONStored {
    case first
    case worse
    case reminder
    case recovered
}

/// What is remembered of an open problem.
struct ProblemRecord: Sendable, Equatable {
    /// The `name` of the sensor that reported it.
    var sensor = ""
    /// When the first bad run began.
    var since = Timestamp(seconds: 0)
    /// Consecutive bad runs, counted up to max_check_attempts and no further: a lasting problem changes no state.
    var badRuns = 0
    /// The worst level told since it began; nil while it is soft.
    var worstTold: Status?
    var lastTold: Timestamp?
}

extension ProblemRecord: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("bad_runs", &badRuns)
        json.member("last_told", &lastTold)
        json.member("sensor", &sensor)
        json.member("since", &since)
        json.member("worst_told", &worstTold)
    }
}

/// The answer for one finding.
struct NotifyDecision: Sendable, Equatable {
    var reason: NotifyReason?
    /// What to remember; nil: nothing, the problem is over or never was.
    var record: ProblemRecord?

    /// - Parameters:
    ///   - finding: what was measured now.
    ///   - record: what the last run left; nil when there was no problem.
    static func decide(
        _ finding: Finding, record: ProblemRecord?, policy: NotifyPolicy, now: Timestamp
    ) -> NotifyDecision {
        if finding.status != .ok {
            return bad(finding, record: record, policy: policy, now: now)
        }
        if finding.lingering != .ok, let record, let lastTold = record.lastTold {
            // Within the recovery margin, or an incident between two waves: the told problem lasts.
            return lasting(record, lastTold: lastTold, policy: policy, now: now)
        }
        return ended(record, policy: policy)
    }

    /// A problem whose object is gone (a disk unmounted) or whose value is good again.
    static func ended(_ record: ProblemRecord?, policy: NotifyPolicy) -> NotifyDecision {
        NotifyDecision(reason: record?.worstTold != nil && policy.recovery ? .recovered : nil)
    }

    private static func bad(
        _ finding: Finding, record: ProblemRecord?, policy: NotifyPolicy, now: Timestamp
    ) -> NotifyDecision {
        var next = record ?? ProblemRecord(sensor: finding.sensor, since: now, badRuns: 0)
        if let worstTold = next.worstTold, let lastTold = next.lastTold {
            guard finding.status > worstTold else {
                return lasting(next, lastTold: lastTold, policy: policy, now: now)
            }
            next.worstTold = finding.status
            next.lastTold = now
            return NotifyDecision(reason: .worse, record: next)
        }
        next.badRuns = min(max(next.badRuns, 0), policy.maxCheckAttempts - 1) + 1
        guard next.badRuns >= policy.maxCheckAttempts else { return NotifyDecision(record: next) }
        next.worstTold = finding.status
        next.lastTold = now
        return NotifyDecision(reason: .first, record: next)
    }

    private static func lasting(
        _ record: ProblemRecord, lastTold: Timestamp, policy: NotifyPolicy, now: Timestamp
    ) -> NotifyDecision {
        guard let interval = policy.renotifySeconds, lastTold.hasElapsed(interval, at: now) else {
            return NotifyDecision(record: record)
        }
        var next = record
        next.lastTold = now
        return NotifyDecision(reason: .reminder, record: next)
    }
}
