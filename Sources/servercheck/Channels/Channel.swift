// What every channel is: message -> transfer, answer -> verdict. No channel touches the network itself.

/// A way to tell someone.
protocol Channel: Sendable {
    /// The key in the config's `messaging_channels` array.
    static var kind: String { get }
    /// `name` in the config; the kind when there is none.
    var name: String { get }
    /// To whom, for `--dry-run` and check-config: `chat 123456`, `admin@example.org`. No secret.
    var recipient: String { get }
    /// What tells this channel from others, whatever it is called: whom it reaches, and how. Stored as a hash of 64 bits, so
    /// it may hold a secret only where that gives nothing of it away: a long and random one, never a password.
    var destination: String { get }

    /// Reads the channel's keys; every mistake goes into `config.problems`.
    init(config: inout ConfigReader)

    /// What to send for `message`.
    func transfer(for message: Message, context: DeliveryContext) -> Transfer
    /// What an answer means.
    func verdict(on answer: Answer, context: DeliveryContext) -> Verdict
}

extension Channel {
    var destination: String { recipient }

    /// The hash of `destination`: 16 hexadecimal digits.
    var mark: String {
        let bytes = Array("\(Self.kind)\n\(destination)".utf8)
        return String(decoding: FNV.hexadecimal(FNV.hash(bytes[...])), as: UTF8.self)
    }
}

/// What a channel may know besides the message.
struct DeliveryContext: Sendable, Equatable {
    var now: Timestamp
    /// The name of the checked machine, for headers and the EHLO name.
    var hostname: String
    /// What this channel asked to remember (a migrated Telegram group's new id).
    var memory: String?
}

/// One message as it waits in the outbox: plain text, no secret.
struct Message: Sendable, Equatable {
    /// Unique per message and host: Message-ID, and the order in the outbox.
    var id = ""
    /// When the run that made it began.
    var created = Timestamp(seconds: 0)
    /// The worst status it tells of; OK when all of it is good news.
    var status = Status.ok
    /// One line: `[host] CRITICAL: /home 93.4 % used`. May hold text from outside, already cleaned.
    var title = ""
    /// Lines separated by \n, without the title.
    var body = ""
    /// Why it was written; of several reasons that of the most severe item.
    var reason: NotifyReason = .first
    /// How many messages this one stands for, where an outbox was full.
    var merged: Int = 1
    /// The events of a message whose body may be taken away, in order; nil: none, or the body in the outbox is whole.
    var events: [Event]?
    /// Events of which not even the line is left.
    var eventsLeftOut: Int?

    /// Something that happened once, such as a login after failures: no later run tells it again.
    struct Event: Sendable, Equatable {
        var status = Status.ok
        /// One line, already cleaned.
        var text = ""
    }
}

extension Message: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("body", &body)
        json.member("created", &created)
        json.member("events", &events)
        json.member("events_left_out", &eventsLeftOut)
        json.member("id", &id)
        json.member("merged", &merged)
        json.member("reason", &reason)
        json.member("status", &status)
        json.member("title", &title)
    }
}

extension Message.Event: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("status", &status)
        json.member("text", &text)
    }
}

/// What an answer means for the message and the channel.
enum Verdict: Sendable, Equatable {
    /// It arrived. `warning`: something to mend all the same, shown as a WARNING finding. `memory`: to be remembered.
    case delivered(warning: String? = nil, memory: String? = nil)
    /// Send the same again at once with this memory (a Telegram group that has a new id).
    case again(memory: String)
    /// It did not arrive. `error` is one line without any secret.
    case failed(error: String, retry: Retry)

    /// When the next try makes sense.
    enum Retry: Sendable, Equatable {
        case nextRun
        case notBefore(Timestamp)
        /// Someone must mend something first: 1 min, doubling up to 1 h.
        case growing
    }
}
