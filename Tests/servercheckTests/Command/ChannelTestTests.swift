import Testing

@testable import servercheck

@Suite struct ChannelTestTests {
    /// Answers in the order in which transfers were begun.
    struct Script: Transport {
        var answers: [Answer]
        var begun: [(tag: Int, body: String)] = []
        var answered = 0

        mutating func start(_ transfer: Transfer, tag: Int) {
            guard case .http(let request) = transfer else { return }
            begun.append((tag, String(decoding: request.body, as: UTF8.self)))
        }

        mutating func next(before deadline: ContinuousClock.Instant) -> (tag: Int, answer: Answer)? {
            guard answered < begun.count, answered < answers.count else { return nil }
            defer { answered += 1 }
            return (begun[answered].tag, answers[answered])
        }
    }

    static func channel(_ name: String, chat: Double) -> any Channel {
        read(
            Telegram.self, ["chat_id": .number(chat), "token": .string("1:a"), "name": .string(name)]
        ).channel
    }

    static func answer(_ code: Int, _ body: String) -> Answer { Answer(code: code, body: Array(body.utf8)) }

    @Test("each channel has its line, also the one that does not answer")
    func lines() {
        let channels = [Self.channel("one", chat: 1), Self.channel("two", chat: -2), Self.channel("three", chat: 3)]
        var script = Script(answers: [
            Self.answer(401, #"{"ok":false,"description":"Unauthorized"}"#),
            Self.answer(400, #"{"ok":false,"parameters":{"migrate_to_chat_id":-100}}"#),
        ])
        // The answer to "three" is skipped; the second try of "two" is answered.
        script.answers += [Answer(failure: "cannot connect"), Self.answer(200, #"{"ok":true}"#)]
        let test = ChannelTest(now: Timestamp(seconds: 0), hostname: "ho|st")
        let verdicts = test.send(through: channels, with: &script, before: .now)
        #expect(
            zip(channels, verdicts).map { ChannelTest.line(for: $0, $1, timeoutSeconds: 30) } == [
                "one: failed: Telegram answered 401: Unauthorized",
                "two: delivered to chat -2; WARNING: the group has moved: set chat_id to -100 in the config",
                "three: failed: cannot connect",
            ])
        #expect(verdicts.map(ChannelTest.isDelivered) == [false, true, false])
        #expect(script.begun.map(\.tag) == [0, 1, 2, 1])
        #expect(test.message.title == "[ho?st] Test message from servercheck")
    }

    @Test("a channel without an answer failed at the deadline")
    func noAnswer() {
        let channels = [Self.channel("one", chat: 1)]
        var script = Script(answers: [])
        let verdicts = ChannelTest(now: Timestamp(seconds: 0), hostname: "h").send(
            through: channels, with: &script, before: .now)
        #expect(verdicts == [nil])
        #expect(
            ChannelTest.line(for: channels[0], nil, timeoutSeconds: 2.5)
                == "one: failed: no answer within 2.5 s (--timeout)")
    }
}
