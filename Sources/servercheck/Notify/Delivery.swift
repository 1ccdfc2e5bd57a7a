// Empties the outboxes: all channels side by side, each in order. What was delivered leaves the outbox, and that is
// committed before the channel's next message begins, so that a kill repeats at most one message per channel.

import Logging

/// One round of sending.
struct Delivery {
    let channels: [any Channel]
    let hostname: String
    /// When the run began.
    let now: Timestamp
    let deadline: ContinuousClock.Instant
    let log: Logger
    /// Seconds since `now`: what a server wants us to wait counts from its answer, which may come half a minute later.
    let elapsed: @Sendable () -> Double

    /// How the round ended.
    struct Outcome: Sendable, Equatable {
        var notifications: [NotificationReport] = []
        /// Delivered, but something must be mended (`smtp: nobody@example.org refused`).
        var warnings: [String] = []
    }

    /// - Parameters:
    ///   - outboxes: by channel name; changed and handed to `commit` after each delivered message.
    ///   - transport: asked only when there is something to send.
    func run(
        _ outboxes: inout [String: Outbox], transport: inout any Transport, commit: ([String: Outbox]) -> Void
    ) -> Outcome {
        var outcome = Outcome()
        for tag in channels.indices { start(tag, outboxes, &transport) }
        while let (tag, answer) = transport.next(before: deadline) {
            guard channels.indices.contains(tag) else { continue }
            let channel = channels[tag]
            guard var outbox = outboxes[channel.name], let message = outbox.messages.first else { continue }
            var isNextDue = true
            switch channel.verdict(on: answer, context: context(outbox, at: now + elapsed())) {
            case .delivered(let warning, let memory):
                outbox.removeFirst()
                outbox.succeeded(memory: memory)
                outcome.notifications.append(NotificationReport(channel, message, delivered: true))
                if let warning { outcome.warnings.append("\(channel.name): \(warning)") }
                log.info("\(channel.name): delivered \"\(message.title)\" to \(channel.recipient)")
            case .again(let memory):
                // At most once per message: a server that sends us from one id to the next for ever is not followed.
                isNextDue = outbox.memory != memory
                outbox.memory = memory
                if !isNextDue { outbox.hold(.growing, error: "the server keeps naming another recipient", now: now) }
            case .failed(let error, let retry):
                isNextDue = false
                outbox.hold(retry, error: error.cut(jsonSize: errorBytes), now: now)
                log.warning("\(channel.name): not delivered: \(error)")
            }
            outboxes[channel.name] = outbox
            commit(outboxes)
            if isNextDue { start(tag, outboxes, &transport) }
        }
        for channel in channels { outcome.notifications += abandoned(channel, outboxes) }
        return outcome
    }

    private func start(_ tag: Int, _ outboxes: [String: Outbox], _ transport: inout any Transport) {
        let channel = channels[tag]
        guard let outbox = outboxes[channel.name], let message = outbox.messages.first, outbox.isReady(at: now) else {
            return
        }
        let marked = message.withEvents.marked(ifLateAt: now)
        transport.start(channel.transfer(for: marked, context: context(outbox, at: now)), tag: tag)
    }

    /// What is left waits for the next run, and is reported.
    private func abandoned(_ channel: any Channel, _ outboxes: [String: Outbox]) -> [NotificationReport] {
        guard let outbox = outboxes[channel.name] else { return [] }
        let error = outbox.error ?? "no answer within the time of this run"
        return outbox.messages.map { NotificationReport(channel, $0, delivered: false, error: error) }
    }

    /// What a server said waits in the state as well: 4 KiB of it, of all channels together.
    private var errorBytes: Int { min(1000, max(60, 4096 / max(1, channels.count))) }

    private func context(_ outbox: Outbox, at time: Timestamp) -> DeliveryContext {
        DeliveryContext(now: time, hostname: hostname, memory: outbox.memory)
    }
}

extension NotificationReport {
    init(_ channel: any Channel, _ message: Message, delivered: Bool, error: String? = nil) {
        self.init(
            channel: channel.name, reason: message.reason, title: message.title, delivered: delivered, error: error)
    }
}

extension Message {
    /// A message that comes more than two minutes after its event says when the event was.
    func marked(ifLateAt now: Timestamp) -> Message {
        let delay = now.seconds(since: created)
        guard delay > 120 else { return self }
        var late = self
        let minutes = Int(min(delay / 60, 10_000_000))
        late.body = "Late by \(minutes) min: this was at \(created.localText).\n\n" + body
        return late
    }
}
