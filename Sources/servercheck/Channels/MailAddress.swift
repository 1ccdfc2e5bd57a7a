// Mail addresses of the config: `a@b` or `Name <a@b>` (RFC 5322 section 3.4, without its comments and groups). What must
// stay true: no control character, and nothing that ends an SMTP command early, gets past this.

/// One mailbox.
struct MailAddress: Sendable, Equatable {
    var name: String?
    /// `local@domain`, ASCII.
    var address: String

    /// What is wrong with a text, fit for `to_mail: …`.
    struct Fault: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    init(_ text: String) throws(Fault) {
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
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
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>()[]\\,;:\"".utf8.contains($0) }
        guard isPlain, parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, address.utf8.count <= 254 else {
            throw .unusable(address[...])
        }
    }

    /// The addresses of a comma-separated list. A comma between quotes belongs to a name.
    static func split(_ text: String) -> [String] {
        var parts: [String] = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == "," && !isQuoted {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension MailAddress.Fault {
    fileprivate static func unusable(_ text: Substring) -> MailAddress.Fault {
        MailAddress.Fault(
            description: "\"\(Clean.text(String(text), limit: 100))\" is no usable address "
                + "(write a@example.org or Name <a@example.org>)")
    }
}
