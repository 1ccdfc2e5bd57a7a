// Lines -> sightings: the whole of reading a log, before anything is counted. This is the general path, which reads every
// line; FastLine reads the usual ones.

/// Reads lines one after the other. It knows the names that its sightings have numbers for.
struct LogParser: Sendable {
    /// Names and addresses that are remembered from one batch to the next. The tables hold more: those of a batch beside them.
    private static let shortNameLimit = 2048
    private static let addressLimit = 6144

    /// Read, and not yet taken.
    var found = Sightings()
    /// Whether failures are told of, and not only counted.
    var keepsMethods = false

    var logTime: LogTime
    var hosts: PeerNames
    var userNames: ByteTable
    /// The time, in microseconds, of silent lines that are not in `found` yet; `Int64.min`: there are none.
    private var silent = Int64.min
    /// The time of the line before, in microseconds; `Int64.max` before the first one of a batch.
    private var latest = Int64.max
    /// Of the fast path: the head of the line before, and what it has seen.
    var head = LineHead()
    var addresses: ShortTextTable<IPAddress>
    var users: ShortTextTable<Int32>
    var memory = LineMemory()

    /// - Parameters:
    ///   - userLimit: users in detail.
    ///   - hostLimit: host names in detail.
    init(
        time: LogTime, mixer: Mixer, userLimit: Int = AttemptTables.userLimit, hostLimit: Int = PeerNames.limit
    ) {
        logTime = time
        hosts = PeerNames(limit: hostLimit, mixer: mixer)
        userNames = ByteTable(limit: userLimit, mixer: mixer)
        addresses = ShortTextTable(mixer: mixer)
        users = ShortTextTable(mixer: mixer)
    }

    /// Begins a batch: sightings that are taken together.
    ///
    /// - Parameter batch: one that was counted; its memory is used again.
    mutating func begin(_ batch: consuming Sightings = Sightings()) {
        batch.removeAll()
        found = batch
        latest = .max
        if users.count > LogParser.shortNameLimit { users.removeAll() }
        if addresses.count > LogParser.addressLimit { forgetNumbers() }
    }

    /// Ends a batch.
    mutating func end() -> Sightings {
        goOn(to: .min)
        var batch = Sightings()
        swap(&batch, &found)
        return batch
    }

    /// Names may have other numbers from here on, as addresses have. At the beginning of a batch.
    mutating func forgetNumbers() {
        found.renumbersAddresses = true
        users.removeAll()
        addresses.removeAll()
        memory.removeAll()
    }

    /// One complete line, without its line end.
    mutating func read(_ line: Span<UInt8>) {
        found.lines &+= 1
        found.bytes &+= line.count &+ 1
        let pid: UInt32
        let style: LinePrefix.TimeStyle
        let message: Range<Int>
        switch LinePrefix(line) {
        case .foreign(let style):
            if let style { head = LineHead(line, style: style, time: nil) }
            return
        case .unreadable:
            found.sshdLines &+= 1
            found.unparsed &+= 1
            return
        case .sshd(let readPID, let readStyle, let readMessage):
            (pid, style, message) = (readPID, readStyle, readMessage)
        }
        found.sshdLines &+= 1
        guard let time = logTime.time(of: line, style: style) else {
            found.unparsed &+= 1
            head = LineHead()
            return
        }
        head = logTime.isAmbiguous ? LineHead() : LineHead(line, style: style, time: time)
        add(SSHDLine.event(line, message: message), line, pid: pid, time: time)
    }

    /// One complete line, without its line end, whose head is the one that the fast path remembers.
    ///
    /// - Parameter time: its time, in microseconds.
    mutating func read(_ line: Span<UInt8>, time: Int64) {
        found.lines &+= 1
        found.bytes &+= line.count &+ 1
        let end = LinePrefix.end(of: line)
        guard let tag = LinePrefix.tag(line, at: head.length, end: end) else { return }
        found.sshdLines &+= 1
        let time = follow(time)
        add(SSHDLine.event(line, message: tag.messageStart..<end), line, pid: tag.pid, time: time)
    }

    /// A line in the minute of the head was read.
    @inline(__always)
    mutating func follow(_ microseconds: Int64) -> Timestamp {
        let time = Timestamp(microseconds: microseconds)
        if head.isClassic { logTime.follow(seconds: time.seconds) }
        return time
    }

    /// One message of sshd without a prefix: an entry of the journal counts as a line.
    ///
    /// - Parameter pid: nil when it is not known: then nothing can be counted, as with a line whose prefix is not known.
    mutating func read(message: Span<UInt8>, pid: UInt32?, time: Timestamp) {
        found.lines &+= 1
        found.bytes &+= message.count
        found.sshdLines &+= 1
        guard let pid else {
            found.unparsed &+= 1
            return
        }
        add(SSHDLine.event(message, message: 0..<message.count), message, pid: pid, time: time)
    }

    private mutating func add(_ event: SSHDEvent, _ line: Span<UInt8>, pid: UInt32, time: Timestamp) {
        if event.meaning == .nothing { return addSilent(time.microseconds) }
        goOn(to: time.microseconds)
        var sighting = Sighting(time: time, pid: pid, meaning: event.meaning)
        sighting.invalidUser = event.invalidUser
        if let port = event.port { sighting.port = Int32(port) }
        if let range = event.user { sighting.user = userNames.number(of: line, range) ?? -2 }
        let peer = event.address.flatMap { hosts.peer(line, $0, ip: event.ip) }
        var texts: SightingTexts?
        if keepsMethods || event.meaning == .login {
            let method = event.rule == .pamFailure ? "keyboard-interactive/pam" : event.method.map { line.text($0) }
            texts = SightingTexts(method: method, user: event.meaning == .login ? event.user.map { line.text($0) } : nil)
        }
        sighting.more = found.add(FurtherSighting(peer: peer, count: event.count), texts)
        found.list.append(sighting)
    }

    /// A line that says nothing but the time. Of several only the last one matters, and none before a line that says
    /// more; as long as time goes on from line to line.
    @inline(__always)
    mutating func addSilent(_ time: Int64) {
        let goesOn = time >= latest
        goOn(to: time)
        silent = time
        if !goesOn { goOn(to: .min) }
    }

    /// Before a line at `time`, in microseconds; `Int64.min` at the end of a piece.
    @inline(__always)
    mutating func goOn(to time: Int64) {
        if silent > time {
            found.list.append(Sighting(time: Timestamp(microseconds: silent), pid: 0, meaning: .nothing))
        }
        silent = .min
        if time > .min { latest = time }
    }
}
