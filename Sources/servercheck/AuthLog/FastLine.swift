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
                var line = FastLine(place: parser.head.length)
                time = parser.head.time(digits)
                if !window.has("sshd", at: line.place) || (time != LineHead.none && consume(&line, window, time)) {
                    var end = start &+ line.place
                    var isCRLF = false
                    if !line.isWhole {
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
    ///   - line: behind the head; then, how far it was read.
    ///   - time: of the line, in microseconds.
    /// - Returns: false for a line of another shape, with which nothing was done.
    @inline(__always)
    private mutating func consume(_ line: inout FastLine, _ bytes: LineWindow, _ time: Int64) -> Bool {
        let isPlain = bytes.byte(at: line.place &+ 4) == UInt8(ascii: "[")
        guard isPlain || bytes.has("-session[", at: line.place &+ 4) else { return false }
        line.place &+= isPlain ? 5 : 13
        let pid = DecimalWord(bytes.word(at: line.place))
        line.place &+= pid.count
        guard pid.count > 0, pid.count < 8, bytes.has("]: ", at: line.place) else { return false }
        line.place &+= 3
        line.pid = UInt32(truncatingIfNeeded: pid.value)
        line.time = time
        let start = line.place
        switch bytes.byte(at: start) {
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "T"), UInt8(ascii: "S"), UInt8(ascii: "b"): break
        case UInt8(ascii: "F"):
            return consume(FailedPassword.self, &line, bytes) || consume(FailedKeyboard.self, &line, bytes)
        case UInt8(ascii: "I"): return consume(InvalidUser.self, &line, bytes)
        case UInt8(ascii: "C"):
            return consume(ClosedByUser.self, &line, bytes) || consume(ResetByUser.self, &line, bytes)
                || consume(Closed.self, &line, bytes) || consume(Reset.self, &line, bytes)
        case UInt8(ascii: "D"):
            return consume(DisconnectedUser.self, &line, bytes) || consume(Disconnected.self, &line, bytes)
                || consume(TooManyFailures.self, &line, bytes)
        case UInt8(ascii: "R"): return consume(ReceivedDisconnect.self, &line, bytes)
        case UInt8(ascii: "e"):
            guard bytes.has("error: ", at: start) else { return false }
            if bytes.has("maximum ", at: start &+ 7) { return consume(MaximumAttempts.self, &line, bytes) }
            if bytes.has("PAM: ", at: start &+ 7) { return false }
        case UInt8(ascii: "P"):
            guard bytes.has("PAM ", at: start) else { return consume(Postponed.self, &line, bytes) }
        case UInt8(ascii: "U"):
            guard bytes.has("Unable ", at: start) else { return false }
        default: return false
        }
        // SSHDLine knows no message with these first letters that means anything.
        summary.sshdLines &+= 1
        advance(to: parser.follow(time))
        return true
    }

    /// Counts a line if it has this shape. Generic, so that there is a function for each shape without a branch for what
    /// only others have.
    private mutating func consume<Shape: LineShape>(_: Shape.Type, _ line: inout FastLine, _ bytes: LineWindow) -> Bool
    {
        guard parser.read(Shape.self, &line, bytes) else { return false }
        summary.sshdLines &+= 1
        let time = parser.follow(line.time)
        advance(to: time)
        take(Shape.meaning, &line, time)
        return true
    }
}

extension LogParser {
    @inline(__always)
    fileprivate mutating func read<Shape: LineShape>(
        _: Shape.Type, _ line: inout FastLine, _ bytes: LineWindow
    ) -> Bool {
        guard bytes.has(Shape.words, at: line.place) else { return false }
        let start = line.place
        line.place &+= Shape.words.utf8CodeUnitCount
        if readUser(Shape.self, &line, bytes) { return true }
        line.place = start
        return false
    }

    @inline(__always)
    private mutating func readUser<Shape: LineShape>(
        _: Shape.Type, _ line: inout FastLine, _ bytes: LineWindow
    ) -> Bool {
        let place = LineMemory.place(line.pid)
        if Shape.user == .none {
            line.invalidUser = false
            return readPeer(&line, bytes, place)
        }
        line.invalidUser = Shape.user == .invalid || bytes.has("invalid user ", at: line.place)
        if Shape.user == .marked, !line.invalidUser {
            guard bytes.has("authenticating user ", at: line.place) else { return false }
            line.place &+= 20
        } else if Shape.user != .invalid {
            // Without a branch: which it is comes in no order.
            line.place &+= line.invalidUser ? 13 : 0
        }
        let start = line.place
        let isKnown = memory[place].isUser(bytes, at: start)
        let length = isKnown ? memory[place].userLength &- 1 : ShortText.wordLength(bytes, at: start)
        guard length >= 0, !Shape.hasFrom || bytes.has(" from ", at: start &+ length) else { return false }
        line.place = start &+ length &+ (Shape.hasFrom ? 6 : 1)
        guard readPeer(&line, bytes, place), bytes.has(Shape.end, at: line.place) else { return false }
        line.place &+= Shape.end.utf8CodeUnitCount &- 1
        line.isWhole = true
        if isKnown {
            line.user = memory[place].userNumber
            return true
        }
        return readNewUser(&line, bytes, start, length)
    }

