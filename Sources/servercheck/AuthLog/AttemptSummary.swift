// What one pass over a log found: totals, the addresses and users behind them, the busiest window.

/// The result of counting. Lists are sorted by attempts, most first, then by name.
struct AttemptSummary: Sendable, Equatable {
    /// An address and what it tried.
    struct AddressCount: Sendable, Equatable {
        var address: String
        var attempts: Int
        var first: Timestamp
        var last: Timestamp
    }

    /// A user name that was tried.
    struct UserCount: Sendable, Equatable {
        var user: String
        var attempts: Int
    }

    /// The window with most attempts: `start` is the time of its first attempt.
    struct Peak: Sendable, Equatable {
        var attempts: Int
        var start: Timestamp
        /// Seconds.
        var duration: Double
    }

    /// A login that someone should hear of.
    struct Login: Sendable, Equatable {
        var time: Timestamp
        var address: String?
        var user: String?
        var method: String?
        /// Failed attempts from the same address in the hour before.
        var failures: Int
        /// Whether `failures` reaches `login_after_failures`.
        var suspicious: Bool
    }

    var lines = 0
    /// Bytes of these lines, one line end each.
    var bytes = 0
    /// Lines with the tag of sshd.
    var sshdLines = 0
    /// sshd lines whose prefix or time cannot be read.
    var unparsed = 0
    var attempts = 0
    /// Connections with at least one attempt.
    var connections = 0
    var logins = 0
    /// Times of the first and the last attempt.
    var first: Timestamp?
    var last: Timestamp?
    /// At most 16 Ki.
    var byAddress: [AddressCount] = []
    /// Attempts from addresses beyond that.
    var attemptsFromOtherAddresses = 0
    /// Attempts of processes that name no address.
    var attemptsWithoutAddress = 0
    /// At most 4 Ki.
    var byUser: [UserCount] = []
    /// Attempts for users beyond that.
    var attemptsForOtherUsers = 0
    /// nil without attempts.
    var peak: Peak?
    /// The end (log time) of the last window with more attempts than `amount`; nil: none.
    var lastExceeding: Timestamp?
    /// Incidents that the rules would have told of.
    var alarms = 0
    /// Logins to tell of, the first ones; more are only counted.
    var notableLogins: [Login] = []
    var furtherNotableLogins = 0
    /// All attempts ever counted, over all passes.
    var attemptsTotal = 0
}

extension AttemptSummary {
    /// Adds the totals of a later part of the log.
    mutating func add(_ later: AttemptSummary) {
        lines += later.lines
        bytes += later.bytes
        sshdLines += later.sshdLines
        unparsed += later.unparsed
        attempts = attempts.addingSaturated(later.attempts)
        attemptsTotal = attemptsTotal.addingSaturated(later.attempts)
        connections += later.connections
        logins = logins.addingSaturated(later.logins)
        if let time = later.first { first = min(first ?? time, time) }
        if let time = later.last { last = max(last ?? time, time) }
    }
}
