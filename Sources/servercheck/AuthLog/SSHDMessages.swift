// The messages that do not follow the pattern `METHOD for USER from ADDR`: markers, PAM's errors, closing lines.

extension SSHDLine {
    /// `Invalid user USER from ADDR port N`; OpenSSH before 7.3 wrote no port.
    static func unknownUser(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        var event: SSHDEvent
        if line.has("Invalid user ", at: message.lowerBound) {
            event = SSHDEvent(rule: .invalidUser, invalidUser: true)
        } else if line.has("Illegal user ", at: message.lowerBound) {
            event = SSHDEvent(rule: .illegalUser, invalidUser: true)
        } else {
            return nil
        }
        let user = message.lowerBound + 13..<max(message.lowerBound + 13, message.upperBound)
        if let peer = SSHDPeer(line, in: user, lead: .from, cut: isCut(message), portNeeded: false) {
            event.take(peer, userStart: user.lowerBound)
        }
        return event
    }

    /// `User USER[ from ADDR] not allowed because REASON`. USER exists on the machine, ADDR may be a host name.
    static func notAllowed(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        guard line.has("User ", at: message.lowerBound),
            let end = line.lastRange(of: " not allowed because ", in: message)
        else { return nil }
        var event = SSHDEvent(rule: .notAllowed, invalidUser: true)
        let user = message.lowerBound + 5..<max(message.lowerBound + 5, end.lowerBound)
        if let peer = SSHDPeer(line, in: user, lead: .from, cut: false, portNeeded: false) {
            event.take(peer, userStart: user.lowerBound)
        } else {
            event.user = user
        }
        return event
    }

    /// `Connection closed|reset by`, `Disconnected from`, `Disconnecting`, and `Connection from`.
    static func closing(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        let start = message.lowerBound
        if line.has("Connection closed by ", at: start) {
            return closing(line, message, rule: .connectionClosed, start: start + 21)
        } else if line.has("Connection reset by ", at: start) {
            return closing(line, message, rule: .connectionReset, start: start + 20)
        } else if line.has("Disconnected from ", at: start) {
            return closing(line, message, rule: .disconnectedFrom, start: start + 18)
        } else if line.has("Disconnecting ", at: start) {
            return closing(line, message, rule: .disconnecting, start: start + 14)
        } else if line.has("Disconnecting: Too many authentication failures", at: start) {
            var event = SSHDEvent(rule: .tooManyFailures)
            if line.has(" for ", at: start + 47) {
                let user = start + 52..<max(start + 52, message.upperBound)
                if !fillUser(&event, line, user, cut: isCut(message)) { event.invalidUser = false }
            }
            return event
        } else if line.has("Connection from ", at: start) {
            var event = SSHDEvent(rule: .connectionFrom)
            guard let place = SSHDPeer.place(line, at: start + 16, end: message.upperBound), place.port != nil
            else { return nil }
            event.take(place)
            return event
        } else if line.has("Did not receive identification", at: start) {
            return SSHDEvent(rule: .noIdentification)
        }
        return nil
    }

    /// `invalid|authenticating user USER ADDR port N[: REASON] [preauth]` from `start` on, or only `ADDR port N`.
    private static func closing(_ line: Span<UInt8>, _ message: Range<Int>, rule: SSHDRule, start: Int) -> SSHDEvent {
        let invalid = line.has("invalid user ", at: start)
        let cut = isCut(message)
        guard invalid || line.has("authenticating user ", at: start),
            cut || line.has(" [preauth]", at: message.upperBound - 10)
        else {
            var event = SSHDEvent(rule: .closedWithoutFailure)
            if let place = SSHDPeer.place(line, at: start, end: message.upperBound), place.ip != nil, place.port != nil
            {
                event.take(place)
            }
            return event
        }
        var event = SSHDEvent(rule: rule, invalidUser: invalid)
        let userStart = start + (invalid ? 13 : 20)
        // The space that leads to the address may be the one behind `user`, when the name is empty.
        let searched = userStart..<max(userStart, message.upperBound)
        if let peer = SSHDPeer(line, in: searched, lead: .space, cut: cut) { event.take(peer, userStart: userStart) }
        return event
    }

    /// `error: PAM: …` and `error: maximum authentication attempts exceeded …`.
    static func error(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        if line.has("error: PAM: ", at: message.lowerBound) { return pamFailure(line, message) }
        let start = message.lowerBound + (line.has("error: ", at: message.lowerBound) ? 7 : 0)
        guard line.has("maximum authentication attempts exceeded", at: start) else { return nil }
        var event = SSHDEvent(rule: .maximumAttempts)
        if line.has(" for ", at: start + 40) {
            _ = fillUser(
                &event, line, start + 45..<max(start + 45, message.upperBound), cut: isCut(message))
        }
        return event
    }

    /// `error: PAM: TEXT for [illegal user ]USER from ADDR`; TEXT is one of pam_strerror(3)'s.
    private static func pamFailure(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        var textStart = message.lowerBound + 12
        // The one text of pam_strerror(3) that holds the word itself.
        if line.has("Have exhausted maximum number of retries for service", at: textStart) { textStart += 52 }
        guard textStart <= message.upperBound,
            let word = line.firstRange(of: " for ", in: textStart..<message.upperBound)
        else { return nil }
        var event = SSHDEvent(rule: .pamFailure)
        var user = word.upperBound..<message.upperBound
        if line.has("illegal user ", at: user.lowerBound) || line.has("invalid user ", at: user.lowerBound),
            user.count >= 13
        {
            event.invalidUser = true
            user = user.lowerBound + 13..<user.upperBound
        }
        if let peer = SSHDPeer(line, in: user, lead: .from, cut: isCut(message), portNeeded: false) {
            event.take(peer, userStart: user.lowerBound)
        } else if !isCut(message) {
            return nil
        }
        return event
    }

    /// What begins with P, R, T, p or f.
    static func remaining(_ line: Span<UInt8>, _ message: Range<Int>) -> SSHDEvent? {
        let start = message.lowerBound
        if line.has("Postponed ", at: start) || line.has("Partial ", at: start) {
            var event = SSHDEvent(rule: .postponed)
            if let word = line.firstRange(of: " for ", in: message) {
                _ = fillUser(&event, line, word.upperBound..<message.upperBound, cut: isCut(message))
            }
            return event
        } else if line.has("ROOT LOGIN REFUSED FROM ", at: start) {
            var event = SSHDEvent(rule: .rootRefused)
            if let place = SSHDPeer.place(line, at: start + 24, end: message.upperBound) { event.take(place) }
            return event
        } else if line.has("Received disconnect from ", at: start) {
            var event = SSHDEvent(rule: .receivedDisconnect)
            if let place = SSHDPeer.place(line, at: start + 25, end: message.upperBound), place.ip != nil,
                place.port != nil
            {
                event.take(place)
            }
            return event
        } else if line.has("pam_unix(sshd:auth)", at: start) {
            return SSHDEvent(rule: .pamUnix)
        } else if line.has("fatal: Timeout before authentication", at: start)
            || line.has("Timeout before authentication", at: start)
        {
            return SSHDEvent(rule: .graceTimeout)
        }
        return nil
    }
}
