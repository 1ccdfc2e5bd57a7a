// What `test-channels` sends and how it words what became of it. Knows no process: the transport is injected.

/// A test message and what became of it.
struct ChannelTest: Sendable, Equatable {
    var message: Message
    var context: DeliveryContext

    init(now: Timestamp, hostname: String) {
        let host = Clean.text(hostname, limit: 253)
        message = Message(
            id: "test-\(now.microseconds)", created: now, status: .ok, title: "[\(host)] Test message from servercheck",
            body: "Sent by servercheck test-channels at \(now.localText).\nThis channel works; nothing is wrong.")
        context = DeliveryContext(now: now, hostname: hostname)
    }

    /// Sends through all channels at once.
    ///
    /// - Returns: a verdict per channel, in order; nil where none came before the deadline.
    func send(
        through channels: [any Channel], with transport: inout some Transport, before deadline: ContinuousClock.Instant
    ) -> [Verdict?] {
        var verdicts = [Verdict?](repeating: nil, count: channels.count)
        var contexts = [DeliveryContext](repeating: context, count: channels.count)
        for (tag, channel) in channels.enumerated() {
            transport.start(channel.transfer(for: message, context: context), tag: tag)
        }
        while let (tag, answer) = transport.next(before: deadline) {
            guard channels.indices.contains(tag) else { continue }
            let verdict = channels[tag].verdict(on: answer, context: contexts[tag])
            if case .again(let memory) = verdict, contexts[tag].memory == nil {
                contexts[tag].memory = memory
                transport.start(channels[tag].transfer(for: message, context: contexts[tag]), tag: tag)
            } else {
                verdicts[tag] = verdict
            }
        }
        return verdicts
    }

    static func isDelivered(_ verdict: Verdict?) -> Bool {
        if case .delivered = verdict { true } else { false }
    }

    static func line(for channel: any Channel, _ verdict: Verdict?, timeoutSeconds: Double) -> String {
        switch verdict {
        case .delivered(let warning, _):
            "\(channel.name): delivered to \(channel.recipient)" + (warning.map { "; WARNING: \($0)" } ?? "")
        case .failed(let error, _): "\(channel.name): failed: \(error)"
        case .again: "\(channel.name): failed: the server named a new address twice"
        case nil: "\(channel.name): failed: no answer within \(NumberText.shortest(timeoutSeconds)) s (--timeout)"
        }
    }
}
