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
                if window.at(parser.head.length).has("sshd") {
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
        let tag = bytes.at(start)
        let isPlain = tag.byte(0) == UInt8(ascii: "[")
        guard isPlain || tag.has("-session[") else { return .unknown }
        let pidStart = start &+ (isPlain ? 1 : 9)
        let number = DecimalWord(bytes.word(at: pidStart))
        let pidEnd = pidStart &+ number.count
        let message = bytes.at(pidEnd)
        guard number.count > 0, number.count < 8, message.has("]: ") else { return .unknown }
        let place = pidEnd &+ 3
        let pid = UInt32(truncatingIfNeeded: number.value)
        switch message.byte(3) {
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "T"), UInt8(ascii: "S"), UInt8(ascii: "b"): break
        case UInt8(ascii: "F"):
            if message.byte(3 + 7) == UInt8(ascii: "p") {
                return consume(FailedPasswordLine.self, bytes, place, pid, time)
            }
            return consume(FailedKeyboardLine.self, bytes, place, pid, time)
        case UInt8(ascii: "I"): return consume(InvalidUserLine.self, bytes, place, pid, time)
        case UInt8(ascii: "C"):
            if message.byte(3 + 11) == UInt8(ascii: "c") {
                return consumeLast(ClosedLine.self, bytes, place, pid, time)
            }
            return consumeLast(ResetLine.self, bytes, place, pid, time)
        case UInt8(ascii: "D"):
            if message.byte(3 + 10) == UInt8(ascii: "e") {
                return consumeLast(DisconnectedLine.self, bytes, place, pid, time)
            }
            return consume(TooManyFailuresLine.self, bytes, place, pid, time)
        case UInt8(ascii: "R"): return consume(ReceivedDisconnectLine.self, bytes, place, pid, time)
        case UInt8(ascii: "e"):
            guard message.has("error: ", 3) else { return .unknown }
            if message.has("maximum ", 10) { return consume(MaximumAttemptsLine.self, bytes, place, pid, time) }
            if message.has("PAM: ", 10) { return .unknown }
        case UInt8(ascii: "P"):
            guard message.has("PAM ", 3) else { return consume(PostponedLine.self, bytes, place, pid, time) }
        case UInt8(ascii: "U"):
            guard message.has("Unable ", 3) else { return .unknown }
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
        let message = bytes.at(start)
        guard message.has(Shape.words) else { return .unknown }
        let length = Shape.words.utf8CodeUnitCount
        let entry = LineMemory.place(pid)
        if Shape.user == .none {
            let peer = parser.readPeer(bytes, start &+ length, bytes.at(start &+ length), 0, entry, endsWithNumber: true)
            guard peer > 0 else { return .unknown }
            take(Shape.self, pid, entry, isInvalid: false, time)
            return LineReach(start &+ length &+ peer)
        }
        var place = start &+ length
        let mark = bytes.at(place)
        let isInvalid = Shape.user == .invalid || mark.has("invalid user ")
        if Shape.user == .marked, !isInvalid {
            guard mark.has("authenticating user ") else { return .unknown }
            place &+= 20
        } else if Shape.user != .invalid {
            // Without a branch: which it is comes in no order.
            place &+= isInvalid ? 13 : 0
        }
        let name = bytes.at(place)
        let isKnown = parser.memory[entry].isUser(name)
        let nameLength = isKnown ? parser.memory[entry].userLength &- 1 : ShortText.wordLength(name)
        guard nameLength >= 0 else { return .unknown }
        let between = bytes.at(place &+ nameLength)
        guard !Shape.hasFrom || between.has(" from ") else { return .unknown }
        let distance = Shape.hasFrom ? 6 : 1
        let peer = parser.readPeer(
            bytes, place &+ nameLength &+ distance, between, distance, entry, endsWithNumber: false)
        let end = place &+ nameLength &+ distance &+ peer
        guard peer > 0, bytes.at(end).has(Shape.end), isKnown || parser.readNewUser(name, nameLength, entry)
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
    fileprivate mutating func readNewUser(_ place: LinePlace, _ length: Int, _ entry: Int) -> Bool {
        let name = ShortText(place)
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
        memory[entry].learnUser(place, length: length, number: number)
        return true
    }

    /// `ADDR port N`; the line's entry knows address and port then.
    ///
    /// - Parameters:
    ///   - start: where it stands.
    ///   - place: a little before it.
    ///   - distance: how much.
    ///   - endsWithNumber: whether nothing is asked of what follows: the port may go on there.
    /// - Returns: how long it is; 0 where there is none.
    @inline(__always)
    fileprivate mutating func readPeer(
        _ bytes: LineWindow, _ start: Int, _ place: LinePlace, _ distance: Int, _ entry: Int, endsWithNumber: Bool
    ) -> Int {
        if memory[entry].isPeer(place, distance) {
            let length = memory[entry].peerLength
            if !endsWithNumber || !bytes.byte(at: start &+ length).isDigit { return length }
        }
        return readNewPeer(bytes, start, entry)
    }

    @inline(never)
    private mutating func readNewPeer(_ bytes: LineWindow, _ start: Int, _ entry: Int) -> Int {
        let place = bytes.at(start)
        let name = ShortText(place)
        let portPlace = bytes.at(start &+ name.count)
        guard name.isWord, portPlace.has(" port ") else { return 0 }
        let port = DecimalWord(portPlace.word(6))
        guard port.count > 0, port.count <= 5, port.value <= 65_535 else { return 0 }
        let hash = addresses.hash(name)
        var number = addresses.number(of: name, hash: hash)
        if number < 0 {
            guard let ip = name.address else { return 0 }
            number = addresses.insert(name, hash: hash, Known(ip: ip))
            guard number >= 0 else { return 0 }
        }
        let length = name.count &+ 6 &+ port.count
        memory[entry].learnPeer(
            place, length: length, address: Int32(truncatingIfNeeded: number),
            port: Int32(truncatingIfNeeded: port.value))
        return length
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
