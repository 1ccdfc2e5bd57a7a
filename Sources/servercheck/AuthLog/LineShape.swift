// The messages of sshd that the fast path reads, each a type: so the compiler makes a function of its own for each, in which
// nothing is asked that the message decides already.

/// The shape of a message: `WORDS[[invalid|authenticating user ]USER[ from]] ADDR port N[END]`.
protocol LineShape {
    static var words: StaticString { get }
    static var user: LineUser { get }
    /// Whether ` from ` stands between user and address, and not only a space.
    static var hasFrom: Bool { get }
    /// With the line end. Not looked at where there is no user.
    static var end: StaticString { get }
    static var meaning: SSHDEvent.Meaning { get }
}

enum LineUser {
    case none
    /// One that sshd does not know or let in.
    case invalid
    /// Behind `invalid user `, or nothing.
    case mentioned
    /// Behind `invalid user ` or `authenticating user `.
    case marked
}

extension LineShape {
    static var user: LineUser { .mentioned }
    static var hasFrom: Bool { user == .mentioned || user == .invalid }
    static var end: StaticString { " ssh2\n" }
}

enum FailedPasswordLine: LineShape {
    static var words: StaticString { "Failed password for " }
    static var meaning: SSHDEvent.Meaning { .failure }
}

enum FailedKeyboardLine: LineShape {
    static var words: StaticString { "Failed keyboard-interactive/pam for " }
    static var meaning: SSHDEvent.Meaning { .keyboardFailure }
}

enum PostponedLine: LineShape {
    static var words: StaticString { "Postponed keyboard-interactive for " }
    static var end: StaticString { " ssh2 [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .mention }
}

enum MaximumAttemptsLine: LineShape {
    static var words: StaticString { "error: maximum authentication attempts exceeded for " }
    static var end: StaticString { " ssh2 [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .marker }
}

enum InvalidUserLine: LineShape {
    static var words: StaticString { "Invalid user " }
    static var user: LineUser { .invalid }
    static var end: StaticString { "\n" }
    static var meaning: SSHDEvent.Meaning { .openingMarker }
}

enum TooManyFailuresLine: LineShape {
    static var words: StaticString { "Disconnecting " }
    static var user: LineUser { .marked }
    static var end: StaticString { ": Too many authentication failures [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .closingMarker }
}

/// The last line of a connection that had a user.
protocol LastLine: LineShape {}

extension LastLine {
    static var user: LineUser { .marked }
    static var end: StaticString { " [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .closingMarker }
}

enum ClosedLine: LastLine {
    static var words: StaticString { "Connection closed by " }
}

enum ResetLine: LastLine {
    static var words: StaticString { "Connection reset by " }
}

enum DisconnectedLine: LastLine {
    static var words: StaticString { "Disconnected from " }
}

enum OnlyPeerLine<Shape: LastLine>: LineShape {
    static var words: StaticString { Shape.words }
    static var user: LineUser { .none }
    static var meaning: SSHDEvent.Meaning { .end }
}

enum ReceivedDisconnectLine: LineShape {
    static var words: StaticString { "Received disconnect from " }
    static var user: LineUser { .none }
    static var meaning: SSHDEvent.Meaning { .mention }
}
