// What a dry run says behind its result: which messages a run would have sent now, and to whom.

/// The preview of a dry run.
enum Preview {
    static func lines(_ outcome: Run.Outcome, _ channels: [any Channel]) -> [String] {
        // In the order of a run: what waits goes first.
        let lines = channels.flatMap { waiting($0, outcome) } + new(outcome.message, channels)
        return lines.isEmpty ? ["", "nothing would be sent"] : lines
    }

    private static func waiting(_ channel: any Channel, _ outcome: Run.Outcome) -> [String] {
        guard let outbox = outcome.waiting[channel.name], !outbox.messages.isEmpty else { return [] }
        var heading = "waiting, would be sent to \(name(channel))"
        if let end = outbox.heldUntil(at: outcome.report.time) { heading += ", but not before \(end.localText)" }
        return ["", heading + ":"] + outbox.messages.map { "  \(Clean.text($0.title))" }
    }

    private static func new(_ message: Message?, _ channels: [any Channel]) -> [String] {
        guard let message else { return [] }
        let heading =
            channels.isEmpty
            ? "would be told, but no messaging channel is configured:"
            : "would be sent to \(channels.map(name).joined(separator: ", ")):"
        return ["", heading, "  \(message.title)"]
            + message.body.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
    }

    private static func name(_ channel: any Channel) -> String { "\(channel.name) (\(Clean.text(channel.recipient)))" }
}

extension Outbox {
    /// nil: the next try may begin at `now`.
    fileprivate func heldUntil(at now: Timestamp) -> Timestamp? {
        guard !isReady(at: now), let heldSince, let holdSeconds else { return nil }
        return heldSince + holdSeconds
    }
}
