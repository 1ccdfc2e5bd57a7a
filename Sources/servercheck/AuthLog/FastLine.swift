// The fast path: the few shapes that make up nearly all of an auth log, read by words instead of bytes.
//
// What it accepts it reads exactly as LinePrefix, LogTime and SSHDLine do; whatever it does not accept is left to them.
// Why the short way comes to the same:
//
// 1. The head equals that of a line which they read (LineHead), so no line end is in it, and it means the same.
// 2. A user name is accepted only without space, colon and control character, and everything from there to the line end
//    is of the exact form that sshd writes. So the first ` from ADDR port N` is also the last one, which SSHDPeer looks
//    for, nothing is in the name that could end its search, and no line of such a length was cut by sshd.
// 3. Messages that give an address without a user (`Received disconnect from ADDR port N:…`) are read up to the port;
//    what follows is not looked at there either.
// 4. An address is accepted only when IPAddress reads it.

extension AttemptCounter {
    /// Whole lines with their line ends, LF or CRLF; only the last line may lack one.
    mutating func consume(_ lines: RawSpan) {
        begin()
        parser.memory.prepare()
        let count = lines.byteCount
        let start = lines.withUnsafeBytes { consume($0, before: count - LineWindow.size + 1, count: count) }
        guard start < count else { return }
        // The last lines again, with as many zeros behind them as the fast path looks ahead.
        var rest = [UInt8](repeating: 0, count: count - start + LineWindow.size)
        for index in start..<count { rest[index - start] = lines.byte(at: index) }
        _ = rest.withUnsafeBytes { consume($0, before: count - start, count: count - start) }
    }

    /// The lines that start before `limit`; from there on `bytes` hold at least a window. The log's own bytes are the
    /// first `count`.
    ///
    /// - Returns: where the next line starts.
    private mutating func consume(_ bytes: UnsafeRawBufferPointer, before limit: Int, count: Int) -> Int {
        var start = 0
        while start < limit {
            let window = LineWindow(UnsafeRawBufferPointer(rebasing: bytes[start...]))
            let digits = parser.head.digits(window)
            var time = LineHead.none
            if parser.head.begins(window, digits) {
                // Of another daemon; or as far as it was understood.
                var reach = LineReach(parser.head.length)
                time = parser.head.time(digits)
                if window.has("sshd", at: parser.head.length) {
                    reach = time == LineHead.none ? .unknown : consume(window, parser.head.length &+ 4, time)
                }
                if reach != .unknown {
                    var end = start &+ reach.place
                    var isCRLF = false
                    if !reach.isWhole {
                        end = min(count, bytes.bytes.lineEnd(from: end))
                        isCRLF = bytes[end &- 1] == UInt8(ascii: "\r")
                    }
                    summary.lines &+= 1
                    summary.bytes &+= end &- start &+ (isCRLF ? 0 : 1)
                    start = end &+ 1
                    continue
                }
            }
            let end = min(count, bytes.bytes.lineEnd(from: start))
            let isCRLF = end > start && bytes[end &- 1] == UInt8(ascii: "\r")
            bytes.bytes.withBytes(start..<(isCRLF ? end &- 1 : end)) {
                if time == LineHead.none { readLine($0) } else { readLine($0, time: time) }
            }
            start = end &+ 1
        }
        return start
    }