    @inline(never)
    private mutating func readNewUser(_ line: inout FastLine, _ bytes: LineWindow, _ start: Int, _ length: Int) -> Bool
    {
        let name = ShortText(bytes, at: start)
        if name.holds(UInt8(ascii: ":")) { return false }
        let hash = users.hash(name)
        let number = users.number(of: name, hash: hash)
        if number >= 0 {
            line.user = Int(users.value(number))
        } else {
            let user = name.withBytes { userNames.number(of: $0, $0.indices) ?? -2 }
            _ = users.insert(name, hash: hash, user)
            line.user = Int(user)
        }
        memory[LineMemory.place(line.pid)].learnUser(bytes, at: start, length: length, number: line.user)
        return true
    }

    /// `ADDR port N`
    @inline(__always)
    private mutating func readPeer(_ line: inout FastLine, _ bytes: LineWindow, _ place: Int) -> Bool {
        guard memory[place].isPeer(bytes, at: line.place) else { return readNewPeer(&line, bytes) }
        line.address = memory[place].address
        line.port = memory[place].port
        line.place &+= memory[place].peerLength
        return true
    }

    @inline(never)
    private mutating func readNewPeer(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        let start = line.place
        let address = ShortText(bytes, at: start)
        let portStart = start &+ address.count &+ 6
        guard address.isWord, bytes.has(" port ", at: portStart &- 6) else { return false }
        let port = DecimalWord(bytes.word(at: portStart))
        guard port.count > 0, port.count <= 5, port.value <= 65_535 else { return false }
        let hash = addresses.hash(address)
        var number = addresses.number(of: address, hash: hash)
        if number < 0 {
            guard let ip = address.withBytes({ IPAddress($0) }) else { return false }
            number = addresses.insert(address, hash: hash, Known(ip: ip))
            guard number >= 0 else { return false }
        }
        line.address = number
        line.port = Int(truncatingIfNeeded: port.value)
        line.place = portStart &+ port.count
        memory[LineMemory.place(line.pid)].learnPeer(
            bytes, start..<line.place, address: line.address, port: line.port)
        return true
    }
}

/// How far a line was read, and what it says. In whole words, and those that are read together not side by side: they are
/// read at once, when a narrow one, or two for one load, would still be on their way to memory.
struct FastLine {
    /// -1: it names none.
    var user = -1
    /// No LF was passed; it is at the LF when `isWhole`.
    var place: Int
    /// The parser's number; -1: it names none.
    var address = -1
    /// In microseconds.
    var time: Int64 = 0
    /// -1: it names none.
    var port = -1
    var pid: UInt32 = 0
    var isWhole = false
    var invalidUser = false

    init(place: Int) { self.place = place }
}

/// The shape of a message: `WORDS[[invalid|authenticating user ]USER[ from]] ADDR port N[END]`.
private protocol LineShape {
    static var words: StaticString { get }
    static var user: LineUser { get }
    /// Whether ` from ` stands between user and address, and not only a space.
    static var hasFrom: Bool { get }
    /// With the line end. Not looked at where there is no user.
    static var end: StaticString { get }
    static var meaning: SSHDEvent.Meaning { get }
}

private enum LineUser {
    case none
    /// One that sshd does not know or let in.
    case invalid
    /// Behind `invalid user `, or nothing.
    case mentioned
    /// Behind `invalid user ` or `authenticating user `.
    case marked
}

extension LineShape {
    static var user: LineUser { .mentioned }
    static var hasFrom: Bool { user == .mentioned || user == .invalid }
    static var end: StaticString { " ssh2\n" }
}

private enum FailedPassword: LineShape {
    static var words: StaticString { "Failed password for " }
    static var meaning: SSHDEvent.Meaning { .failure }
}

private enum FailedKeyboard: LineShape {
    static var words: StaticString { "Failed keyboard-interactive/pam for " }
    static var meaning: SSHDEvent.Meaning { .keyboardFailure }
}

private enum Postponed: LineShape {
    static var words: StaticString { "Postponed keyboard-interactive for " }
    static var end: StaticString { " ssh2 [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .mention }
}

private enum MaximumAttempts: LineShape {
    static var words: StaticString { "error: maximum authentication attempts exceeded for " }
    static var end: StaticString { " ssh2 [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .marker }
}

private enum InvalidUser: LineShape {
    static var words: StaticString { "Invalid user " }
    static var user: LineUser { .invalid }
    static var end: StaticString { "\n" }
    static var meaning: SSHDEvent.Meaning { .openingMarker }
}

private enum TooManyFailures: LineShape {
    static var words: StaticString { "Disconnecting " }
    static var user: LineUser { .marked }
    static var end: StaticString { ": Too many authentication failures [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .closingMarker }
}

/// The last line of a connection that had a user.
private protocol LastLine: LineShape {}

extension LastLine {
    static var user: LineUser { .marked }
    static var end: StaticString { " [preauth]\n" }
    static var meaning: SSHDEvent.Meaning { .closingMarker }
}

private enum ClosedByUser: LastLine {
    static var words: StaticString { "Connection closed by " }
}

private enum ResetByUser: LastLine {
    static var words: StaticString { "Connection reset by " }
}

private enum DisconnectedUser: LastLine {
    static var words: StaticString { "Disconnected from " }
}

/// A line without a user.
private protocol PeerLine: LineShape {}

extension PeerLine {
    static var user: LineUser { .none }
    static var meaning: SSHDEvent.Meaning { .end }
}

private enum Closed: PeerLine {
    static var words: StaticString { "Connection closed by " }
}

private enum Reset: PeerLine {
    static var words: StaticString { "Connection reset by " }
}

private enum Disconnected: PeerLine {
    static var words: StaticString { "Disconnected from " }
}

private enum ReceivedDisconnect: PeerLine {
    static var words: StaticString { "Received disconnect from " }
    static var meaning: SSHDEvent.Meaning { .mention }
}
