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
            let isKnown = parser.head.begins(window)
            if isKnown {
                // Of another daemon; or as far as it was understood.
                var line = FastLine(place: parser.head.length)
                if !window.has("sshd", at: line.place) || consume(&line, window) {
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
            let time = isKnown && parser.head.isTimed ? parser.head.time(window) : LineHead.none
            bytes.bytes.withBytes(start..<(isCRLF ? end &- 1 : end)) {
                if time == LineHead.none { readLine($0) } else { readLine($0, time: time) }
            }
            start = end &+ 1
        }
        return start
    }

    /// Counts a line of sshd whose head is known.
    ///
    /// - Parameter line: behind the head; then, how far it was read.
    /// - Returns: false for a line of another shape, with which nothing was done.
    private mutating func consume(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        let time = parser.head.isTimed ? parser.head.time(bytes) : LineHead.none
        guard time != LineHead.none else { return false }
        line.place &+= 4
        if bytes.byte(at: line.place) == UInt8(ascii: "[") {
            line.place &+= 1
        } else if !line.passes("-session[", bytes) {
            return false
        }
        let pid = DecimalWord(bytes.word(at: line.place))
        line.place &+= pid.count
        guard pid.count > 0, pid.count < 8, line.passes("]: ", bytes) else { return false }
        if !LogParser.isSilent(bytes, at: line.place) {
            line.pid = UInt32(truncatingIfNeeded: pid.value)
            guard parser.readMessage(&line, bytes) else { return false }
        }
        summary.sshdLines &+= 1
        take(line, parser.follow(time))
        return true
    }
}

extension LogParser {
    /// Whether SSHDLine knows no message with these first letters that counts.
    @inline(__always)
    fileprivate static func isSilent(_ bytes: LineWindow, at start: Int) -> Bool {
        switch bytes.byte(at: start) {
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "T"), UInt8(ascii: "S"), UInt8(ascii: "b"): true
        case UInt8(ascii: "P"): bytes.has("PAM ", at: start)
        case UInt8(ascii: "U"): bytes.has("Unable ", at: start)
        case UInt8(ascii: "e"):
            bytes.has("error: ", at: start) && !bytes.has("PAM: ", at: start &+ 7)
                && !bytes.has("maximum ", at: start &+ 7)
        default: false
        }
    }

    /// Of a message: its words, which say what it means, then perhaps a user, a peer, and what must follow it.
    @inline(__always)
    fileprivate mutating func readMessage(_ line: inout FastLine, _ bytes: LineWindow) -> Bool {
        // Between user and address.
        var lead = 6
        var end = FastLine.End.any
        switch bytes.byte(at: line.place) {
        case UInt8(ascii: "F"):
            if line.passes("Failed password for ", bytes) {
                line.meaning = .failure
            } else {
                guard line.passes("Failed keyboard-interactive/pam for ", bytes) else { return false }
                line.meaning = .keyboardFailure
            }
            line.invalidUser = line.passes("invalid user ", bytes)
            end = .ssh2
        case UInt8(ascii: "I"):
            guard line.passes("Invalid user ", bytes) else { return false }
            (line.invalidUser, line.meaning, end) = (true, .openingMarker, .now)
        case UInt8(ascii: "C"):
            guard line.passes("Connection closed by ", bytes) || line.passes("Connection reset by ", bytes) else {
                return false
            }
            (line.meaning, lead, end) = (.end, 1, .any)
        case UInt8(ascii: "D"):
            if line.passes("Disconnected from ", bytes) {
                (line.meaning, lead, end) = (.end, 1, .any)
            } else {
                line.invalidUser = line.passes("Disconnecting invalid user ", bytes)
                guard line.invalidUser || line.passes("Disconnecting authenticating user ", bytes) else { return false }
                (line.meaning, lead, end) = (.closingMarker, 1, .tooMany)
            }
        case UInt8(ascii: "e"):
            guard line.passes("error: maximum authentication attempts exceeded for ", bytes) else { return false }
            line.invalidUser = line.passes("invalid user ", bytes)
            (line.meaning, end) = (.marker, .ssh2Preauth)
        case UInt8(ascii: "P"):
            guard line.passes("Postponed keyboard-interactive for ", bytes) else { return false }
            line.invalidUser = line.passes("invalid user ", bytes)
            (line.meaning, end) = (.mention, .ssh2Preauth)
        case UInt8(ascii: "R"):
            line.meaning = .mention
            return line.passes("Received disconnect from ", bytes) && readPeer(&line, bytes)
        default: return false
        }
        if line.meaning == .end {
            // `[invalid|authenticating user USER ]ADDR port N`
            line.invalidUser = line.passes("invalid user ", bytes)
            guard line.invalidUser || line.passes("authenticating user ", bytes) else { return readPeer(&line, bytes) }
            (line.meaning, end) = (.closingMarker, .preauth)
        }
        return readUser(&line, bytes, lead: lead) && line.ends(bytes, end)
    }

    /// `USER from ADDR port N`, where `lead` is 6, or `USER ADDR port N`, where it is 1.
    @inline(__always)
    private mutating func readUser(_ line: inout FastLine, _ bytes: LineWindow, lead: Int) -> Bool {
        let start = line.place
        let place = LineMemory.place(line.pid)
        guard memory[place].isUser(bytes, at: start) else { return readNewUser(&line, bytes, lead: lead) }
        let end = start &+ memory[place].userLength &- 1
        guard lead == 1 || bytes.has(" from ", at: end) else { return false }
        line.user = memory[place].userNumber
        line.place = end &+ lead
        return readPeer(&line, bytes)
    }

    @inline(never)
    private mutating func readNewUser(_ line: inout FastLine, _ bytes: LineWindow, lead: Int) -> Bool {
        let start = line.place
        let name = ShortText(bytes, at: start)
        guard name.isWord, !name.holds(UInt8(ascii: ":")), lead == 1 || bytes.has(" from ", at: start &+ name.count)
        else { return false }
        line.place = start &+ name.count &+ lead
        guard readPeer(&line, bytes) else { return false }
        let hash = users.hash(name)
        let number = users.number(of: name, hash: hash)
        if number >= 0 {
            line.user = Int(users.value(number))
        } else {
            let user = name.withBytes { userNames.number(of: $0, $0.indices) ?? -2 }
            _ = users.insert(name, hash: hash, user)
            line.user = Int(user)
        }
        memory[LineMemory.place(line.pid)].learnUser(bytes, at: start, length: name.count, number: line.user)
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
        /// Not looked at.
        case any
        /// The line end.
        case now
        case ssh2
        case ssh2Preauth
        case preauth
        case tooMany
    }

    var user = -1
    /// No LF was passed; it is at the LF when `isWhole`.
    var place: Int
    /// The parser's number; -1: it names none.
    var address = -1
    var isWhole = false
    /// -1: it names none.
    var port = -1
    var pid: UInt32 = 0
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

    /// Whether the line ends so.
    @inline(__always)
    fileprivate mutating func ends(_ bytes: LineWindow, _ end: End) -> Bool {
        switch end {
        case .any: return true
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
