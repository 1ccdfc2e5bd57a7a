// What is known about one connection: one process of sshd, from its first line to its last.

/// One line of a connection.
struct ConnectionLine {
    var time: Timestamp
    var pid: UInt32
    var meaning: SSHDEvent.Meaning
    var invalidUser: Bool
    /// -1: it names none.
    var port: Int32
    /// -1: it names none, -2: beyond the table.
    var user: Int32
    /// More than 1 for `message repeated K times`.
    var count = 1
    var peer: Peer?
    /// The fast path's number for the peer's address, and the row of that; -1: not known.
    var address: Int32 = -1
    var row: Int32 = -1
}

/// What is told of an event, and not counted by.
struct LineTexts {
    var method: String?
    /// Of a login.
    var user: String?
}

/// One connection. Its attempts are counted as they come; `counted` says how many were.
struct Connection: Sendable, Equatable {
    // What most lines need lies together, in the first cache line.
    var pid: UInt32
    /// -1: not known.
    var port: Int32 = -1
    /// The parser's number for the peer's address; -1: not known.
    var address: Int32 = -1
    /// The row of the peer in the table of attempts; -1: not known.
    var row: Int32 = -1
    /// The first user's number; -1: none yet, -2: beyond the table.
    var user: Int32 = -1
    var invalidUser = false
    var closed = false
    var loggedIn = false
    /// Failures other than keyboard-interactive ones.
    var failures = 0
    /// Keyboard-interactive failures as sshd itself logged them, and as its PAM side did.
    var keyboardFailures = 0
    var pamFailures = 0
    /// Attempts that were counted already.
    var counted = 0
    /// When the first marker came; nil: none came.
    var firstMarker: Timestamp?
    /// The run that read its last line: the log's clock may differ from ours.
    var readAt: Timestamp
    /// Of the first line that names one; an address replaces a host name.
    var peer: Peer?
    /// Of the attempts that were counted those that this pass counted under `peer`.
    var countedHere = 0

    @inline(__always)
    init(pid: UInt32, readAt: Timestamp) {
        self.pid = pid
        self.readAt = readAt
    }

    /// The attempts that its failures make: of PAM's and sshd's own keyboard-interactive lines the more numerous.
    var attempts: Int { failures.addingSaturated(max(pamFailures, keyboardFailures)) }

    /// Whether nothing of it is worth remembering.
    var isBlank: Bool { firstMarker == nil && attempts == 0 && counted == 0 && !loggedIn }

    /// Whether it is an attempt only by its markers. Such a one is counted when nothing more is to come.
    private var isMarkedOnly: Bool { firstMarker != nil && attempts == 0 && counted == 0 && !loggedIn }

    /// Nothing more is to come.
    ///
    /// - Returns: the time at which it now counts by its markers; nil: it does not.
    mutating func close() -> Timestamp? {
        closed = true
        return isMarkedOnly ? firstMarker : nil
    }

    /// Whether a line belongs to another connection whose process has the same pid.
    func isOver(at line: ConnectionLine) -> Bool {
        let otherPort = line.port >= 0 && port >= 0 && line.port != port
        let newPort = line.port >= 0 && port < 0
        // A name and an address may be the same machine.
        var otherPeer = false
        if let peer = line.peer, let own = self.peer, peer.isHostName == own.isHostName { otherPeer = peer != own }
        switch line.meaning {
        case .opening, .openingMarker: return otherPort || otherPeer || (closed && newPort)
        case .mention, .end, .nothing: return closed && otherPort
        default: return closed && (otherPort || otherPeer || newPort)
        }
    }

    /// Whether `peer` is to become its own.
    func wants(_ peer: Peer) -> Bool { self.peer.map { $0.isHostName && !peer.isHostName } ?? true }

    /// Whether these are the very address and port that its lines named: a line of its process with them is no other
    /// connection's.
    func isSame(address: Int32, port: Int32) -> Bool {
        self.address == address && self.port == port && address >= 0 && port >= 0
    }

    /// Takes over what a line of it says.
    ///
    /// - Returns: how many attempts are new.
    mutating func take(_ line: ConnectionLine, now: Timestamp) -> Int {
        if let peer = line.peer, wants(peer) { (self.peer, row) = (peer, line.row) }
        if line.address >= 0, let peer, peer == line.peer { address = line.address }
        if port < 0 { port = line.port }
        return take(line.meaning, line.count, user: line.user, invalidUser: line.invalidUser, time: line.time, now: now)
    }

    /// Begins with the peer of its first line.
    @inline(__always)
    mutating func begin(port: Int32, peer: Peer, address: Int32, row: Int32) {
        (self.port, self.peer, self.address, self.row) = (port, peer, address, row)
    }

    /// The same of a line that names the same peer, and says nothing else.
    @inline(__always)
    mutating func takeFurther(_ line: FastLine, user: Int32, now: Timestamp) -> Int {
        take(line.meaning, line.count, user: user, invalidUser: line.invalidUser, time: line.time, now: now)
    }

    @inline(__always)
    private mutating func take(
        _ meaning: SSHDEvent.Meaning, _ count: Int, user: Int32, invalidUser: Bool, time: Timestamp, now: Timestamp
    ) -> Int {
        readAt = now
        if self.user == -1 { self.user = user }
        if invalidUser { self.invalidUser = true }
        switch meaning {
        case .failure: failures = failures.addingSaturated(count)
        case .keyboardFailure: keyboardFailures = keyboardFailures.addingSaturated(count)
        case .pamFailure: pamFailures = pamFailures.addingSaturated(count)
        case .openingMarker, .marker, .closingMarker: if firstMarker == nil { firstMarker = time }
        case .login: loggedIn = true
        case .end, .opening, .mention, .nothing: return 0
        }
        return attempts - min(attempts, counted)
    }

    /// Whether its attempts stay where they were counted.
    var isSettled: Bool { countedHere == 0 || peer?.isHostName == false }

    /// Its place in tables becomes that of another one.
    mutating func forgetPlace(like other: Connection) {
        (row, address, countedHere) = (other.row, other.address, other.countedHere)
    }

    /// Counts attempts, here or, from an ignored address, only for itself.
    ///
    /// - Returns: whether they are its first ones.
    @inline(__always)
    mutating func count(_ number: Int, here: Bool) -> Bool {
        let isFirst = counted == 0
        counted = counted.addingSaturated(number)
        if here { countedHere = countedHere.addingSaturated(number) }
        return isFirst
    }
}
