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
        lines.extracting(start..<count).withUnsafeBytes { last in
            rest.withUnsafeMutableBytes { $0.copyMemory(from: last) }
        }
        _ = rest.withUnsafeBytes { consume($0, before: count - start, count: count - start) }
    }

    /// The lines that start before `limit`; from there on `bytes` hold at least a window. The log's own bytes are the
    /// first `count`.
    ///
    /// - Returns: where the next line starts.
    private mutating func consume(_ bytes: UnsafeRawBufferPointer, before limit: Int, count: Int) -> Int {
        var start = 0
        // Where the head was learned last; and of what is counted here the lines, and the bytes without CR.
        var learned = -1
        var lines = 0
        var size = 0
        while start < limit {
            let window = LineWindow(bytes, at: start)
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
                    if !reach.isWhole {
                        end = min(count, bytes.bytes.lineEnd(from: end))
                        if bytes[end &- 1] == UInt8(ascii: "\r") { size &-= 1 }
                    }
                    lines &+= 1
                    size &+= end &+ 1 &- start
                    start = end &+ 1
                    continue
                }
            }
            start = readAnyLine(bytes, start, count, time, &learned)
        }
        summary.lines &+= lines
        summary.bytes &+= size
        return start
    }

    /// A line that the fast path does not read, or not yet.
    ///
    /// - Parameters:
    ///   - time: of the line; `LineHead.none`: its head is not known.
    ///   - learned: where the head was learned last: of a line that is to be tried once more.
    /// - Returns: where the next line starts, or this one.
    @inline(never)
    private mutating func readAnyLine(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int, _ time: Int64, _ learned: inout Int
    ) -> Int {
        if time == LineHead.none, learned != start, parser.head.move(to: LineWindow(bytes, at: start)) {
            learned = start
            return start
        }
        let end = min(count, bytes.bytes.lineEnd(from: start))
        let isCRLF = end > start && bytes[end &- 1] == UInt8(ascii: "\r")
        let range = start..<(isCRLF ? end &- 1 : end)
        if time != LineHead.none {
            bytes.bytes.withBytes(range) { readLine($0, time: time) }
        } else if !bytes.bytes.withBytes(range, { readLine($0, learns: learned != start) }) {
            learned = start
            return start
        }
        return end &+ 1
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
            if message.has("PAM: ", 10) { return consume(PAMFailureLine.self, bytes, place, pid, time) }
        case UInt8(ascii: "P"):
            guard message.has("PAM ", 3) else { return consume(PostponedLine.self, bytes, place, pid, time) }
        case UInt8(ascii: "U"):
            guard message.has("Unable ", 3) else { return consume(NotListedLine.self, bytes, place, pid, time) }
        case UInt8(ascii: "A"):
            guard onlyCountsLogins else { return .unknown }
            if message.has("password ", 12) { return consume(AcceptedPasswordLine.self, bytes, place, pid, time) }
            return consume(AcceptedKeyLine.self, bytes, place, pid, time)
        case UInt8(ascii: "m"):
            let count = DecimalWord(bytes.word(at: place &+ 17))
            guard message.has("message repeated ", 3), count.count > 0, count.count < 8,
                bytes.at(place &+ 17 &+ count.count).has(" times: [ ")
            else { return .unknown }
            return consume(
                RepeatedPasswordLine.self, bytes, place &+ 27 &+ count.count, pid, time,
                count: Int(truncatingIfNeeded: count.value))
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
    ///
    /// - Parameter count: how often the message came.
    private mutating func consume<Shape: LineShape>(
        _: Shape.Type, _ bytes: LineWindow, _ start: Int, _ pid: UInt32, _ time: Int64, count: Int = 1
    ) -> LineReach {
        guard bytes.at(start).has(Shape.words) else { return .unknown }
        let place = start &+ Shape.words.utf8CodeUnitCount
        let entry = LineMemory.place(pid)
        if Shape.user == .none {
            let peer = parser.readPeer(bytes, place, bytes.at(place), 0, entry, endsWithNumber: true)
            guard peer > 0 else { return .unknown }
            take(Shape.self, pid, entry, isInvalid: false, count, time)
            let end = place &+ peer
            return bytes.at(end).has(Shape.end) ? LineReach(Shape.self, end) : LineReach(end)
        }
        guard let user = readUser(Shape.self, bytes, place, entry) else { return .unknown }
        let distance = Shape.hasFrom ? 6 : 1
        let peerStart = user.end &+ distance
        let peer = parser.readPeer(bytes, peerStart, bytes.at(user.end), distance, entry, endsWithNumber: false)
        let end = peerStart &+ peer
        guard peer > 0, bytes.at(end).has(Shape.end), parser.knows(user, bytes, entry) else { return .unknown }
        take(Shape.self, pid, entry, isInvalid: user.isInvalid, count, time)
        return LineReach(Shape.self, end)
    }

    /// The same of a shape without port, which says of an address only that it is the peer's.
    private mutating func consume<Shape: PortlessLine>(
        _: Shape.Type, _ bytes: LineWindow, _ start: Int, _ pid: UInt32, _ time: Int64
    ) -> LineReach {
        let entry = LineMemory.place(pid)
        guard bytes.at(start).has(Shape.words),
            let user = readUser(Shape.self, bytes, start &+ Shape.words.utf8CodeUnitCount, entry)
        else { return .unknown }
        let name = ShortText(bytes.at(user.end &+ 6), before: Shape.end)
        let end = user.end &+ 6 &+ name.count
        guard name.isWord, bytes.at(end).has(Shape.end) else { return .unknown }
        let address = parser.number(ofAddress: name)
        guard address >= 0, parser.knows(user, bytes, entry) else { return .unknown }
        take(Shape.self, pid, entry, isInvalid: user.isInvalid, 1, time, address: Int32(truncatingIfNeeded: address))
        return LineReach(Shape.self, end)
    }

    /// `[invalid|authenticating user ]USER`, and ` from ` behind it where the shape has that.
    @inline(__always)
    private func readUser<Shape: LineShape>(
        _: Shape.Type, _ bytes: LineWindow, _ start: Int, _ entry: Int
    ) -> LineName? {
        let mark = bytes.at(start)
        let isInvalid = Shape.user == .invalid || mark.has(Shape.invalidMark)
        var start = start
        if Shape.user == .marked, !isInvalid {
            guard mark.has("authenticating user ") else { return nil }
            start &+= 20
        } else if Shape.user != .invalid {
            // Without a branch: which it is comes in no order.
            start &+= isInvalid ? 13 : 0
        }
        let name = bytes.at(start)
        let isKnown = parser.memory[entry].isUser(name)
        let length = isKnown ? parser.memory[entry].userLength &- 1 : ShortText.wordLength(name)
        guard length >= 0, !Shape.hasFrom || bytes.at(start &+ length).has(" from ") else { return nil }
        return LineName(start: start, end: start &+ length, isInvalid: isInvalid, isKnown: isKnown)
    }

    /// - Parameter address: of a line without port; -1: its entry knows address and port.
    @inline(__always)
    private mutating func take<Shape: LineShape>(
        _: Shape.Type, _ pid: UInt32, _ entry: Int, isInvalid: Bool, _ count: Int, _ time: Int64, address: Int32 = -1
    ) {
        summary.sshdLines &+= 1
        let line = FastLine(
            time: parser.follow(time), pid: pid, entry: entry, meaning: Shape.meaning,
            hasUser: Shape.user != .none, invalidUser: isInvalid, count: count, address: address)
        if Shape.isRare { takeRare(line) } else { take(line) }
    }
}

