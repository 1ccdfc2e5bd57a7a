import Testing

@testable import servercheck

@Suite struct OutboxOwnersTests {
    /// Failed, and told by its error who owned it.
    private func outbox(_ madeFor: String?, error: String) -> Outbox {
        var outbox = Outbox()
        outbox.append(.sample())
        outbox.hold(.growing, error: error, now: .noon)
        outbox.madeFor = madeFor
        return outbox
    }

    private typealias Case = (
        before: [String: String?], owners: [[String: Outbox].Owner], after: [String], gone: [String]
    )

    private let cases: [Case] = [
        (["a": "1", "b": "2"], [("a", "1"), ("b", "2")], ["a: a", "b: b"], []),
        // The first one was taken out.
        (["a": "1", "b": "2"], [("a", "2")], ["a: b"], ["a"]),
        // A new one was put first.
        (["a": "1"], [("a", "2"), ("b", "1")], ["a: none", "b: a"], []),
        // Changed places.
        (["a": "1", "b": "2"], [("a", "2"), ("b", "1")], ["a: b", "b: a"], []),
        // Mended: the messages stay, and nothing holds them back.
        (["a": "1"], [("a", "3")], ["a: tried at once"], []),
        (["a": "1", "b": "2"], [("a", "3"), ("b", "2")], ["a: tried at once", "b: b"], []),
        // Older states do not say.
        (["a": nil, "b": nil], [("a", "2")], ["a: a"], ["b"]),
        // Two that reach the same.
        (["a": "1", "b": "1"], [("b", "1"), ("a", "1")], ["a: a", "b: b"], []),
        (["b": "1"], [("a", "1"), ("b", "1")], ["a: none", "b: b"], []),
        (["a": "1"], [], [], ["a"]),
    ]

    @Test("each channel gets the outbox that was made for it, else that of its name")
    func give() {
        for (before, owners, after, gone) in cases {
            var outboxes: [String: Outbox] = [:]
            for (name, mark) in before { outboxes[name] = outbox(mark, error: name) }
            #expect(outboxes.give(to: owners) == gone, "\(before)")
            let seen = outboxes.sorted { $0.key < $1.key }.map { name, outbox in
                let words = outbox.isReady(at: .noon) ? "tried at once" : outbox.error ?? ""
                return "\(name): \(outbox.messages.isEmpty ? "none" : words)"
            }
            #expect(seen == after, "\(before)")
            for owner in owners { #expect(outboxes[owner.name]?.madeFor == owner.mark) }
        }
    }

    @Test("an outbox that waits keeps those of all channels; else nothing is stored")
    func kept() {
        let idle = Outbox(madeFor: "2")
        #expect(["b": idle].kept == [:])
        let both = ["a": outbox("1", error: "a"), "b": idle]
        #expect(both.kept == both)
    }

    @Test("a mark tells what is reached, and holds no password and no short token")
    func marks() {
        let keys: [String: JSONValue] = ["chat_id": .number(1), "token": .string(TelegramTests.token)]
        let mark = { (more: [String: JSONValue]) in read(Telegram.self, keys.merging(more) { $1 }).channel.mark }
        let long = String(repeating: "x", count: 40)
        #expect(mark([:]).count == 16 && mark(["name": .string("other")]) == mark([:]))
        #expect(mark(["chat_id": .number(2)]) != mark([:]))
        #expect(mark(["token": .string("1:a")]) == mark([:]))
        #expect(mark(["token": .string("1:\(long)")]) != mark(["token": .string("1:\(long)y")]))
        let mail: [String: JSONValue] = [
            "server": .string("localhost"), "from_mail": .string("a@example.org"), "to_mail": .string("b@example.org"),
            "username": .string("u"), "password": .string("one"),
        ]
        let mailMark = { (more: [String: JSONValue]) in read(SMTP.self, mail.merging(more) { $1 }).channel.mark }
        #expect(mailMark(["password": .string("two")]) == mailMark([:]))
        #expect(mailMark(["to_mail": .string("c@example.org")]) != mailMark([:]))
        #expect(mailMark(["port": .number(25)]) != mailMark([:]))
    }
}
