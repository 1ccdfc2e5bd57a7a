// The kinds of message that sshd writes about authentication: the table of the README's "how attempts are counted".

/// One kind of message. Every rule has samples in Fixtures/authlog/sshd-lines.txt.
enum SSHDRule: String, Sendable, CaseIterable {
    /// `Failed METHOD for [invalid user ]USER from ADDR port N ssh2`
    case failed
    /// The same with keyboard-interactive; PAM may log the same attempt once more.
    case failedKeyboardInteractive
    /// `Failed none for …`: the client only asked which methods there are.
    case failedNone
    /// `Failed publickey for` a valid user: an agent offers all its keys in turn.
    case failedPublickey
    /// `error: PAM: TEXT for [illegal user ]USER from ADDR`
    case pamFailure
    /// `Invalid user USER from ADDR port N`
    case invalidUser
    /// `Illegal user USER from ADDR`: OpenSSH before 3.9.
    case illegalUser
    /// `User USER from ADDR not allowed because REASON`
    case notAllowed
    /// `error: maximum authentication attempts exceeded for [invalid user ]USER from ADDR port N ssh2 [preauth]`
    case maximumAttempts
    /// `Connection closed by invalid|authenticating user USER ADDR port N [preauth]`
    case connectionClosed
    /// `Connection reset by invalid|authenticating user USER ADDR port N [preauth]`
    case connectionReset
    /// `Disconnected from invalid|authenticating user USER ADDR port N [preauth]`
    case disconnectedFrom
    /// `Disconnecting invalid|authenticating user USER ADDR port N: REASON [preauth]`
    case disconnecting
    /// `Disconnecting: Too many authentication failures[ for USER] [preauth]`: OpenSSH before 7.5.
    case tooManyFailures
    /// `ROOT LOGIN REFUSED FROM ADDR port N`
    case rootRefused
    /// `Accepted METHOD for USER from ADDR port N ssh2`
    case accepted
    /// `Connection from ADDR port N on ADDR port N`: LogLevel VERBOSE.
    case connectionFrom
    /// `Postponed METHOD for …` and `Partial METHOD for …`: the attempt is not over.
    case postponed
    /// `Connection closed|reset by ADDR port N`, `Disconnected from ADDR port N`, and with a user after the login.
    case closedWithoutFailure
    /// `Received disconnect from ADDR port N:CODE: TEXT`; the client wrote the text.
    case receivedDisconnect
    /// `pam_unix(sshd:auth): …`
    case pamUnix
    /// `Did not receive identification string from ADDR`
    case noIdentification
    /// `fatal: Timeout before authentication for ADDR`; since OpenSSH 9.8 the listener writes it, without `fatal: `.
    case graceTimeout
    /// Anything else that sshd writes.
    case other
}
