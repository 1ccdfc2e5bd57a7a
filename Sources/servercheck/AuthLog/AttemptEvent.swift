// One counted event, as `scan --events` prints it.

/// A failed attempt (or several that the log reduced to one line) or a login.
struct AttemptEvent: Sendable, Equatable {
    enum Kind: String, Sendable {
        case failure
        case login
    }

    var time: Timestamp
    /// The address or host name of the process; nil when no line of it names one.
    var address: String?
    var port: UInt16?
    var user: String?
    /// `password`, `keyboard-interactive/pam`, …; nil for a connection that only left markers.
    var method: String?
    var invalidUser: Bool
    /// How many attempts; more than 1 for a repeated message.
    var count: Int
    var kind: Kind
}
