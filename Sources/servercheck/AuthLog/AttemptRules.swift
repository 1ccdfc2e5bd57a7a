// What the config says about counting attempts.

/// The rules that attempts and logins are judged by.
struct AttemptRules: Sendable, Equatable {
    /// More attempts than this within `durationSeconds` alarm.
    var amount = 5
    var durationSeconds: Double = 30
    /// An incident ends when this many seconds pass without an exceeding window (`renotify_time`).
    var incidentGapSeconds: Double = 300
    /// A login from an address with at least this many failed attempts in the last hour is told; 0: none is.
    var loginAfterFailures = 5
    /// Tell of every login.
    var notifyLogins = false
    /// Attempts from here do not count, logins from here are not told.
    var ignoredNetworks: [Network] = []
}
