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
    /// The `mark` of the channel whose messages these are; nil: an older version wrote it.
    var madeFor: String?

    /// More messages than this merge into one last.
    static let messageLimit = 100
    /// Bytes of JSON that wait whole, of all channels together, so that the state file is small on any day.
    static let byteLimit = 20 * 1024
    /// Bytes of JSON that the texts of a shortened message have in any case, with up to `fewChannels`; with more of them less.
    static let textBytes = 800
    static let fewChannels = 8

    /// Appends a message. Where the outbox is full, the newest merge into one last "and N more": the oldest say how it
    /// began, and the last one says how it stands. Events keep a line each, as far as there is room.
    ///
    /// - Parameter textBytes: what a shortened message has in any case for its title, its events and other titles.
    mutating func append(_ message: Message, byteLimit: Int = Outbox.byteLimit, textBytes: Int = Outbox.textBytes) {
        var whole = message
        whole.events = nil
        let isFull = messages.count >= Outbox.messageLimit - 1 || size + whole.size > byteLimit
        let room = min(4000, max(textBytes, byteLimit / 4))
        guard isFull, let last = messages.last else {
            messages.append(isFull ? message.cut(bytes: byteLimit, textBytes: room) : whole)
            return
        }
        if last.isShort || last.isCut {
            messages[messages.count - 1] = last.merging(message, bytes: room)
        } else {
            messages.append(message.shortened(bytes: room))
        }
    }

    fileprivate var size: Int { messages.reduce(0) { $0 + $1.size } }

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
        forgetFailures()
        if let memory { self.memory = memory }
    }

    mutating func forgetFailures() {
        failures = 0
        heldSince = nil
        holdSeconds = nil
        error = nil
    }

    /// Whether it says nothing but whose it is.
    var isIdle: Bool { self == Outbox(madeFor: madeFor) }
}

extension Outbox: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("error", &error)
        json.member("failures", &failures)
        json.member("held_since", &heldSince)
        json.member("hold_seconds", &holdSeconds)
        json.member("made_for", &madeFor)
        json.member("memory", &memory)
        json.member("messages", &messages)
    }
}

extension [String: Outbox] {
    /// Appends a message to the outbox of each of these channels.
    ///
    /// What is free belongs to who needs it: usually most channels have delivered all they had. But a part of it is
    /// kept for each, so that a channel that works gets its message whole while another one's backlog is long.
    mutating func append(_ message: Message, to channels: [String]) {
        // Each may have one merged message besides, the shorter the more they are.
        let few = Outbox.fewChannels
        let crowd = Swift.max(few, channels.count)
        let limit = Swift.max(Outbox.byteLimit / 3 * few / crowd, Outbox.byteLimit - 1300 * (channels.count - 1))
        let textBytes = Outbox.textBytes * few / crowd
        let kept = limit / 2 / Swift.max(1, channels.count)
        let share = { (outbox: Outbox?) in Swift.max(kept, outbox?.size ?? 0) }
        var all = channels.reduce(0) { $0 + share(self[$1]) }
        for name in channels {
            let others = all - share(self[name])
            self[name, default: Outbox()].append(
                message, byteLimit: Swift.max(kept, limit - others), textBytes: textBytes)
            all = others + share(self[name])
        }
    }
}

extension Message {
    fileprivate static let shortMark = "(cut: too many messages wait)"
    fileprivate var size: Int {
        (events ?? []).reduce(title.jsonSize + body.jsonSize + 200) { $0 + $1.size }
    }
    fileprivate static let cutNote = "… cut: too many channels; run servercheck status on the machine"
    fileprivate var isShort: Bool { body.hasPrefix(Message.shortMark) }
    fileprivate var isCut: Bool { body.hasSuffix(Message.cutNote) }

