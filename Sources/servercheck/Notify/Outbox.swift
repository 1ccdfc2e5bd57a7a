// What a channel still owes. Messages wait here, in order, until the channel has taken them; the outbox is committed
// with the state, so a kill loses none.

/// The waiting messages of one channel and how its last tries went.
struct Outbox: Sendable, Equatable {
    private(set) var messages: [Message] = []
    /// Failed tries in a row that someone must mend (wrong token, unknown chat).
    var failures: Int = 0
    /// When the last try failed and how long to hold back after it; nil: try in the next run.
    var heldSince: Timestamp?
    var holdSeconds: Double?
    /// Why the last try failed, without any secret; nil after a success.
    var error: String?
    /// What the channel asked to remember.
    var memory: String?

    /// More messages than this merge into one last.
    static let messageLimit = 100
    /// Bytes of text that wait whole; the run divides it among the channels, so that the state file is small on any day.
    static let byteLimit = 20 * 1024

    /// Appends a message. Where the outbox is full, the newest merge into one last "and N more": the oldest say how it
    /// began, and the last one says how it stands.
    mutating func append(_ message: Message, byteLimit: Int = Outbox.byteLimit) {
        let size = messages.reduce(message.size) { $0 + $1.size }
        let isFull = messages.count >= Outbox.messageLimit - 1 || size > byteLimit
        guard isFull, let last = messages.last else {
            messages.append(message)
            return
        }
        if last.isShort {
            messages[messages.count - 1] = last.merging(message)
        } else {
            messages.append(message.shortened)
        }
    }

    mutating func removeFirst() { if !messages.isEmpty { messages.removeFirst() } }

    /// Whether the next try may begin now.
    func isReady(at now: Timestamp) -> Bool {
        guard let heldSince, let holdSeconds else { return true }
        return heldSince.hasElapsed(holdSeconds, at: now)
    }

    mutating func hold(_ retry: Verdict.Retry, error: String, now: Timestamp) {
        self.error = error
        switch retry {
        case .nextRun:
            failures = 0
            heldSince = nil
            holdSeconds = nil
        case .notBefore(let time):
            heldSince = now
            holdSeconds = time.seconds(since: now)
        case .growing:
            // 1, 2, 4, … 64 minutes, capped at one hour.
            holdSeconds = min(3600, 60 * Double(1 << min(max(failures, 0), 6)))
            failures = min(max(failures, 0), 99) + 1
            heldSince = now
        }
    }

    mutating func succeeded(memory: String?) {
        failures = 0
        heldSince = nil
        holdSeconds = nil
        error = nil
        if let memory { self.memory = memory }
    }
}

extension Outbox: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("error", &error)
        json.member("failures", &failures)
        json.member("held_since", &heldSince)
        json.member("hold_seconds", &holdSeconds)
        json.member("memory", &memory)
        json.member("messages", &messages)
    }
}

extension Message {
    fileprivate static let shortMark = "(cut: too many messages wait)"
    fileprivate var size: Int { title.utf8.count + body.utf8.count + 200 }
    fileprivate var isShort: Bool { body.hasPrefix(Message.shortMark) }

    /// The message without its body, for an outbox that is full.
    fileprivate var shortened: Message {
        var short = self
        short.body = Message.shortMark + "\n" + title
        return short
    }

    /// One message for this one and a newer one; it keeps the newest titles.
    fileprivate func merging(_ newer: Message) -> Message {
        var both = newer
        both.id = id
        both.created = created
        both.merged = min(merged, 1_000_000) + 1
        both.status = max(status, newer.status)
        both.title = "\(newer.title) (and \(both.merged - 1) more)"
        let titles = body.split(separator: "\n").dropFirst().suffix(8).map(String.init) + [newer.title]
        both.body = ([Message.shortMark] + titles).joined(separator: "\n")
        return both
    }
}
