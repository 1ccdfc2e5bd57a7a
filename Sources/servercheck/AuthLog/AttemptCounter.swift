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

    private let rules: AttemptRules
    let now: Timestamp
    var logTime: LogTime
    /// The latest time of the log; nil before its first line.
    var clock: Timestamp?
    var connections = Connections()
    var windows: AttemptWindows
    private var tables: AttemptTables
    var recent: RecentFailures
    var peerNames: PeerNames
    var userNames: ByteTable
    /// What the fast path remembers.
    var fast: FastMemory

    /// Microseconds. A connection without a line for so long is over: sshd's LoginGraceTime is two minutes.
    private static let silence: Int64 = 600_000_000
    private static let silenceSeconds = 600.0
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
        logTime = LogTime(now: now, zone: zone, previous: memory.previous)
        windows = AttemptWindows(rules: rules)
        recent = RecentFailures(enough: rules.loginAfterFailures)
        let mixer = Mixer()
        tables = AttemptTables(mixer: mixer)
        peerNames = PeerNames(mixer: mixer)
        userNames = ByteTable(limit: AttemptTables.userLimit, mixer: mixer)
        fast = FastMemory(mixer: mixer)
        restore(memory)
    }

    /// One complete line, without its LF.
    mutating func consume(_ line: Span<UInt8>) { consume(line, headIsKnown: false) }

    /// - Parameter headIsKnown: whether its head is the one that the fast path remembers.
    mutating func consume(_ line: Span<UInt8>, headIsKnown: Bool) {
        summary.lines &+= 1
        summary.bytes &+= line.count &+ 1
        let pid: UInt32
        let style: LinePrefix.TimeStyle
        let message: Range<Int>
        switch LinePrefix(line) {
        case .foreign: return
        case .unreadable:
            summary.sshdLines += 1
            summary.unparsed += 1
            return
        case .sshd(let readPID, let readStyle, let readMessage):
            (pid, style, message) = (readPID, readStyle, readMessage)
        }
        summary.sshdLines += 1
        guard let time = logTime.time(of: line, style: style) else {
            summary.unparsed += 1
            fast.head = LineHead()
            return
        }
        if !headIsKnown { fast.head = logTime.isAmbiguous ? LineHead() : LineHead(line, style: style, time: time) }
        advance(to: time)
        let event = SSHDLine.event(line, message: message)
        if event.meaning == .nothing { return }
        take(event, line, pid: pid, time: time)
    }

    /// One message of sshd without a prefix, as the journal hands it out: an entry counts as a line.
    ///
    /// - Parameter pid: nil when it is not known: then nothing can be counted, as with a line whose prefix is not known.
    mutating func consume(message: Span<UInt8>, pid: UInt32?, time: Timestamp) {
        summary.lines &+= 1
        summary.bytes &+= message.count
        summary.sshdLines += 1
        guard let pid else {
            summary.unparsed += 1
            return
        }
        advance(to: time)
        let event = SSHDLine.event(message, message: 0..<message.count)
        if event.meaning == .nothing { return }
        take(event, message, pid: pid, time: time)
    }

    /// Ends the pass.
    ///
    /// - Parameter complete: true when nothing follows (a scan): connections that are still open are counted. false in
    ///   a run: they wait for their next line, ten minutes at most.
    /// - Returns: what was found; `memory` is then what to remember.
    mutating func finish(complete: Bool) -> AttemptSummary {
        for index in connections.indices
        where complete || abs(now.seconds(since: connections[index].readAt)) >= AttemptCounter.silenceSeconds {
            close(index)
            connections.remove(index)
        }
        if !complete { evict() }
        windows.judge(clock: clock?.microseconds ?? 0)
        summary.peak = windows.peak.map {
            AttemptSummary.Peak(
                attempts: $0.count, start: Timestamp(microseconds: $0.time), duration: rules.durationSeconds)
        }
        summary.lastExceeding = windows.lastExceeding.map { Timestamp(microseconds: $0) }
        summary.alarms = windows.alarms
        summary.byAddress = tables.byAddress { peerNames.text($0) }
        summary.byUser = tables.byUser { userNames.text($0) }
        summary.attemptsFromOtherAddresses = tables.fromOtherAddresses
        summary.attemptsWithoutAddress = tables.withoutAddress
        summary.attemptsForOtherUsers = tables.forOtherUsers
        return summary
    }
}

// MARK: - One line

extension AttemptCounter {
    /// Moves the log's clock and ends what is over by it.
    mutating func advance(to time: Timestamp) {
        guard let clock else {
            self.clock = time
            return
        }
        if time > clock {
            self.clock = time
        } else if clock.microseconds - time.microseconds > windows.horizon {
            // The clock was set back: nothing of the time before shares a window with what comes now.
            windows.startEpoch(clock: clock.microseconds)
            self.clock = time
            // What is open goes on by the new clock; otherwise it, and all behind it, would not end for as long.
            for index in connections.indices where connections[index].lastSeen > time {
                connections[index].lastSeen = time
            }
        }
        let over = (self.clock ?? time).microseconds - AttemptCounter.silence
        while let oldest = connections.oldestIndex, connections[oldest].lastSeen.microseconds < over {
            close(oldest)
            connections.remove(oldest)
        }
    }

