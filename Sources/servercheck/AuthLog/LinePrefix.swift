// What stands before the message in a log line. The tag counts only in its own place, behind time and host, so that no
// text inside a message is ever taken for one.

/// The prefix of one log line, as rsyslog and syslog-ng write it: `TIME HOST TAG[PID]: `.
enum LinePrefix: Equatable {
    /// How the time is written; always at the start of the line.
    enum TimeStyle: Equatable {
        /// `Nov  5 04:03:02`: RFC 3164, no year, local time.
        case classic
        /// `2026-11-23T15:42:13.755266+00:00`: RFC 3339, this many bytes.
        case rfc3339(length: Int)
    }

    /// Not a line of sshd; nil: nor has it a time in its place.
    case foreign(time: TimeStyle?)
    /// A line of sshd behind something that is no known prefix.
    case unreadable
    /// `message`: the range of the message, without CR.
    case sshd(pid: UInt32, time: TimeStyle, message: Range<Int>)

    init(_ line: Span<UInt8>) {
        let end = LinePrefix.end(of: line)
        let style: TimeStyle
        let hostStart: Int
        if LinePrefix.looksClassic(line) {
            style = .classic
            hostStart = 16
        } else if line.count > 10, line[4] == UInt8(ascii: "-"), line[10] == UInt8(ascii: "T"),
            let space = line.firstIndex(of: UInt8(ascii: " "), in: 10..<48)
        {
            style = .rfc3339(length: space)
            hostStart = space + 1
        } else {
            self = LinePrefix.namesSSHD(line) ? .unreadable : .foreign(time: nil)
            return
        }
        guard let hostEnd = line.firstIndex(of: UInt8(ascii: " "), in: hostStart..<end), hostEnd > hostStart else {
            self = .foreign(time: nil)
            return
        }
        if let tag = LinePrefix.tag(line, at: hostEnd + 1, end: end) {
            self = .sshd(pid: tag.pid, time: style, message: tag.messageStart..<end)
        } else {
            // The tag in the host's place: a prefix without host.
            self = LinePrefix.tag(line, at: hostStart, end: end) == nil ? .foreign(time: style) : .unreadable
        }
    }

    /// Before a CR.
    static func end(of line: Span<UInt8>) -> Int {
        line.count > 0 && line[line.count - 1] == UInt8(ascii: "\r") ? line.count - 1 : line.count
    }

    private static func looksClassic(_ line: Span<UInt8>) -> Bool {
        line.count > 16 && line[3] == UInt8(ascii: " ") && line[6] == UInt8(ascii: " ")
            && line[9] == UInt8(ascii: ":") && line[12] == UInt8(ascii: ":") && line[15] == UInt8(ascii: " ")
    }

    /// `sshd[PID]: `, `sshd-session[PID]: ` (OpenSSH 9.8) or `sshd-auth[PID]: ` (OpenSSH 10.0), and nothing else.
    static func tag(_ line: Span<UInt8>, at start: Int, end: Int) -> (pid: UInt32, messageStart: Int)? {
        guard line.has("sshd", at: start) else { return nil }
        var index = start + 4
        if line.has("-session", at: index) {
            index += 8
        } else if line.has("-auth", at: index) {
            index += 5
        }
        guard line.has("[", at: index), let number = line.number(in: index + 1..<end, digits: 10),
            let pid = UInt32(exactly: number.value), line.has("]: ", at: number.end), number.end + 3 <= end
        else { return nil }
        return (pid, number.end + 3)
    }

    /// Whether the first tag of a line with an unknown prefix is sshd's. A tag is a word that ends in a colon; behind
    /// 128 bytes there is none.
    private static func namesSSHD(_ line: Span<UInt8>) -> Bool {
        var start = 0
        while start < Swift.min(line.count, 128) {
            let end = line.firstIndex(of: UInt8(ascii: " "), in: start..<line.count) ?? line.count
            if end > start, line[end - 1] == UInt8(ascii: ":") {
                return tag(line, at: start, end: line.count) != nil
            }
            start = end + 1
        }
        return false
    }
}
