// Lines in, attempts out: the whole of counting, independent of where the lines come from.
//
// 1. A failure counts when its line comes, at the time of that line.
// 2. A connection that left only markers is one attempt, at the time of its first marker. It is counted when nothing
//    more can come: at its closing line, when its pid begins another connection, or ten minutes after its last line.
// 3. The address of a connection is that of its first line that names one; where that is a host name, a later address
//    replaces it.

/// Counts the failed attempts and logins of an auth log.
struct AttemptCounter {
    /// Called for every counted attempt and login, with its texts; nil costs nothing.
    var onEvent: ((AttemptEvent) -> Void)?
    /// Called for every counted attempt: when, and how many. Cheap.
    var onAttempt: ((_ time: Timestamp, _ count: Int) -> Void)?

    /// The totals so far; complete after `finish`.
    var summary = AttemptSummary()

    let rules: AttemptRules
    let now: Timestamp
    var parser: LogParser
    /// The latest time of the log; nil before its first line.
    var clock: Timestamp?
    /// Of a clock that was set back, until the log has come to `clock` again.
    struct SetBack: Sendable, Equatable {
        var clock: Timestamp
        var latest: Timestamp
    }
    var setBack: SetBack?
    var connections = Connections()
    /// What stays of them at the end of a run.
    var left: [SavedConnection]?
    /// What the last run left, as long as nothing is counted: most runs find nothing new, and leave it as it is.
    var untouched: AttemptMemory?
    /// Whether a part of that was not what it should be, which is seen when it is needed.
    var hasLostMemory = false
    var windows: AttemptWindows
    var tables: AttemptTables
    /// Of the notable logins.
    private var notablePeers: [Peer?] = []
    var recent: RecentFailures

    /// Microseconds. A connection without a line for so long is over: sshd's LoginGraceTime is two minutes.
    static let silence: Int64 = 600_000_000
    private static let silenceSeconds = 600.0
    /// Addresses and users that a run wants to know, at least.
    static let shareLimit = 20
    /// Logins told of in one pass.
    private static let notableLimit = 50

    /// - Parameters:
    ///   - rules: the config's.
    ///   - memory: of the last run; empty for a scan.
    ///   - now: the run's time; it decides the year of timestamps without one.
    ///   - zone: of timestamps without offset.
    init(rules: AttemptRules, memory: AttemptMemory = AttemptMemory(), now: Timestamp, zone: LocalZone = .system) {
        self.rules = rules
        self.now = now
        let mixer = Mixer()
        parser = LogParser(time: LogTime(now: now, zone: zone, previous: memory.previous), mixer: mixer)
        windows = AttemptWindows(rules: rules)
        recent = RecentFailures(enough: rules.loginAfterFailures, mixer: mixer)
        tables = AttemptTables(mixer: mixer)
        summary.attemptsTotal = max(0, memory.attemptsTotal)
        untouched = memory
    }

    /// The last classic time that was read.
    var previousClassic: Timestamp? { parser.logTime.previous.map { Timestamp(seconds: $0) } }

    /// One complete line, without its line end.
    mutating func consume(_ line: Span<UInt8>) {
        begin()
        readLine(line)
    }

    /// One message of sshd without a prefix, as the journal hands it out: an entry counts as a line.
    ///
    /// - Parameter pid: nil when it is not known: then nothing can be counted, as with a line whose prefix is not known.
    mutating func consume(message: Span<UInt8>, pid: UInt32?, time: Timestamp) {
        begin()
        summary.lines += 1
        summary.bytes += message.count
        summary.sshdLines += 1
        guard let pid else {
            summary.unparsed += 1
            return
        }
        take(SSHDLine.event(message, message: 0..<message.count), message, pid: pid, time: time)
    }

    /// Before some lines.
    mutating func begin() {
        makeUnique()
        restore()
        if parser.prepare() { connections.forgetAddresses() }
    }

    /// Before tables are changed: at a checkpoint of a log's part they are copied.
    private mutating func makeUnique() {
        connections.makeUnique()
        tables.makeUnique()
        parser.memory.makeUnique()
    }

    /// Names, addresses and rows may have other numbers from here on.
    mutating func forgetNumbers() {
        parser.forgetNumbers()
        connections.forgetAddresses()
    }

