// A message in RFC 5322's format, as an SMTP server takes it: CRLF line ends, lines of at most 78 octets, ASCII only. What
// must stay true: no line break of foreign origin reaches a header.

import FoundationEssentials
import Glibc

/// A mail.
struct MailMessage: Sendable, Equatable {
    var from: MailAddress
    var to: [MailAddress]
    var date: Timestamp
    /// The left side of the Message-ID.
    var id: String
    /// The sending machine.
    var hostname: String
    var subject: String
    /// Lines separated by \n.
    var body: String
    /// Of the Date header: minutes east of Greenwich.
    var utcOffsetMinutes: Int

    var bytes: [UInt8] {
        let headers = [
            "Date: " + Self.dateText(date, utcOffsetMinutes: utcOffsetMinutes),
            "From: " + Self.mailbox(from),
            "To: " + to.map(Self.mailbox).joined(separator: ",\r\n "),
            "Message-ID: <\(Self.idText(id))@\(Self.domain(hostname))>",
            "Subject: " + Self.unstructured(subject),
            // RFC 3834 section 5: keeps vacation responders silent.
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ]
        return Array((headers.joined(separator: "\r\n") + "\r\n\r\n" + Self.quotedPrintable(body)).utf8)
    }
}

extension MailMessage {
    /// A host name fit for EHLO and Message-ID: letters, digits, hyphens, dots. `localhost` when nothing is left.
    static func domain(_ hostname: String) -> String {
        let kept = hostname.utf8.filter {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
        let labels = kept.prefix(253).split(separator: UInt8(ascii: ".")).map { label in
            var label = label.drop { $0 == UInt8(ascii: "-") }
            while label.last == UInt8(ascii: "-") { label.removeLast() }
            return String(decoding: label, as: UTF8.self)
        }
        let name = labels.filter { !$0.isEmpty }.joined(separator: ".")
        return name.isEmpty ? "localhost" : name
    }

    /// `Mon, 23 Nov 2026 15:42:13 +0100` (RFC 5322 section 3.3).
    static func dateText(_ time: Timestamp, utcOffsetMinutes: Int) -> String {
        var clock = time_t(time.seconds + Int64(utcOffsetMinutes) * 60)
        var broken = tm()
        guard gmtime_r(&clock, &broken) != nil else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let two = { (number: Int) in (number < 10 ? "0" : "") + String(number) }
        let offset = abs(utcOffsetMinutes)
        return "\(days[Int(broken.tm_wday) % 7]), \(two(Int(broken.tm_mday))) \(months[Int(broken.tm_mon) % 12]) "
            + "\(Int(broken.tm_year) + 1900) \(two(Int(broken.tm_hour))):\(two(Int(broken.tm_min))):"
            + "\(two(Int(broken.tm_sec))) \(utcOffsetMinutes < 0 ? "-" : "+")\(two(offset / 60))\(two(offset % 60))"
    }

    /// Minutes east of Greenwich on this machine's clock at `time`.
    static func localOffsetMinutes(at time: Timestamp) -> Int {
        var clock = time_t(time.seconds)
        var broken = tm()
        guard localtime_r(&clock, &broken) != nil else { return 0 }
        return broken.tm_gmtoff / 60
    }

    private static func idText(_ id: String) -> String {
        let kept = id.utf8.filter {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || "-._".utf8.contains($0)
        }
        // RFC 5322's dot-atom: no dot at an end, no two in a row.
        let parts = kept.prefix(200).split(separator: UInt8(ascii: "."))
        let text = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
        return text.isEmpty ? "message" : text
    }

    private static func mailbox(_ mailbox: MailAddress) -> String {
        guard let name = mailbox.name else { return mailbox.address }
        let isPlain = isPrintableASCII(name) && name.utf8.count <= 60 && !name.contains("=?")
        if !isPlain { return encodedWords(name) + " <\(mailbox.address)>" }
        let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(quoted)\" <\(mailbox.address)>"
    }

    /// A header's free text, folded. Plain where it is plain ASCII, else encoded words (RFC 2047).
    static func unstructured(_ text: String) -> String {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let isPlain = isPrintableASCII(text) && !text.contains("=?")
        // Folding may not leave a line of white space only, nor can it break a long word.
        guard isPlain, words.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 66 }) else { return encodedWords(text) }
        var lines: [String] = []
        // "Subject: " stands before the first one.
        var room = 0
        for word in words {
            if word.utf8.count + 1 <= room, let last = lines.indices.last {
                lines[last] += " \(word)"
                room -= word.utf8.count + 1
            } else {
                room = (lines.isEmpty ? 67 : 76) - word.utf8.count
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\r\n ")
    }

    /// `=?UTF-8?B?…?=`, each for itself a whole text, at most 64 octets long, so that no line exceeds the 76 that RFC 2047
    /// allows.
    private static func encodedWords(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            // Defence in depth: what ends a line or a string never gets even into encoded text.
            let clean = scalar.isControl ? " " : Character(scalar)
            let bytes = Array(String(clean).utf8)
            if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    private static func isPrintableASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }

    /// RFC 2045 section 6.7: lines of at most 76 octets, CRLF at the end of each.
    static func quotedPrintable(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var length = 0
            for (index, byte) in line.enumerated() {
                let isLast = index == line.count - 1
                let isSpace = byte == 0x20 || byte == 0x09
                let isPlain = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=") || isSpace && !isLast
                let piece = isPlain ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                if length + piece.count > 75 {
                    result += "=\r\n".utf8
                    length = 0
                }
                result += piece
                length += piece.count
            }
            result += "\r\n".utf8
        }
        return String(decoding: result, as: UTF8.self)
    }
}
