// Many lines at once: those of the usual shapes go the fast way (FastLine), the others the general one. Both end in the
// same counting.

/// What the fast path remembers from one line to the next. It begins empty in every run.
struct FastMemory {
    var head = LineHead()
    var addresses: ShortTextTable<Peer>
    /// Numbers in the counter's table of users; -2: beyond it.
    var users: ShortTextTable<Int32>

    init(mixer: Mixer) {
        addresses = ShortTextTable(mixer: mixer)
        users = ShortTextTable(mixer: mixer)
    }
}

extension AttemptCounter {
    /// Whole lines with their line ends, LF or CRLF; only the last line may lack one.
    mutating func consume(_ lines: RawSpan) {
        let count = lines.byteCount
        let start = consume(lines, from: 0, before: count - FastLine.window + 1, count: count)
        guard start < count else { return }
        // The last lines again, with as many zeros behind them as the fast path looks ahead.
        var rest = [UInt8](repeating: 0, count: count - start + FastLine.window)
        for index in start..<count { rest[index - start] = lines.byte(at: index) }
        _ = consume(rest.span.bytes, from: 0, before: count - start, count: count - start)
    }

    /// The lines that start before `limit`; from there on `bytes` hold at least the fast path's window. The log's own
    /// bytes are the first `count`.
    ///
    /// - Returns: where the next line starts.
    private mutating func consume(_ bytes: RawSpan, from first: Int, before limit: Int, count: Int) -> Int {
        var start = first
        while start < limit {
            if let line = FastLine(bytes, at: start, head: fast.head),
                let next = take(line, bytes, from: start, count: count)
            {
                start = next
            } else {
                let isKnown = fast.head.time(bytes, at: start) != nil
                let end = min(count, bytes.lineEnd(from: start))
                let isCRLF = end > start && bytes.byte(at: end &- 1) == UInt8(ascii: "\r")
                bytes.withBytes(start..<(isCRLF ? end &- 1 : end)) { consume($0, headIsKnown: isKnown) }
                start = end + 1
            }
        }
        return start
    }

    /// Counts a line of a usual shape.
    ///
    /// - Returns: where the next line begins; nil when the general path must look, and nothing was counted.
    @inline(__always)
    private mutating func take(_ line: FastLine, _ lines: RawSpan, from start: Int, count: Int) -> Int? {
        var sighting = Sighting(meaning: line.meaning)
        if line.kind == .event {
            guard let peer = peer(line, lines) else { return nil }
            sighting.peer = peer
            sighting.port = line.port
            sighting.invalidUser = line.invalidUser
            if line.userStart >= 0 { sighting.user = user(line, lines) }
        }
        let end = line.endIsKnown ? line.end : min(count, lines.lineEnd(from: line.end))
        let isCRLF = !line.endIsKnown && lines.byte(at: end &- 1) == UInt8(ascii: "\r")
        summary.lines &+= 1
        summary.bytes &+= end &- start &+ (isCRLF ? 0 : 1)
        if line.kind == .foreign { return end + 1 }
        summary.sshdLines &+= 1
        let time = Timestamp(microseconds: line.time)
        if fast.head.isClassic { logTime.follow(seconds: time.seconds) }
        advance(to: time)
        if line.kind == .event { take(sighting, pid: line.pid, time: time, method: "password") }
        return end + 1
    }

    @inline(__always)
    private mutating func peer(_ line: FastLine, _ lines: RawSpan) -> Peer? {
        if let peer = fast.addresses.value(of: line.address) { return peer }
        let range = line.addressStart..<line.addressStart &+ line.address.count
        guard let ip = lines.withBytes(range, { IPAddress($0) }) else { return nil }
        fast.addresses.insert(line.address, Peer(ip: ip))
        return Peer(ip: ip)
    }

    @inline(__always)
    private mutating func user(_ line: FastLine, _ lines: RawSpan) -> Int32 {
        if let user = fast.users.value(of: line.user) { return user }
        let range = line.userStart..<line.userStart &+ line.user.count
        let user = lines.withBytes(range) { userNames.number(of: $0, $0.indices) ?? -2 }
        fast.users.insert(line.user, user)
        return user
    }
}
