// One message of sshd -> what it means. Pure, and safe with whatever bytes come: user names, methods and reasons are
// chosen by attackers.

/// Reads messages of sshd.
enum SSHDLine {
    /// More than this in one repeated message is forged; small enough that sums of many stay exact.
    static let repeatLimit = 1_000_000_000

    /// - Parameter message: the range of the message in `line`, behind the tag.
    static func event(_ line: Span<UInt8>, message: Range<Int>) -> SSHDEvent {
        guard message.lowerBound >= 0, message.upperBound <= line.count else { return SSHDEvent(rule: .other) }
        // Nothing behind the message can be looked at from here on.
        let line = line.extracting(0..<message.upperBound)
        if line.has("message repeated ", at: message.lowerBound), let inner = repeated(line, message) {
            var event = single(line.extracting(0..<inner.message.upperBound), inner.message)
            event.count = inner.count
            return event
        }
        return single(line, message)
    }

    /// rsyslog's `message repeated K times: [ MESSAGE]`.
    private static func repeated(_ line: Span<UInt8>, _ message: Range<Int>) -> (count: Int, message: Range<Int>)? {
        let digits = message.lowerBound + 17
        var index = digits
        var count = 0
        while index < message.upperBound, line[index].isDigit {
            count = min(count * 10 + Int(line[index] - UInt8(ascii: "0")), repeatLimit)
            index += 1
        }
        guard index > digits, line.has(" times: [", at: index) else { return nil }
        var (start, end) = (index + 9, message.upperBound)
        if start < end, line[start] == UInt8(ascii: " ") { start += 1 }
        if start < end, line[end - 1] == UInt8(ascii: "]") { end -= 1 }
        // An own `[preauth]` keeps its bracket; a space before rsyslog's bracket is no part of the message, except where
        // sshd cut the message there: it must not look whole.
        if start < end, line[end - 1] == UInt8(ascii: " "), !isCut(start..<end) { end -= 1 }
        return start <= end ? (count, start..<end) : nil
    }

    private static func single(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent {
        guard let first = message.first else { return SSHDEvent(rule: .other) }
        let event: SSHDEvent?
        switch line[first] {
        case UInt8(ascii: "F"): event = failed(line, message)
        case UInt8(ascii: "A"): event = accepted(line, message)
        case UInt8(ascii: "I"): event = unknownUser(line, message)
        case UInt8(ascii: "U"): event = notAllowed(line, message)
        case UInt8(ascii: "C"), UInt8(ascii: "D"): event = closing(line, message)
        case UInt8(ascii: "e"), UInt8(ascii: "m"): event = error(line, message)
        case UInt8(ascii: "P"), UInt8(ascii: "R"), UInt8(ascii: "T"), UInt8(ascii: "p"), UInt8(ascii: "f"):
            event = remaining(line, message)
        default: event = nil
        }
        return event ?? SSHDEvent(rule: .other)
    }

    /// sshd's limit cuts the message; what is missing could be anything.
    static func isCut(_ message: Range<Int>) -> Bool { message.count >= SSHDPeer.messageLimit }

    private static func failed(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        guard line.has("Failed ", at: message.lowerBound),
            var event = methodForUser(line, message, methodStart: message.lowerBound + 7), let method = event.method
        else { return nil }
        if method.count == 4, line.has("none", at: method.lowerBound) {
            event.rule = .failedNone
        } else if method.count == 9, !event.invalidUser, line.has("publickey", at: method.lowerBound) {
            event.rule = .failedPublickey
        } else if line.has("keyboard-interactive", at: method.lowerBound) {
            event.rule = .failedKeyboardInteractive
        } else {
            event.rule = .failed
        }
        return event
    }

    private static func accepted(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        guard line.has("Accepted ", at: message.lowerBound),
            var event = methodForUser(line, message, methodStart: message.lowerBound + 9)
        else { return nil }
        event.rule = .accepted
        return event
    }

    /// `METHOD for [invalid user ]USER from ADDR port N ssh2`. Without an address it is another message, unless it was
    /// cut.
    private static func methodForUser(_ line: Span<UInt8>, _ message: Range<Int>, methodStart: Int) -> SSHDEvent? {
        guard methodStart <= message.upperBound,
            let word = line.firstRange(of: " for ", in: methodStart..<message.upperBound)
        else { return nil }
        var event = SSHDEvent(rule: .other)
        event.method = methodStart..<word.lowerBound
        let found = fillUser(&event, line, word.upperBound..<message.upperBound, cut: isCut(message))
        return found || isCut(message) ? event : nil
    }

    /// `[invalid user ]USER from ADDR port N`: fills user and peer.
    ///
    /// - Returns: whether there is a peer.
    static func fillUser(_ event: inout SSHDEvent, _ line: Span<UInt8>, _ range: Range<Int>, cut: Bool) -> Bool {
        var user = range
        if line.has("invalid user ", at: range.lowerBound) || line.has("illegal user ", at: range.lowerBound),
            range.count >= 13
        {
            event.invalidUser = true
            user = range.lowerBound + 13..<range.upperBound
        }
        guard let peer = SSHDPeer(line, in: user, lead: .from, cut: cut) else { return false }
        event.take(peer, userStart: user.lowerBound)
        return true
    }
}

extension SSHDEvent {
    mutating func take(_ peer: SSHDPeer, userStart: Int) {
        user = userStart..<peer.userEnd
        address = peer.address
        ip = peer.ip
        port = peer.port
    }

    mutating func take(_ place: SSHDPeer.Place) {
        address = place.address
        ip = place.ip
        port = place.port
    }
}
