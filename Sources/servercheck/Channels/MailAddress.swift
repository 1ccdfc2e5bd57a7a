// Mail addresses of the config: `a@b` or `Name <a@b>` (RFC 5322 section 3.4, without its comments and groups), or a user that
// the mail server knows, as Python's smtplib took it for the ancestor: `root`. What must
// stay true: no control character, and nothing that ends an SMTP command early, gets past this.

/// One mailbox.
struct MailAddress: Sendable, Equatable {
    var name: String?
    /// `local@domain`, or a local user; ASCII.
    var address: String

    /// What is wrong with a text, fit for `to_mail: …`.
    struct Fault: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    init(_ text: String) throws(Fault) {
        // An address alone, as nearly all are: none of what follows is in it.
        if text.utf8.allSatisfy(MailAddress.isPlain) {
            address = text
            try check()
            return
        }
        if text.unicodeScalars.contains(where: \.isControl) {
            throw Fault(description: "holds a line break or another control character")
        }
        let text = MailAddress.trimmed(text[...])
        guard let open = text.lastIndex(of: "<") else {
            address = String(text)
            try check()
            return
        }
        guard text.last == ">" else { throw .unusable(text) }
        address = String(MailAddress.trimmed(text[text.index(after: open)...].dropLast()))
        var name = MailAddress.trimmed(text[..<open])
        if name.count >= 2 && name.first == "\"" && name.last == "\"" { name = name.dropFirst().dropLast() }
        let plain = name.replacing("\\\"", with: "\"")
        if plain.contains("<") || plain.contains(">") { throw .unusable(text) }
        self.name = plain.isEmpty ? nil : String(plain)
        try check()
    }

    private func check() throws(Fault) {
        let bytes = address.utf8
        let at = UInt8(ascii: "@")
        let isUsable =
            bytes.allSatisfy(MailAddress.isPlain) && bytes.count <= 254 && bytes.first != at && bytes.last != at
            && bytes.reduce(0) { $1 == at ? $0 + 1 : $0 } == 1
        let isLocal = !bytes.isEmpty && bytes.count <= 64 && bytes.allSatisfy(MailAddress.isOfUserName)
        if !isUsable && !isLocal { throw .unusable(address[...]) }
    }

    /// Without a point: `example.org` alone is no user, but half of an address.
    private static func isOfUserName(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    /// Visible ASCII without the characters that mean something around an address.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "\\"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
            UInt8(ascii: "\""):
            false
        default: byte > 0x20 && byte < 0x7F
        }
    }

    /// The addresses of a comma-separated list. A comma between quotes belongs to a name.
    static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var start = text.startIndex
        var isQuoted = false
        for place in text.utf8.indices {
            let byte = text.utf8[place]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ","), !isQuoted {
                parts.append(String(text[start..<place]))
                start = text.utf8.index(after: place)
            }
        }
        return parts + [String(text[start...])]
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let space = UInt8(ascii: " ")
        guard let first = text.utf8.firstIndex(where: { $0 != space }),
            let last = text.utf8.lastIndex(where: { $0 != space })
        else { return "" }
        return text[first...last]
    }
}

extension MailAddress.Fault {
    fileprivate static func unusable(_ text: Substring) -> MailAddress.Fault {
        MailAddress.Fault(
            description: "\"\(Clean.text(String(text), limit: 100))\" is no usable address "
                + "(write a@example.org or Name <a@example.org>)")
    }
}
