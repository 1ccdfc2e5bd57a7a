// Which reply belongs to which recipient: libcurl tells only that the mail went out. Pure; fed with the lines that
// libcurl's debug function sees. The lines sent are looked at, never kept: they hold the password.

/// What an SMTP server answered, as far as it matters (RFC 5321 section 4.2).
struct SMTPDialogue: Sendable, Equatable {
    /// Recipients that were refused, with the server's words as they came.
    private(set) var refused: [Answer.RefusedRecipient] = []
    /// The last reply that refused something: `535 5.7.8 authentication failed`.
    private(set) var refusal: String?
    private(set) var hasQuit = false

    private let recipients: [String]
    /// RCPT commands sent so far.
    private var asked = 0
    private var isRecipientReply = false
    /// Text of the lines of a reply that goes on.
    private var lines: [String] = []

    /// In the order in which libcurl names them to the server.
    init(recipients: [String]) { self.recipients = recipients }

    /// A command that was sent. libcurl does not pipeline: its reply comes before the next command.
    mutating func sent(_ bytes: some Collection<UInt8>) {
        isRecipientReply = bytes.starts(with: "RCPT TO:".utf8)
        if isRecipientReply { asked += 1 }
        if bytes.starts(with: "QUIT".utf8) { hasQuit = true }
    }

    /// Reply lines: `250-go on` or, the last of a reply, `250 done`. What does not look like one is passed over.
    mutating func received(_ bytes: some Collection<UInt8>) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            var text = Array(line)
            if text.last == UInt8(ascii: "\r") { text.removeLast() }
            guard text.count >= 3, text[..<3].allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
            // Bounded: a server may talk without end. Longer than what is shown, so that no secret is cut before it is hidden.
            if lines.count < 8 { lines.append(String(decoding: text.dropFirst(4).prefix(2000), as: UTF8.self)) }
            if text.count > 3 && text[3] == UInt8(ascii: "-") { continue }
            let code = String(decoding: text[..<3], as: UTF8.self)
            ended(([code] + lines.filter { !$0.isEmpty }).joined(separator: " "), isRefusal: text[0] >= 0x34)
        }
    }

    private mutating func ended(_ reply: String, isRefusal: Bool) {
        lines = []
        guard isRefusal else { return }
        refusal = reply
        if isRecipientReply, recipients.indices.contains(asked - 1) {
            refused.append(Answer.RefusedRecipient(address: recipients[asked - 1], reply: reply))
        }
    }
}
