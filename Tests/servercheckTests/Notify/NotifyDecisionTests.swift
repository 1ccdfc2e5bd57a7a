import Testing

@testable import servercheck

/// Runs a sequence of (status, lingering) one minute apart and returns the reasons.
private func reasons(
    _ steps: [(Status, Status)], policy: NotifyPolicy = NotifyPolicy()
) -> [NotifyReason?] {
    var record: ProblemRecord?
    var now = Timestamp.noon
    return steps.map { status, lingering in
        let finding = Finding(sensor: "s", id: "s", status: status, lingering: lingering, text: "")
        let decision = NotifyDecision.decide(finding, record: record, policy: policy, now: now)
        record = decision.record
        now = now + 60
        return decision.reason
    }
}

private func reasons(_ steps: [Status], policy: NotifyPolicy = NotifyPolicy()) -> [NotifyReason?] {
    reasons(steps.map { ($0, $0) }, policy: policy)
}

@Suite struct NotifyDecisionTests {
    @Test("a lasting problem is told once, and its end once")
    func lasting() {
        #expect(reasons([.ok, .critical, .critical, .critical, .ok, .ok]) == [nil, .first, nil, nil, .recovered, nil])
    }

    @Test("worse than told is told, a fall back is not")
    func worse() {
        #expect(
            reasons([.warning, .critical, .warning, .critical, .ok]) == [.first, .worse, nil, nil, .recovered])
    }

    @Test("UNKNOWN is a problem too, and what follows it may be worse")
    func unknown() {
        #expect(reasons([.unknown, .warning, .unknown, .ok]) == [.first, .worse, nil, .recovered])
    }

    @Test("reminders come every renotify_time while it lasts, counted from the last message")
    func reminder() {
        let policy = NotifyPolicy(renotifySeconds: 120)
        #expect(
            reasons([.warning, .warning, .warning, .critical, .critical, .critical, .ok], policy: policy)
                == [.first, nil, .reminder, .worse, nil, .reminder, .recovered])
    }

    @Test("a problem counts after max_check_attempts bad runs in a row")
    func soft() {
        let policy = NotifyPolicy(maxCheckAttempts: 3)
        #expect(
            reasons([.critical, .critical, .ok, .critical, .critical, .critical, .critical, .ok], policy: policy)
                == [nil, nil, nil, nil, nil, .first, nil, .recovered])
    }

    @Test("a value within the recovery margin keeps a told problem open, and begins none")
    func margin() {
        #expect(
            reasons([(.ok, .critical), (.critical, .critical), (.ok, .critical), (.critical, .critical), (.ok, .ok)])
                == [nil, .first, nil, nil, .recovered])
    }

    @Test("a soft problem that falls into the margin was none")
    func softMargin() {
        let policy = NotifyPolicy(maxCheckAttempts: 2)
        #expect(
            reasons([(.critical, .critical), (.ok, .critical), (.critical, .critical), (.ok, .ok)], policy: policy)
                == [nil, nil, nil, nil])
    }

    @Test("without recovery the end is silent")
    func noRecovery() {
        #expect(reasons([.critical, .ok, .critical], policy: NotifyPolicy(recovery: false)) == [.first, nil, .first])
    }

    @Test("a clock set back does not hold reminders back for ever")
    func clockSetBack() {
        let told = Timestamp.noon + 86_400
        let record = ProblemRecord(sensor: "s", since: told, badRuns: 1, worstTold: .critical, lastTold: told)
        let decision = NotifyDecision.decide(
            Finding(sensor: "s", id: "s", status: .critical, text: ""), record: record,
            policy: NotifyPolicy(renotifySeconds: 300), now: .noon)
        #expect(decision.reason == .reminder)
        #expect(decision.record?.lastTold == .noon)
    }

    @Test("a lasting problem leaves its record as it is: nothing to write")
    func quiet() {
        let record = ProblemRecord(sensor: "s", since: .noon, badRuns: 2, worstTold: .warning, lastTold: .noon)
        let decision = NotifyDecision.decide(
            Finding(sensor: "s", id: "s", status: .warning, text: ""), record: record,
            policy: NotifyPolicy(maxCheckAttempts: 2), now: .noon + 3600)
        #expect(decision == NotifyDecision(reason: nil, record: record))
    }

    @Test("records from a damaged state neither trap nor silence a problem")
    func hostileRecord() {
        for badRuns in [Int.min, -1, 0, Int.max] {
            let record = ProblemRecord(sensor: "s", since: .noon, badRuns: badRuns, worstTold: nil, lastTold: .noon)
            let decision = NotifyDecision.decide(
                Finding(sensor: "s", id: "s", status: .critical, text: ""), record: record, policy: NotifyPolicy(),
                now: .noon)
            #expect(decision.reason == .first)
        }
    }
}
