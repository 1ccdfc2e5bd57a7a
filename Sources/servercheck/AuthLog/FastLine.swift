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
        guard parser.read(&line, bytes) else { return false }
        summary.sshdLines &+= 1
        advance(to: parser.follow(time))
        if line.meaning != .nothing { take(&line, Timestamp(microseconds: time)) }
        return true
    }
}

extension LogParser {
    /// Reads a message: its words, which say what it means, then perhaps a user, a peer, and what must follow it. Of one
    /// that SSHDLine knows to mean nothing only the first letters are read.
    @inline(__always)
    fileprivate mutating func read(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        switch bytes.byte(at: line.place) {
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "T"), UInt8(ascii: "S"), UInt8(ascii: "b"): return true
        case UInt8(ascii: "F"):
            if line.passes("Failed password for ", bytes) {
                line.meaning = .failure
            } else {
                guard line.passes("Failed keyboard-interactive/pam for ", bytes) else { return false }
                line.meaning = .keyboardFailure
            }
            line.passesInvalidUser(bytes)
            line.end = .ssh2
        case UInt8(ascii: "I"):
            guard line.passes("Invalid user ", bytes) else { return false }
            (line.invalidUser, line.meaning, line.end) = (true, .openingMarker, .now)
        case UInt8(ascii: "C"):
            guard line.passes("Connection closed by ", bytes) || line.passes("Connection reset by ", bytes) else {
                return false
            }
            return readEnd(&line, bytes)
        case UInt8(ascii: "D"):
            if line.passes("Disconnected from ", bytes) { return readEnd(&line, bytes) }
            line.invalidUser = line.passes("Disconnecting invalid user ", bytes)
            guard line.invalidUser || line.passes("Disconnecting authenticating user ", bytes) else { return false }
            (line.meaning, line.lead, line.end) = (.closingMarker, 1, .tooMany)
        case UInt8(ascii: "R"):
            line.meaning = .mention
            return line.passes("Received disconnect from ", bytes) && readPeer(&line, bytes)
        case UInt8(ascii: "e"):
            if line.passes("error: maximum authentication attempts exceeded for ", bytes) {
                line.passesInvalidUser(bytes)
                (line.meaning, line.end) = (.marker, .ssh2Preauth)
                break
            }
            return line.passes("error: ", bytes) && !bytes.has("PAM: ", at: line.place)
                && !bytes.has("maximum ", at: line.place)
        case UInt8(ascii: "P"):
            if bytes.has("PAM ", at: line.place) { return true }
            guard line.passes("Postponed keyboard-interactive for ", bytes) else { return false }
            line.passesInvalidUser(bytes)
            (line.meaning, line.end) = (.mention, .ssh2Preauth)
        case UInt8(ascii: "U"): return bytes.has("Unable ", at: line.place)
        default: return false
        }
        return readUser(&line, bytes)
    }

    /// `[invalid|authenticating user USER ]ADDR port N`
    @inline(__always)
    private mutating func readEnd(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        line.passesInvalidUser(bytes)
        guard line.invalidUser || line.passes("authenticating user ", bytes) else {
            line.meaning = .end
            return readPeer(&line, bytes)
        }
        (line.meaning, line.lead, line.end) = (.closingMarker, 1, .preauth)
        return readUser(&line, bytes)
    }

    /// `USER from ADDR port N`, where the lead is 6, or `USER ADDR port N`, where it is 1; then the end of the line.
    private mutating func readUser(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        let start = line.place
        let place = LineMemory.place(line.pid)
        let isKnown = memory[place].isUser(bytes, at: start)
        let length = isKnown ? memory[place].userLength &- 1 : ShortText.wordLength(bytes, at: start)
        guard length >= 0, line.lead == 1 || bytes.has(" from ", at: start &+ length) else { return false }
        line.place = start &+ length &+ line.lead
        guard readPeer(&line, bytes), line.ends(bytes) else { return false }
        if isKnown {
            line.user = memory[place].userNumber
            return true
        }
        return readNewUser(&line, bytes, start, length)
    }

    @inline(never)
    private mutating func readNewUser(_ line: inout FastLine, _ bytes: LineWindow, _ start: Int, _ length: Int) -> Bool {
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
    private mutating func readPeer(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        let place = LineMemory.place(line.pid)
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
    /// What follows the peer.
    fileprivate enum End {
        /// The line end.
        case now
        case ssh2
        case ssh2Preauth
        case preauth
        case tooMany
    }

    /// -1: it names none.
    var user = -1
    /// No LF was passed; it is at the LF when `isWhole`.
    var place: Int
    /// The parser's number; -1: it names none.
    var address = -1
    /// Bytes between user and address.
    fileprivate var lead = 6
    /// -1: it names none.
    var port = -1
    var pid: UInt32 = 0
    fileprivate var end = End.now
    var isWhole = false
    var meaning = SSHDEvent.Meaning.nothing
    var invalidUser = false

    init(place: Int) { self.place = place }

    /// Of an attempt.
    var method: String? {
        switch meaning {
        case .failure: "password"
        case .keyboardFailure: "keyboard-interactive/pam"
        default: nil
        }
    }

    /// Whether `text` comes next; then it is passed.
    @inline(__always)
    fileprivate mutating func passes(_ text: StaticString, _ bytes: LineWindow) -> Bool {
        guard bytes.has(text, at: place) else { return false }
        place &+= text.utf8CodeUnitCount
        return true
    }

    /// Whether sshd knows the user. Without a branch: the answers come in no order.
    @inline(__always)
    fileprivate mutating func passesInvalidUser(_ bytes: LineWindow) {
        invalidUser = bytes.has("invalid user ", at: place)
        place &+= invalidUser ? 13 : 0
    }

    /// Whether the line ends as it must.
    @inline(__always)
    fileprivate mutating func ends(_ bytes: LineWindow) -> Bool {
        switch end {
        case .now: break
        case .ssh2: guard passes(" ssh2", bytes) else { return false }
        case .ssh2Preauth: guard passes(" ssh2 [preauth]", bytes) else { return false }
        case .preauth: guard passes(" [preauth]", bytes) else { return false }
        case .tooMany: guard passes(": Too many authentication failures [preauth]", bytes) else { return false }
        }
        isWhole = bytes.byte(at: place) == UInt8(ascii: "\n")
        return isWhole
    }
}
