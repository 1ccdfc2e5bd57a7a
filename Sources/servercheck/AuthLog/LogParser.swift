// Lines -> sightings: the whole of reading a log, before anything is counted. This is the general path, which reads every
// line; FastLine reads the usual ones.

/// Reads lines one after the other. It knows the names that its sightings have numbers for.
struct LogParser: Sendable {
    /// Read, and not yet counted.
    var found = Sightings()
    /// Whether failures are told of, and not only counted.
    var keepsTexts = false

    var lines = 0
    /// Bytes of these lines, one line end each.
    var bytes = 0
    /// Lines with the tag of sshd.
    var sshdLines = 0
    /// Those whose prefix or time cannot be read.
    private(set) var unparsed = 0

    var logTime: LogTime
    var peerNames: PeerNames
    var userNames: ByteTable
    /// The time, in microseconds, of silent lines that are not in `found` yet; `Int64.min`: there are none.
    private var silent = Int64.min
    /// The time of the line before, in microseconds.
    private var latest = Int64.max
    /// Of the fast path: the head of the line before, and what it has seen.
    var head = LineHead()
    var addresses: ShortTextTable<IPAddress>
    var users: ShortTextTable<Int32>
    var memory = LineMemory()

    init(time: LogTime, mixer: Mixer) {
        logTime = time
        peerNames = PeerNames(mixer: mixer)
        userNames = ByteTable(limit: AttemptTables.userLimit, mixer: mixer)
        addresses = ShortTextTable(mixer: mixer)
        users = ShortTextTable(mixer: mixer)
    }

    /// Forgets the short texts when there are many, so that there is room for new ones.
    mutating func makeRoom() {
        if users.count > ShortTextTable<Int32>.limit / 2 { users.removeAll() }
        guard addresses.count > ShortTextTable<IPAddress>.limit / 2, found.list.isEmpty else { return }
        addresses.removeAll()
        memory.removeAll()
        found.epoch &+= 1
    }

    /// One complete line, without its line end.
    ///
    /// - Parameter headIsKnown: whether its head is the one that the fast path remembers.
    mutating func read(_ line: Span<UInt8>, headIsKnown: Bool = false) {
        lines &+= 1
        bytes &+= line.count &+ 1
        let pid: UInt32
        let style: LinePrefix.TimeStyle
        let message: Range<Int>
        switch LinePrefix(line) {
        case .foreign(let style):
            if !headIsKnown, let style { head = LineHead(line, style: style, time: nil) }
            return
        case .unreadable:
            sshdLines &+= 1
            unparsed &+= 1
            return
        case .sshd(let readPID, let readStyle, let readMessage):
            (pid, style, message) = (readPID, readStyle, readMessage)
        }
        sshdLines &+= 1
        guard let time = logTime.time(of: line, style: style) else {
            unparsed &+= 1
            head = LineHead()
            return
        }
        if !headIsKnown { head = logTime.isAmbiguous ? LineHead() : LineHead(line, style: style, time: time) }
        add(SSHDLine.event(line, message: message), line, pid: pid, time: time)
    }

    /// One message of sshd without a prefix: an entry of the journal counts as a line.
    ///
    /// - Parameter pid: nil when it is not known: then nothing can be counted, as with a line whose prefix is not known.
    mutating func read(message: Span<UInt8>, pid: UInt32?, time: Timestamp) {
        lines &+= 1
        bytes &+= message.count
        sshdLines &+= 1
        guard let pid else {
            unparsed &+= 1
            return
        }
        add(SSHDLine.event(message, message: 0..<message.count), message, pid: pid, time: time)
    }

    private mutating func add(_ event: SSHDEvent, _ line: Span<UInt8>, pid: UInt32, time: Timestamp) {
        if event.meaning == .nothing { return addSilent(time.microseconds) }
        goOn(to: time.microseconds)
        var sighting = Sighting(time: time, pid: pid, meaning: event.meaning)
        sighting.invalidUser = event.invalidUser
        sighting.port = event.port
        if let range = event.user { sighting.user = userNames.number(of: line, range) ?? -2 }
        sighting.peer = event.address.flatMap { peerNames.peer(line, $0, ip: event.ip) }
        sighting.count = Int32(clamping: event.count)
        if keepsTexts || event.meaning == .login {
            let method = event.rule == .pamFailure ? "keyboard-interactive/pam" : event.method.map { line.text($0) }
            let user = event.meaning == .login ? event.user.map { line.text($0) } : nil
            sighting.texts = Int32(clamping: found.texts.count)
            found.texts.append(SightingTexts(method: method, user: user))
        }
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
