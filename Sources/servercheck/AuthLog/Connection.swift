// What is known about one connection: one process of sshd, from its first line to its last.

/// One connection. Its attempts are counted as they come; `counted` says how many were.
struct Connection: Sendable, Equatable {
    var pid: UInt32
    var port: UInt16?
    /// Of the first line that names one; an address replaces a host name.
    var peer: Peer?
    /// The first user's number; -1: none yet, -2: beyond the table.
    var user: Int32 = -1
    var invalidUser = false
    /// When the first marker came; nil: none came.
    var firstMarker: Timestamp?
    /// The time of its last line.
    var lastSeen: Timestamp
    /// The run that read that line: the log's clock may differ from ours.
    var readAt: Timestamp
    var closed = false
    var loggedIn = false
    /// Failures other than keyboard-interactive ones.
    var failures = 0
    /// Keyboard-interactive failures as sshd's PAM side logged them, and as sshd itself did.
    var pamFailures = 0
    var keyboardFailures = 0
    /// Attempts that were counted already.
    var counted = 0
    /// Those of them that this pass counted under `peer`.
    var countedHere = 0

    init(pid: UInt32, lastSeen: Timestamp, readAt: Timestamp) {
        self.pid = pid
        self.lastSeen = lastSeen
        self.readAt = readAt
    }

    /// The attempts that its failures make: of PAM's and sshd's own keyboard-interactive lines the more numerous.
    var attempts: Int { failures.addingSaturated(max(pamFailures, keyboardFailures)) }

    /// Whether nothing of it is worth remembering.
    var isBlank: Bool { firstMarker == nil && attempts == 0 && counted == 0 && !loggedIn }

    /// Whether it is an attempt only by its markers. Such a one is counted when nothing more is to come.
    var isMarkedOnly: Bool { firstMarker != nil && attempts == 0 && counted == 0 && !loggedIn }

    /// Whether a line belongs to another connection whose process has the same pid.
    ///
    /// - Parameters:
    ///   - event: the line.
    ///   - peer: its peer.
    func isOver(at event: SSHDEvent, from peer: Peer?) -> Bool {
        let otherPort = event.port != nil && port != nil && event.port != port
        // A name and an address may be the same machine.
        var otherPeer = false
        if let peer, let own = self.peer, peer.isHostName == own.isHostName { otherPeer = peer != own }
        switch event.meaning {
        case .opening, .openingMarker:
            return otherPort || otherPeer || (closed && port == nil && event.port != nil)
        case .mention, .end, .nothing:
            return closed && otherPort
        default:
            return closed && (otherPort || otherPeer || (port == nil && event.port != nil))
        }
    }
}