    /// Ends the pass.
    ///
    /// - Parameter complete: true when nothing follows (a scan): connections that are still open are counted. false in
    ///   a run: they wait for their next line, ten minutes at most.
    /// - Returns: what was found; `memory` is then what to remember.
    mutating func finish(complete: Bool) -> AttemptSummary {
        makeUnique()
        let isDue = complete || untouched?.hasConnection { isSilent(since: $0) || isToCome($0) } == true
        if isDue { restore() }
        for index in connections.indices {
            if complete || isSilent(since: connections[index].readAt) {
                close(index)
                connections.remove(index)
            } else if isToCome(connections[index].readAt) {
                connections[index].readAt = now
            }
        }
        if !complete { evict() }
        windows.finish(clock: clock?.microseconds ?? 0)
        let (users, hosts) = (parser.userNames, parser.hosts)
        for (index, peer) in notablePeers.enumerated() {
            summary.notableLogins[index].address = peer.map { hosts.text($0) }
        }
        summary.peak = windows.peak.map {
            AttemptSummary.Peak(
                attempts: $0.count, start: Timestamp(microseconds: $0.time), duration: rules.durationSeconds)
        }
        summary.lastExceeding = windows.lastExceeding.map { Timestamp(microseconds: $0) }
        summary.alarms = windows.alarms
        let limit = complete ? Int.max : AttemptCounter.shareLimit
        summary.byAddress = tables.byAddress(limit: limit) { hosts.text($0) }
        summary.byUser = tables.byUser(limit: limit) { users.text($0) }
        summary.attemptsFromOtherAddresses = tables.fromOtherAddresses
        summary.attemptsWithoutAddress = tables.withoutAddress
        summary.attemptsForOtherUsers = tables.forOtherUsers
        return summary
    }
}

// MARK: - One line

extension AttemptCounter {
    /// Whether a connection is over that wrote its last line in the run at `time`.
    private func isSilent(since time: Timestamp) -> Bool {
        now.seconds(since: time) >= AttemptCounter.silenceSeconds
    }

    /// Whether the clock was set back since the run at `time`. A connection that is open goes on then, for as long as one
    /// that was read now: closed, it would count once more at its next line.
    private func isToCome(_ time: Timestamp) -> Bool { time > now }
}

extension AttemptCounter {
    /// Moves the log's clock and ends what is over by it.
    @inline(__always)
    mutating func advance(to time: Timestamp) {
        guard let clock, time >= clock else { return goBack(to: time) }
        self.clock = time
        if connections.oldestSeen.microseconds < time.microseconds - AttemptCounter.silence { endSilent(at: time) }
    }

    /// At a time before the last one, or at the first one.
    @inline(never)
    private mutating func goBack(to time: Timestamp) {
        guard let clock else {
            self.clock = time
            return endSilent(at: time)
        }
        var latest = latestLine ?? time
        if latest.microseconds - time.microseconds > AttemptCounter.silence {
            // The clock was set back. What is open goes on by the new clock: by the old one it would be over at its next
            // line, or, with all behind it, not end for as long.
            for index in connections.indices where connections.lastSeen(index) > time {
                connections.setLastSeen(index, time)
            }
            latest = time
        }
        latest = max(latest, time)
        if clock.microseconds - time.microseconds > windows.horizon {
            // Nothing of the time before shares a window with what comes now.
            windows.startEpoch(clock: clock.microseconds)
            self.clock = time
            setBack = nil
        } else if latest < clock {
            setBack = SetBack(clock: clock, latest: latest)
        }
        endSilent(at: latest)
    }

    /// The latest line by which connections grow old: the log's clock, but where that was set back by less than windows
    /// reach.
    var latestLine: Timestamp? { setBack.flatMap { $0.clock == clock ? $0.latest : nil } ?? clock }

    /// Ends connections that were silent for too long.
    @inline(never)
    private mutating func endSilent(at time: Timestamp) {
        let over = time.microseconds - AttemptCounter.silence
        while connections.oldestSeen.microseconds < over, let oldest = connections.oldestIndex {
            if !connections.isDone(oldest) { close(oldest) }
            connections.remove(oldest)
        }
    }

    /// - Returns: the number of the connection that the line belongs to.
    mutating func take(_ line: ConnectionLine, _ texts: LineTexts?) -> Int {
        let index = connection(of: line)
        if connections[index].counted > 0, let peer = line.peer, connections[index].wants(peer) {
            move(index, to: peer, time: line.time)
        }
        let more = connections[index].take(line, now: now)
        if more > 0 {
            count(
                more, at: index, time: line.time, user: line.user, method: texts?.method, invalidUser: line.invalidUser)
        }
        if line.meaning == .login { login(line, texts, at: index) }
        end(line.meaning, at: index)
        return index
    }

    /// What the last line of a connection brings with it.
    @inline(__always)
    mutating func end(_ meaning: SSHDEvent.Meaning, at index: Int) {
        switch meaning {
        case .closingMarker: close(index)
        case .end:
            close(index)
            // A port scan leaves nothing to remember.
            if connections[index].isBlank { connections.remove(index) }
        default: break
        }
    }

    /// The connection that a line belongs to, a new one where it begins one; it is the last used one now.
    private mutating func connection(of line: ConnectionLine) -> Int {
        if let index = connections.index(ofPID: line.pid) {
            if !connections[index].isOver(at: line) {
                connections.touch(index, line.time)
                return index
            }
            close(index)
            connections.remove(index)
        }
        return newConnection(pid: line.pid, line.time)
    }

    /// - Parameters:
    ///   - time: of its first line.
    ///   - begin: makes of it what it begins as.
    @inline(__always)
    mutating func newConnection(
        pid: UInt32, _ time: Timestamp, begin: (inout Connection) -> Void = { _ in }
    ) -> Int {
        if connections.count >= Connections.limit { removeOldest() }
        return connections.insert(pid: pid, readAt: now, lastSeen: time, begin: begin)
    }

