// What one message of sshd says, as ranges of its line: nothing is copied.

/// A message of sshd, understood.
struct SSHDEvent: Equatable {
    /// What the message means for counting.
    enum Meaning: Equatable {
        /// One failed attempt.
        case failure
        /// A failed keyboard-interactive attempt, as sshd itself logs it.
        case keyboardFailure
        /// A failed keyboard-interactive attempt, as sshd's PAM side logs it.
        case pamFailure
        /// The connection failed, but no attempt by itself.
        case marker
        /// A marker that only the beginning of a connection writes.
        case openingMarker
        /// A marker after which the process is gone.
        case closingMarker
        case login
        /// Counts nothing, but begins a connection.
        case opening
        /// Counts nothing, but the process is gone.
        case end
        /// Counts nothing, but may tell the address of its process.
        case mention
        case nothing
    }

    var rule: SSHDRule
    var meaning: Meaning { rule.meaning }
    /// More than 1 for `message repeated K times`.
    var count = 1
    var method: Range<Int>?
    /// sshd knows no such user, or does not let them in.
    var invalidUser = false
    var user: Range<Int>?
    /// The address with its zone, or a host name.
    var address: Range<Int>?
    /// nil where `address` is a host name.
    var ip: IPAddress?
    var port: UInt16?
}

extension SSHDRule {
    var meaning: SSHDEvent.Meaning {
        switch self {
        case .failed: .failure
        case .failedKeyboardInteractive: .keyboardFailure
        case .pamFailure: .pamFailure
        case .invalidUser, .illegalUser, .notAllowed: .openingMarker
        case .failedNone, .maximumAttempts, .rootRefused: .marker
        case .connectionClosed, .connectionReset, .disconnectedFrom, .disconnecting, .tooManyFailures: .closingMarker
        case .accepted: .login
        case .connectionFrom: .opening
        case .closedWithoutFailure: .end
        case .failedPublickey, .postponed, .receivedDisconnect: .mention
        case .pamUnix, .noIdentification, .graceTimeout, .other: .nothing
        }
    }
}
