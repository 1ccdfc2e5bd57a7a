// What sshd_access remembers between runs: where it read to, what counting needs, and the incident that is going on.

/// What sshd_access remembers.
struct SSHDAccessMemory: Sendable, Equatable {
    /// By the path of the log; `auto` may know two.
    var positions: [String: LogPosition] = [:]
    /// Where the journal is read instead.
    var journal: JournalPosition?
    var attempts = AttemptMemory()
    /// Attempts without a pause longer than `duration`: what an incident that begins now began with.
    var tally: SSHDTally?
    var incident: SSHDIncident?
    /// When the log was first found missing; nil while it is there.
    var missingSince: Timestamp?
    /// Whether the last lines of sshd that came were all unreadable.
    var isBlind: Bool?
}

/// Attempts from the first exceeding window on, until renotify_time passes without one.
struct SSHDIncident: Sendable, Equatable {
    var tally = SSHDTally()
    /// The end of the last exceeding window, by the log's clock.
    var windowEnd = Timestamp(seconds: 0)
    /// The run that read it. The incident ends by our own clock: that of the log may be set, or of another zone.
    var seen = Timestamp(seconds: 0)
}

/// Attempts summed up over runs: how many, from where, as whom.
struct SSHDTally: Sendable, Equatable {
    /// A name and how many attempts it made.
    struct Share: Sendable, Equatable {
        var name = ""
        var attempts = 0
    }

    /// The first and the last attempt, by the log's clock.
    var first = Timestamp(seconds: 0)
    var last = Timestamp(seconds: 0)
    var attempts = 0
    /// Most attempts in one window.
    var peak = 0
    /// The largest shares, at most `shareLimit`.
    var addresses: [Share] = []
    var users: [Share] = []

    static let shareLimit = AttemptCounter.shareLimit
    /// The longest name, in characters and in bytes of JSON.
    private static let nameLimit = 64

    init() {}

    /// nil without attempts.
    init?(_ summary: AttemptSummary) {
        guard let first = summary.first, let last = summary.last else { return nil }
        self.first = first
        self.last = last
        add(summary)
    }

    /// Takes one run's counts in.
    mutating func add(_ summary: AttemptSummary) {
        attempts = attempts.addingSaturated(summary.attempts)
        peak = max(peak, summary.peak?.attempts ?? 0)
        first = min(first, summary.first ?? first)
        last = max(last, summary.last ?? last)
        SSHDTally.add(
            summary.byAddress.prefix(SSHDTally.shareLimit).map { Share(name: $0.address, attempts: $0.attempts) },
            to: &addresses)
        SSHDTally.add(
            summary.byUser.prefix(SSHDTally.shareLimit).map { Share(name: $0.user, attempts: $0.attempts) }, to: &users)
    }

    /// - Parameter new: at most `shareLimit`.
    private static func add(_ new: [Share], to shares: inout [Share]) {
        for share in new {
            // Names are cut: an attacker's user name must not fill the state.
            let name = Clean.text(share.name, limit: nameLimit).cut(jsonSize: nameLimit)
            if let index = shares.firstIndex(where: { $0.name == name }) {
                shares[index].attempts = shares[index].attempts.addingSaturated(share.attempts)
            } else {
                shares.append(Share(name: name, attempts: share.attempts))
            }
        }
        shares.sort { ($1.attempts, $0.name) < ($0.attempts, $1.name) }
        shares = Array(shares.prefix(shareLimit))
    }

    /// Lines for a message: who tried most, and as whom.
    var details: [String] {
        var lines = [
            "\(attempts) failed logins between \(first.localText) and \(last.localText), at most \(peak) in one window"
        ]
        lines += addresses.prefix(5).map { "from \($0.name): \($0.attempts)" }
        if addresses.count > 5 { lines.append("and from other addresses") }
        if !users.isEmpty {
            lines.append("as " + users.prefix(5).map { "\($0.name) (\($0.attempts))" }.chained(by: ", "))
        }
        return lines
    }
}

extension SSHDAccessMemory: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("attempts", &attempts)
        json.member("incident", &incident)
        json.member("is_blind", &isBlind)
        json.member("journal", &journal)
        json.member("missing_since", &missingSince)
        json.member("positions", &positions)
        json.member("tally", &tally)
    }
}

extension SSHDIncident: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("seen", &seen)
        json.member("tally", &tally)
        json.member("window_end", &windowEnd)
    }
}

extension SSHDTally: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("addresses", &addresses)
        json.member("attempts", &attempts)
        json.member("first", &first)
        json.member("last", &last)
        json.member("peak", &peak)
        json.member("users", &users)
    }
}

extension SSHDTally.Share: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("attempts", &attempts)
        json.member("name", &name)
    }
}