    @inline(never)
    private mutating func removeOldest() {
        guard let oldest = connections.oldestIndex else { return }
        close(oldest)
        connections.remove(oldest)
    }

    /// What was counted for no address, or for a host name, moves to the address.
    private mutating func move(_ index: Int, to peer: Peer, time: Timestamp) {
        let connection = connections[index]
        tables.move(connection.countedHere, from: connection.peer, to: peer, time: time)
        // A login from the address will not name the host: its failures, of earlier runs too, must be found there.
        recent.add(peer, time: time, count: connection.counted)
    }

    /// Nothing more is to come, but a repeated closing line perhaps. A connection with markers only counts now.
    mutating func close(_ index: Int) {
        if let time = connections.close(index) { countMarked(index, time) }
    }

    /// A connection with markers only counts when nothing more is to come.
    ///
    /// - Parameter time: of its first marker.
    mutating func countMarked(_ index: Int, _ time: Timestamp) {
        let user = connections[index].user
        count(1, at: index, time: time, user: user, method: nil, invalidUser: connections[index].invalidUser)
    }

    private func isIgnored(_ peer: Peer?) -> Bool {
        guard let peer, !peer.isHostName else { return false }
        return rules.ignoredNetworks.contains { $0.contains(peer.ip) }
    }

    mutating func count(
        _ number: Int, at index: Int, time: Timestamp, user: Int32, method: String?,
        invalidUser: Bool
    ) {
        let isIgnored = !rules.ignoredNetworks.isEmpty && isIgnored(connections[index].peer)
        let isFirst = connections[index].count(number, here: !isIgnored)
        if isIgnored { return }
        if isFirst { summary.connections += 1 }
        summary.attempts = summary.attempts.addingSaturated(number)
        summary.attemptsTotal = summary.attemptsTotal.addingSaturated(number)
        summary.first = min(summary.first ?? time, time)
        summary.last = max(summary.last ?? time, time)
        let row = connections[index].row == -1 ? newRow(index, time) : connections[index].row
        if let row { tables.add(row: row, time: time, count: number) } else { tables.addWithoutAddress(number) }
        tables.add(user: user, count: number)
        windows.add(time: time.microseconds, count: number, clock: clock?.microseconds ?? time.microseconds)
        if rules.loginAfterFailures > 0 || onAttempt != nil || onEvent != nil {
            tell(number, at: index, time: time, user: user, method: method, invalidUser: invalidUser)
        }
    }

    /// The row of a connection that has none so far; nil where it has no address.
    @inline(never)
    private mutating func newRow(_ index: Int, _ time: Timestamp) -> Int32? {
        guard let peer = connections[index].peer else { return nil }
        let row = tables.row(for: peer, time: time)
        connections[index].row = row
        let address = Int(connections[index].address)
        if address >= 0 { parser.addresses.setValue(LogParser.Known(ip: peer.ip, row: row), of: address) }
        return row
    }

    /// Tells those of attempts who want to know.
    @inline(never)
    private mutating func tell(
        _ number: Int, at index: Int, time: Timestamp, user: Int32, method: String?, invalidUser: Bool
    ) {
        let peer = connections[index].peer
        if rules.loginAfterFailures > 0, let peer { recent.add(peer, time: time, count: number) }
        onAttempt?(time, number)
        guard let onEvent else { return }
        onEvent(
            AttemptEvent(
                time: time, address: peer.map { parser.hosts.text($0) }, port: UInt16(exactly: connections[index].port),
                user: user >= 0 ? parser.userNames.text(user) : nil, method: method, invalidUser: invalidUser,
                count: number, kind: .failure))
    }

    private mutating func login(_ line: ConnectionLine, _ texts: LineTexts?, at index: Int) {
        let time = line.time
        summary.logins = summary.logins.addingSaturated(line.count)
        let peer = connections[index].peer
        onEvent?(
            AttemptEvent(
                time: time, address: peer.map { parser.hosts.text($0) }, port: UInt16(exactly: connections[index].port),
                user: texts?.user,
                method: texts?.method, invalidUser: false, count: line.count, kind: .login))
        if isIgnored(peer) { return }
        let failures = peer.map { recent.count($0, before: time) } ?? 0
        let isSuspicious = rules.loginAfterFailures > 0 && failures >= rules.loginAfterFailures
        guard isSuspicious || rules.notifyLogins else { return }
        // The address is filled in when the names are known.
        let login = AttemptSummary.Login(
            time: time, address: nil, user: texts?.user, method: texts?.method, failures: failures,
            suspicious: isSuspicious)
        if summary.notableLogins.count < AttemptCounter.notableLimit {
            summary.notableLogins.append(login)
            notablePeers.append(peer)
            return
        }
        summary.furtherNotableLogins += 1
        // Of many logins the suspicious ones are kept.
        if isSuspicious, let other = summary.notableLogins.lastIndex(where: { !$0.suspicious }) {
            summary.notableLogins[other] = login
            notablePeers[other] = peer
        }
    }
}