/// Where a line names a user.
private struct LineName {
    var start: Int
    /// A space is there.
    var end: Int
    var isInvalid: Bool
    /// By the line's entry.
    var isKnown: Bool
}

extension LogParser {
    /// Whether the line's entry knows a user; it does then, if that is a name of the usual form.
    @inline(__always)
    fileprivate mutating func knows(_ user: LineName, _ bytes: LineWindow, _ entry: Int) -> Bool {
        user.isKnown || readNewUser(bytes.at(user.start), user.end &- user.start, entry)
    }

    @inline(never)
    private mutating func readNewUser(_ place: LinePlace, _ length: Int, _ entry: Int) -> Bool {
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
        let number = number(ofAddress: name)
        guard number >= 0 else { return 0 }
        let length = name.count &+ 6 &+ port.count
        memory[entry].learnPeer(
            place, length: length, address: Int32(truncatingIfNeeded: number),
            port: Int32(truncatingIfNeeded: port.value))
        return length
    }

    /// The number of an address; -1: it is none, or has no place.
    @inline(__always)
    fileprivate mutating func number(ofAddress name: ShortText) -> Int {
        let hash = addresses.hash(name)
        let number = addresses.number(of: name, hash: hash)
        return number >= 0 ? number : addAddress(name, hash)
    }

    @inline(never)
    private mutating func addAddress(_ name: ShortText, _ hash: UInt64) -> Int {
        guard let ip = name.address else { return -1 }
        return addresses.insert(name, hash: hash, Known(ip: ip))
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

    /// Up to `end`, where the shape's own end begins.
    @inline(__always)
    init<Shape: LineShape>(_: Shape.Type, _ end: Int) {
        let length = Shape.end.utf8CodeUnitCount
        self = Shape.isWhole ? LineReach(whole: end &+ length &- 1) : LineReach(end &+ length)
    }

    var place: Int { rawValue >> 1 }
    var isWhole: Bool { rawValue & 1 == 1 }
}

/// What a line says that the fast path read. User, address and port are what its entry in the memory of lines knows. In at
/// most four words, which functions are given in registers.
struct FastLine {
    var time: Timestamp
    var pid: UInt32
    /// Of a line without port the number of its address, which its entry need not know; otherwise -1.
    var address: Int32
    private let place: UInt16
    var meaning: SSHDEvent.Meaning
    var hasUser: Bool
    var invalidUser: Bool
    private let number: Int32

    /// - Parameters:
    ///   - entry: of its process in the memory of lines.
    ///   - count: below 10,000,000.
    @inline(__always)
    init(
        time: Timestamp, pid: UInt32, entry: Int, meaning: SSHDEvent.Meaning, hasUser: Bool, invalidUser: Bool,
        count: Int, address: Int32
    ) {
        (self.time, self.pid, self.address, self.meaning) = (time, pid, address, meaning)
        (self.hasUser, self.invalidUser) = (hasUser, invalidUser)
        place = UInt16(truncatingIfNeeded: entry)
        number = Int32(truncatingIfNeeded: count)
    }

    @inline(__always)
    var entry: Int { Int(place) }
    @inline(__always)
    var count: Int { Int(number) }
}
