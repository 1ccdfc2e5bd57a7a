// A second reader of auth logs, written from the design's section 5 alone, on strings and without any regard for speed:
// it collects everything first and decides afterwards. What both readers agree on is right or wrong in both for the same
// reason: the text.

import Foundation

@testable import servercheck

/// Counts a whole log the slow way.
struct SlowReader {
    private enum Kind: Equatable {
        case failure, pam, keyboard, marker, opening, openingMarker, end, closing, mention, login
    }

    private struct Message {
        var kind: Kind
        var count = 1
        var user: String?
        var address: String?
        var isName = false
        var port: Int?
    }

    private struct Line {
        var pid: Int
        var time: Double
        var message: Message
    }

    private struct Link {
        var lines: [Line] = []
        var isClosed = false
    }

    private(set) var attempts = 0
    private(set) var connections = 0
    private(set) var logins = 0
    private(set) var addresses: [String: Int] = [:]
    private(set) var users: [String: Int] = [:]
    private(set) var peak = 0

    init(_ text: [String], year: Int, duration: Double = 30) {
        var open: [Int: Link] = [:]
        var links: [Link] = []
        for line in text.compactMap({ SlowReader.line($0, year: year) }) {
            var link = open[line.pid] ?? Link()
            // Nobody waits so long for a login: what comes then is another process (the text leaves this open).
            let isSilent = link.lines.last.map { line.time - $0.time > 600 } ?? false
            if isSilent || SlowReader.begins(line.message, after: link) {
                links.append(link)
                link = Link()
            }
            link.lines.append(line)
            if line.message.kind == .closing || line.message.kind == .end { link.isClosed = true }
            open[line.pid] = link
        }
        links += open.values
        var moments: [(time: Double, count: Int)] = []
        for link in links { count(link, &moments) }
        moments.sort { $0.time < $1.time }
        for (index, last) in moments.enumerated() {
            var sum = 0
            for other in moments[...index].reversed() {
                if other.time <= last.time - duration { break }
                sum += other.count
            }
            // Those of the same moment that come later are in the same window.
            sum += moments[(index + 1)...].prefix { $0.time == last.time }.reduce(0) { $0 + $1.count }
            peak = max(peak, sum)
        }
    }

    private mutating func count(_ link: Link, _ moments: inout [(time: Double, count: Int)]) {
        let lines = link.lines
        logins += lines.filter { $0.message.kind == .login }.reduce(0) { $0 + $1.message.count }
        let places = lines.map(\.message).filter { $0.address != nil }
        let address = (places.first { !$0.isName } ?? places.first)?.address
        var here = 0
        var pam = 0
        var keyboard = 0
        for line in lines {
            let number: Int
            let before = max(pam, keyboard)
            switch line.message.kind {
            case .failure: number = line.message.count
            case .pam:
                pam += line.message.count
                number = max(pam, keyboard) - before
            case .keyboard:
                keyboard += line.message.count
                number = max(pam, keyboard) - before
            default: number = 0
            }
            if number == 0 { continue }
            here += number
            users[line.message.user ?? "?", default: 0] += number
            moments.append((line.time, number))
        }
        let markers = lines.filter { [.marker, .openingMarker, .closing].contains($0.message.kind) }
        if here == 0, let first = markers.first, !lines.contains(where: { $0.message.kind == .login }) {
            here = 1
            if let user = lines.compactMap(\.message.user).first { users[user, default: 0] += 1 }
            moments.append((first.time, 1))
        }
        if here == 0 { return }
        attempts += here
        connections += 1
        addresses[address ?? "none", default: 0] += here
    }

    private static func begins(_ message: Message, after link: Link) -> Bool {
        let known = link.lines.map(\.message)
        let port = known.compactMap(\.port).first
        let places = known.filter { $0.address != nil }
        let place = places.first { !$0.isName } ?? places.first
        let isOtherPort = message.port != nil && port != nil && message.port != port
        let isOtherPlace =
            message.address != nil && place != nil && place?.isName == message.isName
            && place?.address != message.address
        switch message.kind {
        case .opening, .openingMarker: return isOtherPort || isOtherPlace
        case .mention, .end: return link.isClosed && isOtherPort
        default: return link.isClosed && (isOtherPort || isOtherPlace)
        }
    }

    // MARK: - Lines

