// The messages of sshd that the fast path reads, each a type: so the compiler makes a function of its own for each, in which
// nothing is asked that the message decides already.

/// The shape of a message: `WORDS[[invalid|authenticating user ]USER[ from]] ADDR[ port N][END]`.
protocol LineShape {
    static var words: StaticString { get }
    static var user: LineUser { get }
    /// What stands before the name of a user that sshd does not know; of 13 bytes.
    static var invalidMark: StaticString { get }
    /// Whether ` from ` stands between user and address, and not only a space.
    static var hasFrom: Bool { get }
    /// What follows; where there is no user anything may follow, and this is what mostly does.
    static var end: StaticString { get }
    /// Whether the line end is a part of `end`.
    static var isWhole: Bool { get }
    static var meaning: SSHDEvent.Meaning { get }
    /// Whether few lines are of this shape: its counting is a function that it shares with others.
    static var isRare: Bool { get }
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
    static var invalidMark: StaticString { "invalid user " }
    static var end: StaticString { " ssh2\n" }
    static var isWhole: Bool { true }
    static var isRare: Bool { false }
}

enum FailedPasswordLine: LineShape {
    static var words: StaticString { "Failed password for " }
    static var meaning: SSHDEvent.Meaning { .failure }
}

/// Behind rsyslog's `message repeated K times: [ `.
enum RepeatedPasswordLine: LineShape {
    static var words: StaticString { FailedPasswordLine.words }
    static var end: StaticString { " ssh2]\n" }
    static var meaning: SSHDEvent.Meaning { .failure }
    static var isRare: Bool { true }
}

enum FailedKeyboardLine: LineShape {
    static var words: StaticString { "Failed keyboard-interactive/pam for " }
    static var meaning: SSHDEvent.Meaning { .keyboardFailure }
    static var isRare: Bool { true }
}

enum AcceptedPasswordLine: LineShape {
    static var words: StaticString { "Accepted password for " }
    static var meaning: SSHDEvent.Meaning { .login }
    static var isRare: Bool { true }
}

/// A colon, which no user name has, ends what is looked at; the key follows.
enum AcceptedKeyLine: LineShape {
    static var words: StaticString { "Accepted publickey for " }
    static var end: StaticString { " ssh2: " }
    static var isWhole: Bool { false }
    static var meaning: SSHDEvent.Meaning { .login }
    static var isRare: Bool { true }
}

enum PostponedLine: LineShape {
    static var words: StaticString { "Postponed keyboard-interactive for " }
    static var end: StaticString { " ssh2 [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .mention }
    static var isRare: Bool { true }
}

enum MaximumAttemptsLine: LineShape {
    static var words: StaticString { "error: maximum authentication attempts exceeded for " }
    static var end: StaticString { " ssh2 [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .marker }
    static var isRare: Bool { true }
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
    static var isRare: Bool { true }
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
    static var end: StaticString { "\n" }
    static var meaning: SSHDEvent.Meaning { .end }
}

enum ReceivedDisconnectLine: LineShape {
    static var words: StaticString { "Received disconnect from " }
    static var user: LineUser { .none }
    static var end: StaticString { ":11: Bye Bye [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .mention }
}

/// One that names no port.
protocol PortlessLine: LineShape {}

extension PortlessLine {
    static var isRare: Bool { true }
}

enum PAMFailureLine: PortlessLine {
    static var words: StaticString { "error: PAM: Authentication failure for " }
    static var invalidMark: StaticString { "illegal user " }
    static var end: StaticString { "\n" }
    static var meaning: SSHDEvent.Meaning { .pamFailure }
}

enum NotListedLine: PortlessLine {
    static var words: StaticString { "User " }
    static var user: LineUser { .invalid }
    static var end: StaticString { " not allowed because not listed in AllowUsers\n" }
    static var meaning: SSHDEvent.Meaning { .openingMarker }
}