    private mutating func take(_ event: SSHDEvent, _ line: Span<UInt8>, pid: UInt32, time: Timestamp) {
        var sighting = Sighting(meaning: event.meaning, count: event.count, port: event.port)
        sighting.peer = event.address.flatMap { peerNames.peer(line, $0, ip: event.ip) }
        if let range = event.user { sighting.user = userNames.number(of: line, range) ?? -2 }
        sighting.invalidUser = event.invalidUser
        let index = take(
            sighting, pid: pid, time: time,
            method: event.rule == .pamFailure ? "keyboard-interactive/pam" : event.method.map { line.text($0) })
        if event.meaning == .login { login(event, line, at: index, time: time) }
    }

    /// - Returns: the number of the connection.
    @discardableResult
    mutating func take(
        _ line: Sighting, pid: UInt32, time: Timestamp, method: @autoclosure () -> String?
    ) -> Int {
        let index = connection(of: line, pid: pid, time: time)
        if let peer = line.peer, connections[index].wants(peer) { learn(peer, at: index, time: time) }
        let more = connections[index].take(line, time: time, now: now)
        if more > 0 {
            count(more, at: index, time: time, user: line.user, method: method(), invalidUser: line.invalidUser)
        }
        if line.meaning == .closingMarker {
            close(index)
        } else if line.meaning == .end {
            close(index)
            // A port scan leaves nothing to remember.
            if connections[index].isBlank { connections.remove(index) }
        }
        return index
    }

    /// The connection that a line belongs to, a new one where it begins one; it is the last used one now.
    private mutating func connection(of line: Sighting, pid: UInt32, time: Timestamp) -> Int {
        if let index = connections.index(ofPID: pid) {
            if !connections[index].isOver(at: line) {
                connections.touch(index)
                return index
            }
            close(index)
            connections.remove(index)
        }
        if connections.count >= Connections.limit, let oldest = connections.oldestIndex {
            close(oldest)
            connections.remove(oldest)
        }
        return connections.insert(Connection(pid: pid, lastSeen: time, readAt: now))
    }

    private mutating func learn(_ peer: Peer, at index: Int, time: Timestamp) {
        let known = connections[index].peer
        connections[index].peer = peer
        tables.move(connections[index].countedHere, from: known, to: peer, time: time)
        // A login from the address will not name the host: its failures, of earlier runs too, must be found there.
        if connections[index].counted > 0 { recent.add(peer, time: time, count: connections[index].counted) }
    }

    /// Nothing more is to come, but a repeated closing line perhaps. A connection with markers only counts now.
    mutating func close(_ index: Int) {
        connections[index].closed = true
        guard connections[index].isMarkedOnly, let time = connections[index].firstMarker else { return }
        let user = connections[index].user
        count(1, at: index, time: time, user: user, method: nil, invalidUser: connections[index].invalidUser)
    }

    private func isIgnored(_ peer: Peer?) -> Bool {
        guard let peer, !peer.isHostName, !rules.ignoredNetworks.isEmpty else { return false }
        return rules.ignoredNetworks.contains { $0.contains(peer.ip) }
    }

    private mutating func count(
        _ number: Int, at index: Int, time: Timestamp, user: Int32, method: @autoclosure () -> String?,
        invalidUser: Bool
    ) {
        let isFirst = connections[index].counted == 0
        connections[index].counted = connections[index].counted.addingSaturated(number)
        let peer = connections[index].peer
        if isIgnored(peer) { return }
        connections[index].countedHere = connections[index].countedHere.addingSaturated(number)
        if isFirst { summary.connections += 1 }
        summary.attempts = summary.attempts.addingSaturated(number)
        summary.attemptsTotal = summary.attemptsTotal.addingSaturated(number)
        summary.first = min(summary.first ?? time, time)
        summary.last = max(summary.last ?? time, time)
        tables.add(peer, time: time, count: number)
        tables.add(user: user, count: number)
        windows.add(time: time.microseconds, count: number, clock: clock?.microseconds ?? time.microseconds)
        if let peer { recent.add(peer, time: time, count: number) }
        onAttempt?(time, number)
        guard let onEvent else { return }
        onEvent(
            AttemptEvent(
                time: time, address: peer.map { peerNames.text($0) }, port: connections[index].port,
                user: user >= 0 ? userNames.text(user) : nil, method: method(), invalidUser: invalidUser,
                count: number, kind: .failure))
    }

    private mutating func login(_ event: SSHDEvent, _ line: Span<UInt8>, at index: Int, time: Timestamp) {
        summary.logins = summary.logins.addingSaturated(event.count)
        let peer = connections[index].peer
        let user = event.user.map { line.text($0) }
        let method = event.method.map { line.text($0) }
        onEvent?(
            AttemptEvent(
                time: time, address: peer.map { peerNames.text($0) }, port: connections[index].port, user: user,
                method: method, invalidUser: false, count: event.count, kind: .login))
        if isIgnored(peer) { return }
        let failures = peer.map { recent.count($0, before: time) } ?? 0
        let isSuspicious = rules.loginAfterFailures > 0 && failures >= rules.loginAfterFailures
        guard isSuspicious || rules.notifyLogins else { return }
        let login = AttemptSummary.Login(
            time: time, address: peer.map { peerNames.text($0) }, user: user, method: method, failures: failures,
            suspicious: isSuspicious)
        if summary.notableLogins.count < AttemptCounter.notableLimit {
            summary.notableLogins.append(login)
            return
        }
        summary.furtherNotableLogins += 1
        // Of many logins the suspicious ones are kept.
        if isSuspicious, let other = summary.notableLogins.lastIndex(where: { !$0.suspicious }) {
            summary.notableLogins[other] = login
        }
    }
}
