// What is to be told in one run becomes one message: a title that says it all on a lock screen, and a body that names
// host, status, sensor, value, limit and since when for each item.

/// One thing to tell.
struct NotifyItem: Sendable, Equatable {
    var reason: NotifyReason
    var finding: Finding
}

/// Words a message. Pure.
struct MessageWriter: Sendable {
    var hostname: String
    var now: Timestamp

    /// Beyond so many bytes of body no further item begins: Telegram takes 4096 UTF-16 units, and the outbox lives in the
    /// state file. The first item is always there, however long.
    static let bodyLimit = 3500

    /// - Parameter items: not empty; the most severe comes first, and of one level events, which are told only once. The
    ///   order is kept among equals.
    func message(for items: [NotifyItem], id: String) -> Message {
        let sorted = items.enumerated().sorted { left, right in
            (right.element.weight, left.element.lasts, left.offset)
                < (left.element.weight, right.element.lasts, right.offset)
        }.map(\.element)
        let events = items.filter { $0.finding.kind == .event }.map {
            Message.Event(status: $0.level, text: "\($0.word): \(Clean.text($0.finding.text))".cut(jsonSize: 320))
        }
        let worst = sorted.map(\.level).worst
        return Message(
            id: id, created: now, status: worst, title: title(sorted), body: body(sorted),
            reason: sorted.first?.reason ?? .first, events: events.isEmpty ? nil : events)
    }

    private func title(_ items: [NotifyItem]) -> String {
        let host = Clean.text(hostname, limit: 100)
        guard let first = items.first else { return "[\(host)] servercheck" }
        let more = items.count > 1 ? " (and \(items.count - 1) more)" : ""
        return "[\(host)] \(first.word): \(Clean.text(first.finding.text, limit: 150))\(more)"
    }

    private func body(_ items: [NotifyItem]) -> String {
        var blocks: [String] = []
        var size = 0
        for (index, item) in items.enumerated() {
            let block = self.block(item)
            size += block.utf8.count + 2
            // One item may be long in itself; it is cut by the channel at its own limit.
            if size > MessageWriter.bodyLimit, index > 0 {
                blocks.append("… and \(items.count - index) more; run servercheck status on the machine")
                break
            }
            blocks.append(block)
        }
        blocks.append("host \(Clean.text(hostname, limit: 100)), \(now.localText)")
        return blocks.joined(separator: "\n\n")
    }

    private func block(_ item: NotifyItem) -> String {
        var lines = [
            "\(item.word)\(item.reason == .reminder ? " (reminder)" : "")  \(Clean.text(item.finding.id))",
            Clean.text(item.finding.text),
        ]
        lines += item.finding.details.prefix(20).map { Clean.text($0, limit: 200) }
        if let since = item.finding.since {
            lines.append("\(item.reason == .recovered ? "began" : "since") \(since.localText)")
        }
        return lines.joined(separator: "\n")
    }
}

extension NotifyItem {
    /// What it is told as. A reminder between two waves, or within the recovery margin, tells of the problem that lasts.
    fileprivate var level: Status {
        switch reason {
        case .recovered: .ok
        case .reminder where finding.status == .ok: finding.lingering
        default: finding.status
        }
    }

    fileprivate var word: String {
        if reason == .recovered { return "RECOVERED" }
        return level == .ok ? "INFO" : level.word
    }

    /// 1: a later run can tell it as well. 0: it can not.
    fileprivate var lasts: Int { finding.kind == .event ? 0 : 1 }

    /// Sorts problems by severity, and before recoveries.
    fileprivate var weight: Int {
        if reason == .recovered { return 0 }
        switch level {
        case .ok: return 1
        case .unknown: return 2
        case .warning: return 3
        case .critical: return 4
        }
    }
}
