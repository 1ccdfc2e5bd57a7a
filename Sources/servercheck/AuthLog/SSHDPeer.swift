// Finds the address in a message whose user name an attacker chose.
//
// sshd cuts user names at a colon and writes the address behind the name; so the address is the last one that leaves no
// colon in the name. What stands behind it (key, reason) is never searched. A message of 500 bytes was cut by sshd
// (log.c: syslog "%.500s"): there, nothing that the end of the message vouches for is an address.

/// Where a message names its peer.
struct SSHDPeer: Equatable {
    /// sshd's limit for one message.
    static let messageLimit = 500

    /// Where the user name ends.
    var userEnd: Int
    /// nil where sshd itself did not know it (`UNKNOWN`).
    var address: Range<Int>?
    var ip: IPAddress?
    var port: UInt16?
}

extension SSHDPeer {
    /// What stands between user and address.
    enum Lead {
        /// ` from ADDR port N`, then ` ssh2`
        case from
        /// ` ADDR port N`, then a reason behind a colon, or `[preauth]`
        case space
    }

    /// The peer behind the user name that begins at `range.lowerBound`.
    ///
    /// - Parameters:
    ///   - range: from the user name to the end of the message.
    ///   - cut: whether the message is as long as sshd's limit.
    ///   - portNeeded: false for messages that old or PAM code writes without port.
    init?(_ line: Span<UInt8>, in range: Range<Int>, lead: Lead, cut: Bool, portNeeded: Bool = true) {
        let limit = line.firstIndex(of: UInt8(ascii: ":"), in: range) ?? range.upperBound
        // The space before the name leads too: an empty name may have lost its own in a log that squeezes spaces.
        let lowest = max(0, range.lowerBound - 1)
        var searched = lowest..<max(lowest, limit)
        while true {
            let found = lead == .from ? line.lastRange(of: " from ", in: searched) : line.lastSpace(in: searched)
            guard let found else { return nil }
            if let peer = SSHDPeer(
                line, at: found.upperBound, end: range.upperBound, userEnd: max(found.lowerBound, range.lowerBound),
                lead: lead, cut: cut,
                portNeeded: portNeeded)
            {
                self = peer
                return
            }
            // The next candidate may share its last space with this one's first.
            searched = lowest..<(found.upperBound - 1)
        }
    }

    /// The peer at `start`, when all of `ADDR port N` and what may follow is there.
    private init?(
        _ line: Span<UInt8>, at start: Int, end: Int, userEnd: Int, lead: Lead, cut: Bool, portNeeded: Bool
    ) {
        guard let place = SSHDPeer.place(line, at: start, end: end), !portNeeded || place.port != nil else {
            return nil
        }
        let known: Bool
        switch lead {
        case .from: known = SSHDPeer.endsLikeFrom(line, at: place.end, end: end, cut: cut)
        case .space: known = SSHDPeer.endsLikeClosing(line, at: place.end, end: end, cut: cut)
        }
        guard known else { return nil }
        self.init(userEnd: userEnd, address: place.address, ip: place.ip, port: place.port)
    }

    /// An address, or what takes its place, and the port behind it.
    struct Place {
        var address: Range<Int>?
        var ip: IPAddress?
        var port: UInt16?
        var end: Int
    }

    /// `ADDR[ port N]` at `start`.
    static func place(_ line: Span<UInt8>, at start: Int, end: Int) -> Place? {
        guard start < end else { return nil }
        var tokenEnd = line.firstIndex(of: UInt8(ascii: " "), in: start..<Swift.min(end, start + 300)) ?? end
        guard tokenEnd > start, tokenEnd - start <= 255 else { return nil }
        var address: Range<Int>? = start..<tokenEnd
        let ip = SSHDPeer.literal(line, start..<tokenEnd)
        if ip == nil {
            guard SSHDPeer.isHostName(line, start..<tokenEnd) else { return nil }
            // What sshd writes when the peer is gone before it was asked.
            if tokenEnd - start == 7, line.has("UNKNOWN", at: start) { address = nil }
        }
        var port: UInt16?
        if tokenEnd + 6 <= end, line.has(" port ", at: tokenEnd),
            let number = line.number(in: tokenEnd + 6..<end, digits: 5),
            let value = UInt16(exactly: number.value)
        {
            port = value
            tokenEnd = number.end
        }
        return Place(address: address, ip: ip, port: port, end: tokenEnd)
    }

    /// The address of a literal, with or without a zone (`fe80::1%eth0`, RFC 4007).
    private static func literal(_ line: Span<UInt8>, _ range: Range<Int>) -> IPAddress? {
        guard let percent = line.firstIndex(of: UInt8(ascii: "%"), in: range) else {
            return IPAddress(line.extracting(range))
        }
        let zone = percent + 1..<range.upperBound
        guard !zone.isEmpty, zone.count <= 64, isHostName(line, zone),
            let ip = IPAddress(line.extracting(range.lowerBound..<percent)), !ip.isIPv4
        else { return nil }
        return ip
    }

    private static func isHostName(_ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range {
            let byte = line[index]
            guard
                byte.isLetter || byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            else { return false }
        }
        return true
    }

    /// ` ssh2` and a key, ` [preauth]`, or nothing.
    private static func endsLikeFrom(_ line: Span<UInt8>, at index: Int, end: Int, cut: Bool) -> Bool {
        var index = index
        if line.has(" ssh", at: index), index + 5 <= end, line[index + 4].isDigit {
            index += 5
            if line.has(": ", at: index), index + 2 <= end { return true }
        }
        if cut { return false }
        return index == end || (line.has(" [preauth]", at: index) && index + 10 == end)
    }

    /// ` [preauth]`, or a reason; a colon cannot come from the user name, so it vouches even for a cut message.
    private static func endsLikeClosing(_ line: Span<UInt8>, at index: Int, end: Int, cut: Bool) -> Bool {
        if line.has(": ", at: index), index + 2 <= end { return true }
        if cut { return false }
        return line.has(" [preauth]", at: index) && index + 10 == end
    }
}

extension Span<UInt8> {
    fileprivate func lastSpace(in range: Range<Int>) -> Range<Int>? {
        var index = range.upperBound - 1
        while index >= range.lowerBound {
            if self[index] == UInt8(ascii: " ") { return index..<index + 1 }
            index -= 1
        }
        return nil
    }
}
