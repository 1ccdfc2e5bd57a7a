// A log counted in parts at the same time. The counter of a later part begins somewhere in the log and knows nothing of what
// comes before. Why all together find what one counter finds:
//
// 1. Counting remembers connections for ten minutes and windows for a little longer than their duration. So a counter
//    that began somewhere soon knows the same as one that has read everything.
// 2. That is never believed, but compared: at a checkpoint the later counter keeps what it knows and begins its totals
//    anew. The one before reads up to there as well. Only where both know the same are the totals added up; otherwise
//    the first counter goes on alone. It takes over one part after the other, and knows each time what the last one did.
// 3. Bounded tables keep the names that came first. The second part's have room for some more; when it needs that it
//    waits until the first part's are full, and goes on with those: they hold all names that the rest can be in.

extension AttemptCounter {
    /// What is known at one place of a log, as far as it matters for what follows.
    struct Knowledge: Sendable {
        fileprivate var clock: Timestamp?
        fileprivate var latestLine: Timestamp?
        fileprivate var logTime: LogTime
        fileprivate var connections: Connections
        fileprivate var windows: AttemptWindows
        fileprivate var users: ByteTable
        fileprivate var hosts: PeerNames
    }

    /// Tables that are full: their names do not change any more.
    struct FullTables: Sendable {
        enum Kind: Sendable {
            case addresses
            case users
        }

        /// With nothing counted.
        fileprivate var addresses: AttemptTables?
        /// That the addresses refer to.
        fileprivate var hosts: PeerNames?
        fileprivate var users: ByteTable?

        var kinds: Set<Kind> {
            var kinds: Set<Kind> = []
            if addresses != nil { kinds.insert(.addresses) }
            if users != nil { kinds.insert(.users) }
            return kinds
        }
    }

    /// So many more users, and host names, the later part's tables hold: not so many begin in one piece.
    private static let further = 8192

    /// Whether parts of a log may be counted apart: nobody wants to know each attempt in its order, and no login depends
    /// on what was before it for longer than counting otherwise remembers.
    var countsInParts: Bool {
        onEvent == nil && onAttempt == nil && rules.loginAfterFailures == 0 && !rules.notifyLogins
    }

    /// A counter for a later part of the log.
    func counterOfLaterPart() -> AttemptCounter {
        var later = AttemptCounter(rules: rules, now: now)
        let mixer = Mixer()
        later.parser = LogParser(
            time: parser.logTime, mixer: mixer, userLimit: AttemptTables.userLimit + AttemptCounter.further,
            hostLimit: PeerNames.limit + AttemptCounter.further)
        later.tables = AttemptTables(mixer: mixer, limit: HashSlots.limit)
        return later
    }

    /// Whether a counter that began at the first line it read may know by now what one knows that began earlier.
    func mayKnowEnough(since first: Timestamp) -> Bool {
        guard let clock else { return false }
        let remembered = max(AttemptCounter.silence, windows.horizon)
        return clock.microseconds.subtractingReportingOverflow(first.microseconds).partialValue > remembered
    }

    /// Whether what it knows is little enough to be kept twice: memory is bounded.
    var knowsLittle: Bool { connections.count <= 4096 && windows.remembered <= 16_384 }

    /// Begins the totals anew.
    ///
    /// - Returns: what is known.
    mutating func checkpoint() -> Knowledge {
        windows.beginTotals(clock: clock?.microseconds ?? 0)
        tables = tables.renewed()
        forgetNumbers()
        summary = AttemptSummary()
        parser.head = LineHead()
        return Knowledge(
            clock: clock, latestLine: latestLine, logTime: parser.logTime, connections: connections, windows: windows,
            users: parser.userNames,
            hosts: parser.hosts)
    }

    /// Whether this counter, which has read everything up to there, knows the same.
    mutating func knows(_ other: Knowledge) -> Bool {
        windows.judge(clock: clock?.microseconds ?? 0)
        guard clock == other.clock, latestLine == other.latestLine, parser.logTime.knowsTheSame(as: other.logTime),
            windows.remembersTheSame(as: other.windows), connections.count == other.connections.count
        else { return false }
        let users = (0..<other.users.count).map { parser.userNames.known(other.users[Int32($0)]) }
        let hosts = (0..<other.hosts.table.count).map { parser.hosts.table.known(other.hosts.table[Int32($0)]) }
        let names = Renumbering(users: users, hosts: hosts)
        return zip(connections.indices, other.connections.indices).allSatisfy { own, its in
            var connection = other.connections[its]
            guard connections[own].isSettled, connection.isSettled,
                connections.lastSeen(own) == other.connections.lastSeen(its)
            else { return false }
            names.apply(to: &connection)
            connection.forgetPlace(like: connections[own])
            return connection == connections[own]
        }
    }

