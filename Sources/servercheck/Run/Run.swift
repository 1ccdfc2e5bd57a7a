// One invocation, start to end, in the order of the design's section 4.

import Logging

/// Runs every sensor once, decides, commits, delivers.
struct Run: Sendable {
    var config: Config
    var machine: Machine
    var places: StatePlaces
    /// Names of the sensors to run; empty: all.
    var selection: [String] = []
    /// Measure and evaluate; send nothing, write nothing.
    var isDryRun = false
    /// The end of the whole run.
    var deadline: ContinuousClock.Instant
    var log: Logger
    var makeTransport: @Sendable () -> any Transport
    /// Asked once, when the lock is held: of runs that start together the one that comes second must not have the
    /// earlier time, for which what the first remembered lies in the future. nil: `machine.now` stands.
    var clock: (@Sendable () -> Timestamp)?
    /// When `machine.now` was.
    var began = ContinuousClock.now

    /// What a run leaves behind for its command.
    struct Outcome: Sendable {
        var report: Report
        /// With `isDryRun`: what would be sent.
        var message: Message?
        /// With `isDryRun`: what waits from earlier runs, by the channel's name.
        var waiting: [String: Outbox] = [:]
    }

    /// The whole run.
    ///
    /// - Throws: StateError when the state is locked or was written by a newer version.
    func perform() throws(StateError) -> Outcome { try StartedRun(self).perform() }

    /// Decides, commits and delivers what was measured.
    ///
    /// - Parameter answers: one per selected sensor, in order; `limitSeconds` is what they had.
    func conclude(_ answers: [Measuring.Answer], limitSeconds: Double, _ store: inout StateStore) -> Outcome {
        var state = store.state
        let measured = measured(answers, limitSeconds: limitSeconds, state)
        var findings = measured.flatMap(\.findings) + store.findings
        for sensor in measured {
            state.sensors[sensor.name] = sensor.memory == SensorMemory() ? nil : sensor.memory
        }
        Run.tellApart(&findings)
        let message = decide(&findings, measured, &state)
        forgetWhatTheConfigDropped(&state)
        if message != nil || !state.outboxes.isEmpty { address(message, &state.outboxes) }

        var outcome = Delivery.Outcome()
        if isDryRun {
            outcome.notifications = config.channels.flatMap { channel in
                (state.outboxes[channel.name]?.messages ?? []).map {
                    NotificationReport(channel, $0, delivered: false)
                }
            }
        } else {
            store.commit(state)
            outcome = deliver(&state, &store)
            findings.removeAll { $0.sensor == StateStore.unwritableID }
            findings += store.findings
        }
        if let own = notificationFinding(outcome, state) { findings.append(own) }
        var report = Report(
            version: Servercheck.version, host: hostname, time: machine.now, findings: findings,
            notifications: outcome.notifications)
        // Not with --sensor: the others' values would vanish. Still under the lock, so that two runs do not mix.
        if let path = config.metricsFile, !isDryRun, selection.isEmpty,
            let problem = MetricsFile(path: path).write(report, before: deadline)
        {
            report.findings.append(problem)
        }
        if !isDryRun { return Outcome(report: report) }
        return Outcome(report: report, message: message, waiting: store.state.outboxes)
    }

    private var hostname: String { config.hostname ?? machine.hostname }

    /// A sensor's share of the run.
    private struct Measured: Sendable {
        var sensor: any Sensor
        var findings: [Finding]
        var memory: SensorMemory?
        /// Whether an object that is missing among the findings is gone, not merely unseen.
        var isComplete: Bool

        var name: String { sensor.name }
        var policy: NotifyPolicy { sensor.policy }
    }

    /// A sensor without an answer is an UNKNOWN finding and keeps its memory.
    private func measured(_ answers: [Measuring.Answer], limitSeconds: Double, _ state: State) -> [Measured] {
        let sensors = config.sensors.filter { selection.isEmpty || selection.contains($0.name) }
        return zip(sensors, answers).map { sensor, answer in
            let reason: String
            switch answer {
            case .reading(let reading):
                for note in reading.notes { log.info("\(sensor.name): \(note)") }
                return Measured(
                    sensor: sensor, findings: reading.findings, memory: reading.memory, isComplete: true)
            case .failed(let error): reason = error.description
            case .missing: reason = "\(sensor.name) has not answered within \(Int(limitSeconds)) s"
            }
            let finding = Finding(sensor: sensor.name, id: sensor.name, status: .unknown, text: reason)
            return Measured(
                sensor: sensor, findings: [finding], memory: state.sensors[sensor.name], isComplete: false)
        }
    }

    /// Names of mount points may be equal as texts though their bytes differ: they are no UTF-8, or composed in another way.
    /// Each is a problem of its own all the same.
    private static func tellApart(_ findings: inout [Finding]) {
        var seen: Set<String> = []
        for index in findings.indices {
            let id = findings[index].id
            var number = 1
            while findings[index].kind == .problem, !seen.insert(findings[index].id).inserted {
                number += 1
                findings[index].id = "\(id) (\(number))"
            }
        }
    }

