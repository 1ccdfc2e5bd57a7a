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
// 4. The address is left to the counter: what is no literal, it gives back to the general path too.

/// One line of a usual shape.
struct FastLine {
    enum Kind {
        /// Another daemon's.
        case foreign
        /// A line of sshd that counts nothing.
        case silent
        /// A line of sshd that counts, or may tell an address.
        case event
    }

    /// From the start of a line as many bytes must be there: more than all that is looked at together.
    static let window = 512

    private(set) var kind = Kind.silent
    private(set) var pid: UInt32 = 0
    /// Microseconds since 1970.
    private(set) var time: Int64 = 0
    private(set) var meaning = SSHDEvent.Meaning.nothing
    private(set) var invalidUser = false
    /// Where the user name begins; -1: the message names none.
    private(set) var userStart = -1
    private(set) var user = ShortText()
    private(set) var addressStart = 0
    private(set) var address = ShortText()
    private(set) var port: UInt16 = 0
    /// The place of the LF, or one before which there is none.
    private(set) var end: Int
    private(set) var endIsKnown = false

    /// The line at `start`; nil for one of another shape.
    ///
    /// - Parameters:
    ///   - bytes: hold at least `window` bytes from `start` on.
    ///   - head: of the line before.
    @inline(__always)
    init?(_ bytes: RawSpan, at start: Int, head: borrowing LineHead) {
        guard let time = head.time(bytes, at: start) else { return nil }
        end = start &+ head.length
        guard bytes.has("sshd", at: end) else {
            kind = .foreign
            return
        }
        end &+= 4
        if bytes.has("[", at: end) {
            end &+= 1
        } else if bytes.has("-session[", at: end) {
            end &+= 9
        } else {
            return nil
        }
        let number = DecimalWord(bytes.word(at: end))
        guard number.count > 0, number.count < 8, bytes.has("]: ", at: end &+ number.count) else { return nil }
        end &+= number.count &+ 3
        pid = UInt32(truncatingIfNeeded: number.value)
        self.time = time
        let message = end
        if bytes.has("Failed password for ", at: message) {
            invalidUser = bytes.has("invalid user ", at: message &+ 20)
            guard readUser(bytes, at: message &+ (invalidUser ? 33 : 20), lead: " from "),
                bytes.has(" ssh2\n", at: end)
            else { return nil }
            end &+= 5
            (kind, meaning, endIsKnown) = (.event, .failure, true)
        } else if bytes.has("Invalid user ", at: message) {
            guard readUser(bytes, at: message &+ 13, lead: " from "), bytes.has("\n", at: end) else { return nil }
            (kind, meaning, invalidUser, endIsKnown) = (.event, .openingMarker, true, true)
        } else if let length = FastLine.closing(bytes, at: message) {
            kind = .event
            invalidUser = bytes.has("invalid user ", at: message &+ length)
            if invalidUser || bytes.has("authenticating user ", at: message &+ length) {
                guard readUser(bytes, at: message &+ length &+ (invalidUser ? 13 : 20), lead: " "),
                    bytes.has(" [preauth]\n", at: end)
                else { return nil }
                end &+= 10
                (meaning, endIsKnown) = (.closingMarker, true)
            } else {
                guard readPeer(bytes, at: message &+ length) else { return nil }
                meaning = .end
            }
        } else if bytes.has("Received disconnect from ", at: message) {
            guard readPeer(bytes, at: message &+ 25) else { return nil }
            (kind, meaning) = (.event, .mention)
        } else if !FastLine.isSilent(bytes, at: message) {
            return nil
        }
    }

    /// The length of what closing lines begin with.
    @inline(__always)
    private static func closing(_ bytes: RawSpan, at message: Int) -> Int? {
        if bytes.has("Disconnected from ", at: message) { return 18 }
        if bytes.has("Connection closed by ", at: message) { return 21 }
        if bytes.has("Connection reset by ", at: message) { return 20 }
        return nil
    }

    /// Whether no rule of SSHDLine can know the message: by its first letters.
    @inline(__always)
    private static func isSilent(_ bytes: RawSpan, at message: Int) -> Bool {
        switch bytes.byte(at: message) {
        // Of these SSHDLine knows only messages that count nothing.
        case UInt8(ascii: "p"), UInt8(ascii: "f"), UInt8(ascii: "T"): true
        case UInt8(ascii: "P"): bytes.has("PAM ", at: message)
        case UInt8(ascii: "U"): bytes.has("Unable ", at: message)
        case UInt8(ascii: "e"):
            bytes.has("error: ", at: message) && !bytes.has("PAM: ", at: message &+ 7)
                && !bytes.has("maximum ", at: message &+ 7)
        case UInt8(ascii: "S"), UInt8(ascii: "b"): true
        default: false
        }
    }

    /// `USER from ADDR port N` or `USER ADDR port N`.
    @inline(__always)
    private mutating func readUser(_ bytes: RawSpan, at start: Int, lead: StaticString) -> Bool {
        guard let user = ShortText(bytes, at: start), !user.holds(UInt8(ascii: ":")),
            bytes.has(lead, at: start &+ user.count)
        else { return false }
        (self.user, userStart) = (user, start)
        return readPeer(bytes, at: start &+ user.count &+ lead.utf8CodeUnitCount)
    }

    /// `ADDR port N`.
    @inline(__always)
    private mutating func readPeer(_ bytes: RawSpan, at start: Int) -> Bool {
        guard let address = ShortText(bytes, at: start), bytes.has(" port ", at: start &+ address.count) else {
            return false
        }
        let number = DecimalWord(bytes.word(at: start &+ address.count &+ 6))
        guard number.count > 0, number.count <= 5, let port = UInt16(exactly: number.value) else { return false }
        (self.address, addressStart, self.port) = (address, start, port)
        end = start &+ address.count &+ 6 &+ number.count
        return true
    }
}