    /// As many lines of the body as fit, for the share of one of many channels.
    fileprivate func cut(bytes: Int, textBytes: Int) -> Message {
        var cut = self
        cut.title = title.cut(jsonSize: Message.titleBytes(of: textBytes))
        cut.limitEvents(bytes: textBytes)
        let note = Message.cutNote
        var room = bytes - cut.title.jsonSize - note.jsonSize - 200
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).prefix {
            room -= String($0).jsonSize + 2
            return room >= 0
        }
        cut.body = (lines + [Substring(note)]).joined(separator: "\n")
        return cut
    }

    /// The message without its body, for an outbox that is full.
    fileprivate func shortened(bytes: Int) -> Message {
        var short = self
        short.title = title.cut(jsonSize: Message.titleBytes(of: bytes))
        short.limit([title], bytes: bytes)
        return short
    }

    /// Of a title what shows what it is about, whatever the room.
    private static func titleBytes(of bytes: Int) -> Int { max(100, bytes / 2) }

    /// Events and titles that fit into `bytes`; the oldest titles are left out, which have at least a quarter of the room.
    private mutating func limit(_ titles: [String], bytes: Int) {
        let size = limitEvents(bytes: bytes / 4 * 3)
        var lines = titles
        while lines.count > 1, size + lines.reduce(0, { $0 + $1.jsonSize }) > bytes { lines.removeFirst() }
        let left = max(60, bytes / 4, bytes - size)
        body = ([Message.shortMark] + lines.map { $0.cut(jsonSize: left) }).joined(separator: "\n")
    }

    /// Leaves out what does not fit: of the events first the least severe, then the oldest. The last one is cut.
    ///
    /// - Returns: what the others take.
    @discardableResult
    private mutating func limitEvents(bytes: Int) -> Int {
        var kept = events ?? []
        var size = kept.reduce(0) { $0 + $1.size }
        while size > bytes, kept.count > 1, let least = kept.map(\.status).min(),
            let index = kept.firstIndex(where: { $0.status == least })
        {
            size -= kept.remove(at: index).size
            eventsLeftOut = min(eventsLeftOut ?? 0, 1_000_000) + 1
        }
        if kept.count == 1, size > bytes {
            kept[0].text = kept[0].text.cut(jsonSize: max(80, bytes - Event.overhead))
            size = kept[0].size
        }
        events = kept.isEmpty ? nil : kept
        return size
    }

    /// The title without what merging added.
    private var ownTitle: String {
        let added = " (and \(merged - 1) more)"
        return merged > 1 && title.hasSuffix(added) ? String(title.dropLast(added.count)) : title
    }

    /// One message for this one and a newer one; it keeps the newest titles.
    fileprivate func merging(_ newer: Message, bytes: Int) -> Message {
        var both = newer
        both.id = id
        both.created = created
        both.merged = min(merged, 1_000_000) + 1
        both.status = max(status, newer.status)
        // Of the worse one; of two alike the newer one's.
        let worse = (status > newer.status ? ownTitle : newer.title).cut(jsonSize: Message.titleBytes(of: bytes))
        both.title = "\(worse) (and \(both.merged - 1) more)"
        let older = isShort ? body.split(separator: "\n").dropFirst().suffix(8).map(String.init) : [title]
        let titles = older + [newer.title]
        both.events = (events ?? []) + (newer.events ?? [])
        both.eventsLeftOut = eventsLeftOut
        both.limit(titles, bytes: bytes)
        return both
    }

    /// With the events first: a channel cuts at the end.
    var withEvents: Message {
        guard let events else { return self }
        var whole = self
        let missing = (eventsLeftOut ?? 0) > 0 ? ["… and \(eventsLeftOut ?? 0) more such lines that had no room"] : []
        whole.body = (events.map(\.text) + missing).joined(separator: "\n") + "\n\n" + body
        return whole
    }
}

extension Message.Event {
    /// What it takes in the state file, names and indentation included.
    fileprivate var size: Int { text.jsonSize + Message.Event.overhead }
    fileprivate static let overhead = 100
}