    /// Fills `since`, updates the open problems and words what is to be told.
    private func decide(_ findings: inout [Finding], _ measured: [Measured], _ state: inout State) -> Message? {
        var items: [NotifyItem] = []
        let sensor = { (name: String) in measured.first { $0.name == name } }
        for index in findings.indices {
            let finding = findings[index]
            switch finding.kind {
            case .silent: break
            case .event: items.append(NotifyItem(reason: .first, finding: finding))
            case .problem:
                guard let owner = sensor(finding.sensor) else { break }
                let before = state.problems[finding.id]
                let decision = NotifyDecision.decide(finding, record: before, policy: owner.policy, now: machine.now)
                state.problems[finding.id] = decision.record
                findings[index].since = (decision.record ?? before)?.since
                if let reason = decision.reason {
                    var told = findings[index]
                    if reason == .recovered {
                        told = owner.sensor.recovered(told, from: before?.worstTold ?? .critical)
                    }
                    items.append(NotifyItem(reason: reason, finding: told))
                }
                if finding.status == .ok, decision.record == nil { findings[index].since = nil }
            }
        }
        let problems = state.problems.isEmpty ? [] : state.problems.sorted { $0.key < $1.key }
        let seen = problems.isEmpty ? [] : Set(findings.map(\.id))
        for (id, record) in problems where !seen.contains(id) {
            guard let sensor = sensor(record.sensor), sensor.isComplete else { continue }
            state.problems[id] = nil
            guard let reason = NotifyDecision.ended(record, policy: sensor.policy).reason else { continue }
            // The sensor's own id stands for a sensor that could not measure at all.
            let text = id == record.sensor ? "\(id) can measure again" : "\(id) is no longer there"
            var gone = Finding(sensor: record.sensor, id: id, status: .ok, text: text)
            gone.since = record.since
            items.append(NotifyItem(reason: reason, finding: gone))
        }
        for item in items where !isDryRun {
            log.info("\(item.finding.id): \(item.reason.rawValue): \(item.finding.status.word): \(item.finding.text)")
        }
        guard !items.isEmpty else { return nil }
        return MessageWriter(hostname: hostname, now: machine.now)
            .message(for: items, id: "\(machine.now.microseconds).\(state.sequence)")
    }

    /// Sensors that were taken out of the config leave nothing behind.
    private func forgetWhatTheConfigDropped(_ state: inout State) {
        let isSensor = { (name: String) in config.sensors.contains { $0.name == name } }
        // Looked at before they are copied: in most runs everything stays.
        if !state.sensors.keys.allSatisfy(isSensor) { state.sensors = state.sensors.filter { isSensor($0.key) } }
        if !state.problems.values.allSatisfy({ isSensor($0.sensor) }) {
            state.problems = state.problems.filter { isSensor($0.value.sensor) }
        }
    }

    /// Adds the message to what each channel owes. Channels that were taken out of the config leave nothing behind.
    private func address(_ message: Message?, _ outboxes: inout [String: Outbox]) {
        let before = outboxes
        for name in outboxes.give(to: config.channels.map { ($0.name, $0.mark) }) {
            guard let count = before[name]?.messages.count, count > 0 else { continue }
            log.warning("channel \(name) is no longer in the config: \(count) waiting messages dropped")
        }
        if let message { outboxes.append(message, to: config.channels.map(\.name)) }
        outboxes = outboxes.kept
    }

    private func deliver(_ state: inout State, _ store: inout StateStore) -> Delivery.Outcome {
        guard state.outboxes.values.contains(where: { !$0.messages.isEmpty }) else { return Delivery.Outcome() }
        let began = began
        let delivery = Delivery(
            channels: config.channels, hostname: hostname, now: machine.now, deadline: deadline, log: log
        ) {
            let passed = (ContinuousClock.now - began).components
            return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
        }
        var transport = makeTransport()
        var outboxes = state.outboxes
        let outcome = delivery.run(&outboxes, transport: &transport) { changed in
            state.outboxes = changed.kept
            store.commit(state)
        }
        return outcome
    }

    /// A monitor that cannot speak says so to whoever looks. It is never told itself.
    private func notificationFinding(_ outcome: Delivery.Outcome, _ state: State) -> Finding? {
        var texts = outcome.warnings
        for channel in config.channels where !isDryRun {
            let waiting = outcome.notifications.filter { $0.channel == channel.name && !$0.delivered }
            guard let first = waiting.first else { continue }
            let since = state.outboxes[channel.name]?.messages.first?.created.localText ?? "now"
            texts.append(
                "\(channel.name): \(waiting.count) message\(waiting.count == 1 ? "" : "s") not delivered since \(since): "
                    + (first.error ?? "waiting"))
        }
        guard !texts.isEmpty else { return nil }
        return Finding(
            sensor: "notifications", id: "notifications", kind: .silent, status: .warning,
            text: texts.joined(separator: "; "))
    }
}