    private static func groups(_ pattern: String, _ text: String) -> [String?]? {
        guard
            let expression = try? NSRegularExpression(
                pattern: "^" + pattern + "$", options: [.dotMatchesLineSeparators]),
            let match = expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text))
        else { return nil }
        return (1..<max(1, match.numberOfRanges)).map {
            Range(match.range(at: $0), in: text).map { String(text[$0]) }
        }
    }

    private static func line(_ text: String, year: Int) -> Line? {
        guard
            let parts = groups(
                #"(?:(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)\+00:00|(\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d)) \S+ sshd(?:-session|-auth)?\[(\d+)\]: (.*)"#,
                text),
            let pid = parts[7].flatMap({ Int($0) }), let body = parts[8], let message = repeated(body)
        else { return nil }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = parts[1].flatMap { Int($0) } ?? (months.firstIndex(of: parts[4] ?? "") ?? 0) + 1
        let day = Int((parts[2] ?? parts[5] ?? "").trimmingCharacters(in: .whitespaces)) ?? 1
        var calendar = DateComponents()
        (calendar.year, calendar.month, calendar.day) = (parts[0].flatMap { Int($0) } ?? year, month, day)
        var gregorian = Calendar(identifier: .gregorian)
        gregorian.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
        let date = gregorian.date(from: calendar)?.timeIntervalSince1970 ?? 0
        let clock = (parts[3] ?? parts[6] ?? "").split(separator: ":").map { Double($0) ?? 0 }
        return Line(pid: pid, time: date + clock[0] * 3600 + clock[1] * 60 + clock[2], message: message)
    }

    private static func repeated(_ body: String) -> Message? {
        guard let parts = groups(#"message repeated (\d+) times: \[ (.*?) ?\]"#, body) else { return message(body) }
        guard var inner = message(parts[1] ?? "") else { return nil }
        inner.count = Int(parts[0] ?? "") ?? 1_000_000_000
        return inner
    }

    private static let place = #"([0-9A-Za-z.:%_-]+)"#

    private static func message(_ body: String) -> Message? {
        // USER holds no colon; the last `from` that fits is sshd's.
        let from = #"([^:]*) from "# + place + #" port (\d+)(?: ssh2(?:: .*)?)?(?: \[preauth\])?"#
        if let parts = groups(#"Failed (\S+) for (invalid user )?"# + from, body) {
            var message = filled(parts[2], parts[3], parts[4])
            switch (parts[0] ?? "", parts[1] != nil) {
            case ("none", _): message.kind = .marker
            case ("publickey", false): message.kind = .mention
            case ("keyboard-interactive/pam", _): message.kind = .keyboard
            default: message.kind = .failure
            }
            return message
        }
        if let parts = groups(#"Accepted \S+ for "# + from, body) {
            var message = filled(parts[0], parts[1], parts[2])
            message.kind = .login
            return message
        }
        if let parts = groups(#"error: PAM: [A-Za-z ]+? for (?:illegal user )?([^:]*) from "# + place, body) {
            var message = filled(parts[0], parts[1], nil)
            message.kind = .pam
            return message
        }
        if let parts = groups(#"I(?:nvalid|llegal) user ([^:]*) from "# + place + #"(?: port (\d+))?"#, body) {
            var message = filled(parts[0], parts[1], parts[2])
            message.kind = .openingMarker
            return message
        }
        if let parts = groups(#"User ([^:]*) from "# + place + " not allowed because .*", body) {
            var message = filled(parts[0], parts[1], nil)
            message.kind = .openingMarker
            return message
        }
        let closing =
            #"(?:Connection closed by|Connection reset by|Disconnected from|Disconnecting) (?:invalid|authenticating) user ([^:]*) "#
            + place + #" port (\d+)(?:: .*)? \[preauth\]"#
        if let parts = groups(closing, body) {
            var message = filled(parts[0], parts[1], parts[2])
            message.kind = .closing
            return message
        }
        if let parts = groups(
            "(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?" + from, body)
        {
            var message = filled(parts[0], parts[1], parts[2])
            message.kind = .marker
            return message
        }
        if body.hasPrefix("Disconnecting: Too many authentication failures") { return Message(kind: .closing) }
        if let parts = groups("Connection from " + place + #" port (\d+) on .*"#, body) {
            var message = filled(nil, parts[0], parts[1])
            message.kind = .opening
            return message
        }
        if let parts = groups("Received disconnect from " + place + #" port (\d+):.*"#, body) {
            return filled(nil, parts[0], parts[1])
        }
        if let parts = groups(
            "(?:Connection (?:closed|reset) by|Disconnected from) " + place + #" port (\d+)(?: \[preauth\])?"#, body)
        {
            var message = filled(nil, parts[0], parts[1])
            message.kind = .end
            return message
        }
        if body.hasPrefix("Disconnected from user ") { return Message(kind: .end) }
        return nil
    }

    private static func filled(_ user: String?, _ address: String?, _ port: String?) -> Message {
        var message = Message(kind: .mention)
        message.user = user
        message.port = port.flatMap { Int($0) }
        if let address, address != "UNKNOWN" {
            let mapped = address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
            message.address = mapped
            message.isName = !mapped.contains(":") && mapped.contains { $0.isLetter }
        }
        return message
    }
}
