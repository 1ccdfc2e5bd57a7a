import Testing

@testable import servercheck

@Suite struct SMTPDialogueTests {
    /// `>` lines are sent, `<` lines received.
    static func dialogue(_ lines: [String], recipients: [String] = ["a@b", "c@d"]) -> SMTPDialogue {
        var dialogue = SMTPDialogue(recipients: recipients)
        for line in lines {
            let bytes = Array((line.dropFirst() + "\r\n").utf8)
            if line.hasPrefix(">") { dialogue.sent(bytes) } else { dialogue.received(bytes) }
        }
        return dialogue
    }

    @Test("a refusal belongs to the recipient it answers")
    func recipients() {
        let dialogue = Self.dialogue([
            "<220 hi", ">EHLO x", "<250-a", "<250 b", ">MAIL FROM:<x@y>", "<250 ok", ">RCPT TO:<a@b>", "<550-5.1.1 no",
            "<550 5.1.1 user", ">RCPT TO:<c@d>", "<250 ok", ">DATA", "<354 go", "<250 done",
        ])
        #expect(dialogue.refused == [Answer.RefusedRecipient(address: "a@b", reply: "550 5.1.1 no 5.1.1 user")])
        #expect(dialogue.refusal == "550 5.1.1 no 5.1.1 user")
        #expect(!dialogue.hasQuit)
    }

    @Test("the last refusal is kept, and the farewell noticed")
    func refusal() {
        let dialogue = Self.dialogue([">AUTH PLAIN", "<334 ", ">c2VjcmV0", "<535 no", ">QUIT", "<221 bye"])
        #expect(dialogue.refusal == "535 no")
        #expect(dialogue.refused == [])
        #expect(dialogue.hasQuit)
    }

    static let odd: [[String]] = [
        ["<", "<x", "<25", "<abc def", "<-550 no"],
        ["<250 ok", "<399 odd", "<250"],
    ]

    @Test("what is no refusal is none", arguments: odd)
    func passesOver(lines: [String]) { #expect(Self.dialogue(lines).refusal == nil) }

    @Test("a server that talks without end, or answers more than it was asked, is bounded and harmless")
    func bounded() {
        var dialogue = SMTPDialogue(recipients: ["a@b"])
        for _ in 0..<1000 { dialogue.received(Array(("550-" + String(repeating: "x", count: 10_000) + "\r\n").utf8)) }
        for _ in 0..<3 { dialogue.sent(Array("RCPT TO:<a@b>\r\n".utf8)) }
        dialogue.received(Array("550 end\r\n550 more\r\n".utf8))
        #expect(dialogue.refusal == "550 more")
        #expect(dialogue.refused == [])
    }

    @Test("several lines in one piece are several lines")
    func pieces() {
        var dialogue = SMTPDialogue(recipients: ["a@b"])
        dialogue.sent(Array("RCPT TO:<a@b>\r\n".utf8))
        dialogue.received(Array("550-one\r\n550 two\n".utf8))
        #expect(dialogue.refused == [Answer.RefusedRecipient(address: "a@b", reply: "550 one two")])
    }
}