    /// Counts a line of sshd whose head is known.
    ///
    /// - Parameters:
    ///   - start: behind `sshd`.
    ///   - time: of the line, in microseconds.
    /// - Returns: how far it was read; `unknown` for a line of another shape, with which nothing was done.
    @inline(__always)
    private mutating func consume(_ bytes: LineWindow, _ start: Int, _ time: Int64) -> LineReach {
        let isPlain = bytes.byte(at: start) == UInt8(ascii: "[")
        guard isPlain || bytes.has("-session[", at: start) else { return .unknown }
        let pidStart = start &+ (isPlain ? 1 : 9)
        let number = DecimalWord(bytes.word(at: pidStart))
        let place = pidStart &+ number.count &+ 3
        guard number.count > 0, number.count < 8, bytes.has("]: ", at: place &- 3) else { return .unknown }
        let pid = UInt32(truncatingIfNeeded: number.value)
        switch bytes.byte(at: place) {
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "T"), UInt8(ascii: "S"), UInt8(ascii: "b"): break
        case UInt8(ascii: "F"):
            if bytes.has(FailedPasswordLine.words, at: place) {
                return consume(FailedPasswordLine.self, bytes, place, pid, time)
            }
            return consume(FailedKeyboardLine.self, bytes, place, pid, time)
        case UInt8(ascii: "I"): return consume(InvalidUserLine.self, bytes, place, pid, time)
        case UInt8(ascii: "C"):
            if bytes.has(ClosedLine.words, at: place) { return consumeLast(ClosedLine.self, bytes, place, pid, time) }
            return consumeLast(ResetLine.self, bytes, place, pid, time)
        case UInt8(ascii: "D"):
            if bytes.has(DisconnectedLine.words, at: place) {
                return consumeLast(DisconnectedLine.self, bytes, place, pid, time)
            }
            return consume(TooManyFailuresLine.self, bytes, place, pid, time)
        case UInt8(ascii: "R"): return consume(ReceivedDisconnectLine.self, bytes, place, pid, time)
        case UInt8(ascii: "e"):
            guard bytes.has("error: ", at: place) else { return .unknown }
            if bytes.has("maximum ", at: place &+ 7) {
                return consume(MaximumAttemptsLine.self, bytes, place, pid, time)
            }
            if bytes.has("PAM: ", at: place &+ 7) { return .unknown }
        case UInt8(ascii: "P"):
            guard bytes.has("PAM ", at: place) else { return consume(PostponedLine.self, bytes, place, pid, time) }
        case UInt8(ascii: "U"):
            guard bytes.has("Unable ", at: place) else { return .unknown }
        default: return .unknown
        }
        // SSHDLine knows no message with these first letters that means anything.
        summary.sshdLines &+= 1
        advance(to: parser.follow(time))
        return LineReach(place)
    }

    /// A last line names a user, or only the peer.
    @inline(__always)
    private mutating func consumeLast<Shape: LastLine>(
        _: Shape.Type, _ bytes: LineWindow, _ place: Int, _ pid: UInt32, _ time: Int64
    ) -> LineReach {
        let reach = consume(Shape.self, bytes, place, pid, time)
        return reach == .unknown ? consume(OnlyPeerLine<Shape>.self, bytes, place, pid, time) : reach
    }

    /// Counts a line if it has this shape. Generic, so that there is a function for each shape without a branch for what
    /// only others have.
    private mutating func consume<Shape: LineShape>(
        _: Shape.Type, _ bytes: LineWindow, _ start: Int, _ pid: UInt32, _ time: Int64
    ) -> LineReach {
        guard bytes.has(Shape.words, at: start) else { return .unknown }
        var place = start &+ Shape.words.utf8CodeUnitCount
        let entry = LineMemory.place(pid)
        let isInvalid = Shape.user == .invalid || (Shape.user != .none && bytes.has("invalid user ", at: place))
        if Shape.user == .none {
            let length = parser.readPeer(bytes, place, entry)
            guard length > 0 else { return .unknown }
            take(Shape.self, pid, entry, isInvalid: false, time)
            return LineReach(place &+ length)
        }
        if Shape.user == .marked, !isInvalid {
            guard bytes.has("authenticating user ", at: place) else { return .unknown }
            place &+= 20
        } else if Shape.user != .invalid {
            // Without a branch: which it is comes in no order.
            place &+= isInvalid ? 13 : 0
        }
        let isKnown = parser.memory[entry].isUser(bytes, at: place)
        let length = isKnown ? parser.memory[entry].userLength &- 1 : ShortText.wordLength(bytes, at: place)
        guard length >= 0, !Shape.hasFrom || bytes.has(" from ", at: place &+ length) else { return .unknown }
        let peer = place &+ length &+ (Shape.hasFrom ? 6 : 1)
        let peerLength = parser.readPeer(bytes, peer, entry)
        let end = peer &+ peerLength
        guard peerLength > 0, bytes.has(Shape.end, at: end), isKnown || parser.readNewUser(bytes, place, length, entry)
        else { return .unknown }
        take(Shape.self, pid, entry, isInvalid: isInvalid, time)
        return LineReach(whole: end &+ Shape.end.utf8CodeUnitCount &- 1)
    }

    @inline(__always)
    private mutating func take<Shape: LineShape>(
        _: Shape.Type, _ pid: UInt32, _ entry: Int, isInvalid: Bool, _ time: Int64
    ) {
        summary.sshdLines &+= 1
        let time = parser.follow(time)
        advance(to: time)
        take(
            FastLine(
                time: time, pid: pid, entry: entry, meaning: Shape.meaning, hasUser: Shape.user != .none,
                invalidUser: isInvalid))
    }
}

