// What is known about one connection: one process of sshd, from its first line to its last.

/// One connection. Its attempts are counted as they come; `counted` says how many were.
struct Connection: Sendable, Equatable {
    var pid: UInt32
    var port: UInt16?
    /// Of the first line that names one; an address replaces a host name.
    var peer: Peer?
    /// The row of the peer in the table of attempts; -1: not known.
    var row: Int32 = -1
    /// The parser's number for the peer's address; -1: not known.
    var address: Int32 = -1
    /// The first user's number; -1: none yet, -2: beyond the table.
    var user: Int32 = -1
    var invalidUser = false
    /// When the first marker came; nil: none came.
    var firstMarker: Timestamp?
    /// The run that read its last line: the log's clock may differ from ours.
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

    init(pid: UInt32, readAt: Timestamp) {
        self.pid = pid
        self.readAt = readAt
    }

    /// The attempts that its failures make: of PAM's and sshd's own keyboard-interactive lines the more numerous.
    var attempts: Int { failures.addingSaturated(max(pamFailures, keyboardFailures)) }

    /// Whether nothing of it is worth remembering.
    var isBlank: Bool { firstMarker == nil && attempts == 0 && counted == 0 && !loggedIn }

    /// Whether it is an attempt only by its markers. Such a one is counted when nothing more is to come.
    var isMarkedOnly: Bool { firstMarker != nil && attempts == 0 && counted == 0 && !loggedIn }

    /// Whether a line belongs to another connection whose process has the same pid.
    func isOver(at line: Sighting) -> Bool {
        let otherPort = line.port != nil && port != nil && line.port != port
        // A name and an address may be the same machine.
        var otherPeer = false
        if let peer = line.peer, let own = self.peer, peer.isHostName == own.isHostName { otherPeer = peer != own }
        switch line.meaning {
        case .opening, .openingMarker:
            return otherPort || otherPeer || (closed && port == nil && line.port != nil)
        case .mention, .end, .nothing:
            return closed && otherPort
        default:
            return closed && (otherPort || otherPeer || (port == nil && line.port != nil))
        }
    }

    /// Whether `peer` is to become its own.
    func wants(_ peer: Peer) -> Bool { self.peer.map { $0.isHostName && !peer.isHostName } ?? true }

    /// Whether a line names the very address and port that its lines before named: it is no other connection's.
    @inline(__always)
    func isSame(_ line: Sighting) -> Bool {
        address >= 0 && line.address == address && line.port == port && port != nil
    }

    /// Takes over what a line of it says.
    ///
    /// - Parameter row: of the line's peer.
    /// - Returns: how many attempts are new.
    mutating func take(_ line: Sighting, row: Int32, now: Timestamp) -> Int {
        if let peer = line.peer, wants(peer) { (self.peer, self.row) = (peer, row) }
        if let peer, peer == line.peer { address = line.address }
        if port == nil { port = line.port }
        return takeFurther(line, now: now)
    }

    /// The same of a line that names the same peer.
    @inline(__always)
    mutating func takeFurther(_ line: Sighting, now: Timestamp) -> Int {
        readAt = now
        if user == -1 { user = line.user }
        if line.invalidUser { invalidUser = true }
        switch line.meaning {
        case .failure: failures = failures.addingSaturated(Int(line.count))
        case .keyboardFailure: keyboardFailures = keyboardFailures.addingSaturated(Int(line.count))
        case .pamFailure: pamFailures = pamFailures.addingSaturated(Int(line.count))
        case .openingMarker, .marker, .closingMarker: if firstMarker == nil { firstMarker = line.time }
        case .login: loggedIn = true
        case .end, .opening, .mention, .nothing: break
        }
        return attempts - min(attempts, counted)
    }

    /// Counts attempts, here or, from an ignored address, only for itself.
    ///
    /// - Returns: whether they are its first ones.
    mutating func count(_ number: Int, here: Bool) -> Bool {
        let isFirst = counted == 0
        counted = counted.addingSaturated(number)
        if here { countedHere = countedHere.addingSaturated(number) }
        return isFirst
    }
}
