// What counting must remember from one run to the next. Small whatever an attacker does (about 30 KiB of JSON at most),
// and harmless when a damaged state file holds nonsense.

/// The state of `AttemptCounter` between two runs.
struct AttemptMemory: Sendable, Equatable, Codable {
    /// All attempts ever counted.
    var attemptsTotal = 0
    /// Time of the last line without a year: decides the year of the next one.
    var previous: Timestamp?
    /// The latest time of the log.
    var clock: Timestamp?
    /// Connections that may write more lines.
    var connections: [SavedConnection] = []
    /// Attempts that can share a window with the next one: microseconds and count in turn.
    var window: [Int64] = []
    /// Failed attempts of the last hour, for logins that follow them.
    var failures: [SavedFailures] = []

    enum CodingKeys: String, CodingKey {
        case attemptsTotal = "attempts_total"
        case previous
        case clock
        case connections
        case window
        case failures
    }

    /// sshd lets 100 connections wait for a login (MaxStartups); as many are remembered, the last used ones.
    static let openLimit = 100
    /// Closed ones whose last line may be still to come.
    static let closedLimit = 28
    static let windowLimit = 256
    static let addressLimit = 96
    /// Names in the state are cut here.
    static let nameLimit = 80
}

/// One connection; what is nil, false or 0 is left out.
struct SavedConnection: Sendable, Equatable, Codable {
    var pid: UInt32
    var port: UInt16?
    var peer: String?
    var user: String?
    var invalid: Bool?
    var marker: Timestamp?
    var seen: Timestamp
    var read: Timestamp
    var closed: Bool?
    var login: Bool?
    var failures: Int?
    var pam: Int?
    var keyboard: Int?
    var counted: Int?
}

/// The failed attempts of one address: seconds since 1970 and count in turn, newest last.
struct SavedFailures: Sendable, Equatable, Codable {
    var peer: String
    var times: [Int64]
}