extension LogParser {
    /// Numbers a user that the line's entry does not know; it knows it then.
    @inline(never)
    fileprivate mutating func readNewUser(_ bytes: LineWindow, _ start: Int, _ length: Int, _ entry: Int) -> Bool {
        let name = ShortText(bytes, at: start)
        if name.holds(UInt8(ascii: ":")) { return false }
        let hash = users.hash(name)
        let known = users.number(of: name, hash: hash)
        let number: Int32
        if known >= 0 {
            number = users.value(known)
        } else {
            number = name.withBytes { userNames.number(of: $0, $0.indices) ?? -2 }
            // Of names beyond the table there can be any number: most do not come again.
            if number >= 0 { _ = users.insert(name, hash: hash, number) }
        }
        memory[entry].learnUser(bytes, at: start, length: length, number: number)
        return true
    }

    /// `ADDR port N`; the line's entry knows address and port then.
    ///
    /// - Returns: how long it is; 0 where there is none.
    @inline(__always)
    fileprivate mutating func readPeer(_ bytes: LineWindow, _ start: Int, _ entry: Int) -> Int {
        memory[entry].isPeer(bytes, at: start) ? memory[entry].peerLength : readNewPeer(bytes, start, entry)
    }

    @inline(never)
    private mutating func readNewPeer(_ bytes: LineWindow, _ start: Int, _ entry: Int) -> Int {
        let address = ShortText(bytes, at: start)
        let portStart = start &+ address.count &+ 6
        guard address.isWord, bytes.has(" port ", at: portStart &- 6) else { return 0 }
        let port = DecimalWord(bytes.word(at: portStart))
        guard port.count > 0, port.count <= 5, port.value <= 65_535 else { return 0 }
        let hash = addresses.hash(address)
        var number = addresses.number(of: address, hash: hash)
        if number < 0 {
            guard let ip = address.withBytes({ IPAddress($0) }) else { return 0 }
            number = addresses.insert(address, hash: hash, Known(ip: ip))
            guard number >= 0 else { return 0 }
        }
        let end = portStart &+ port.count
        memory[entry].learnPeer(
            bytes, start..<end, address: Int32(truncatingIfNeeded: number), port: Int32(truncatingIfNeeded: port.value))
        return end &- start
    }
}

/// How far a line was read: no LF was passed.
private struct LineReach: Equatable {
    static let unknown = LineReach(rawValue: -1)
    private let rawValue: Int

    @inline(__always)
    private init(rawValue: Int) { self.rawValue = rawValue }

    @inline(__always)
    init(_ place: Int) { rawValue = place << 1 }

    /// To its LF.
    @inline(__always)
    init(whole place: Int) { rawValue = place << 1 | 1 }

    var place: Int { rawValue >> 1 }
    var isWhole: Bool { rawValue & 1 == 1 }
}

/// What a line says that the fast path read. User, address and port are what its entry in the memory of lines knows.
struct FastLine {
    var time: Timestamp
    var pid: UInt32
    var entry: Int
    var meaning: SSHDEvent.Meaning
    var hasUser: Bool
    var invalidUser: Bool
}