    /// Takes over what a counter found since its checkpoint, where this one knew the same.
    ///
    /// - Returns: false where the two cannot be joined; then nothing has changed.
    mutating func takeOver(_ later: AttemptCounter) -> Bool {
        var (users, hosts) = (parser.userNames, parser.hosts)
        guard let names = Renumbering(later.parser, users: &users, hosts: &hosts),
            windows.takeOver(later.windows, clock: later.clock?.microseconds ?? 0)
        else { return false }
        (parser.userNames, parser.hosts, parser.logTime) = (users, hosts, later.parser.logTime)
        tables.add(later.tables, names)
        connections = later.connections
        connections.renumber(names)
        (clock, setBack) = (later.clock, later.setBack)
        forgetNumbers()
        parser.head = LineHead()
        summary.add(later.summary)
        return true
    }

    /// Adds those of this counter's tables that are full by now.
    ///
    /// - Returns: whether there were any.
    func complete(_ full: inout FullTables) -> Bool {
        var isNew = false
        if full.addresses == nil, tables.addresses >= AttemptTables.addressLimit {
            (full.addresses, full.hosts) = (tables.emptied, parser.hosts)
            isNew = true
        }
        if full.users == nil, parser.userNames.count >= AttemptTables.userLimit {
            full.users = parser.userNames
            isNew = true
        }
        return isNew
    }

    /// Those in which a later part's counter has more than is to be known in detail.
    var neededTables: Set<FullTables.Kind> {
        var needed: Set<FullTables.Kind> = []
        if tables.addresses > AttemptTables.addressLimit { needed.insert(.addresses) }
        if parser.userNames.count > AttemptTables.userLimit { needed.insert(.users) }
        return needed
    }

    /// Whether a later part's counter has more host names than can be joined with those before.
    var hasTooManyHosts: Bool { parser.hosts.table.count > PeerNames.limit }

    /// Goes on with the full tables of the part before.
    ///
    /// - Returns: false where that cannot be; then nothing has changed.
    mutating func goOn(with full: FullTables, instead kinds: Set<FullTables.Kind>) -> Bool {
        guard kinds.isSubset(of: full.kinds) else { return false }
        var users = kinds.contains(.users) ? full.users ?? parser.userNames : parser.userNames
        var hosts = kinds.contains(.addresses) ? full.hosts ?? parser.hosts : parser.hosts
        guard let names = Renumbering(parser, users: &users, hosts: &hosts) else { return false }
        (parser.userNames, parser.hosts) = (users, hosts)
        var tables = kinds.contains(.addresses) ? full.addresses ?? self.tables.renewed() : self.tables.renewed()
        tables.add(self.tables, names)
        self.tables = tables
        connections.renumber(names)
        forgetNumbers()
        return true
    }
}

/// What names of one counter are called by another.
struct Renumbering {
    private let users: [Int32]
    private let hosts: [Int32]

    /// - Parameters:
    ///   - users: by the old number; -2: beyond the table.
    ///   - hosts: the same.
    fileprivate init(users: [Int32], hosts: [Int32]) { (self.users, self.hosts) = (users, hosts) }

    /// Gives the names of `parser` numbers in these tables; nil where not all host names have room, without which
    /// peers would not be told apart.
    fileprivate init?(_ parser: LogParser, users: inout ByteTable, hosts: inout PeerNames) {
        let names = parser.hosts.table
        guard names.count == 0 || names.count + hosts.table.count <= PeerNames.limit else { return nil }
        self.hosts = (0..<names.count).map { hosts.table.number(of: names[Int32($0)]) ?? -2 }
        self.users = (0..<parser.userNames.count).map { users.number(of: parser.userNames[Int32($0)]) ?? -2 }
    }

    func user(_ number: Int32) -> Int32 { users.indices.contains(Int(number)) ? users[Int(number)] : number }

    func peer(_ peer: Peer) -> Peer {
        var peer = peer
        if hosts.indices.contains(Int(peer.name)) { peer.name = hosts[Int(peer.name)] }
        return peer
    }

    func apply(to connection: inout Connection) {
        connection.user = user(connection.user)
        connection.peer = connection.peer.map(peer)
    }
}
