import Testing

@testable import servercheck

@Suite struct PreviewTests {
    private let channels: [any Channel] = [
        read(Telegram.self, ["chat_id": .number(1), "token": .string("1:a")]).channel,
        read(Telegram.self, ["name": .string("other"), "chat_id": .string("@club"), "token": .string("1:b")]).channel,
    ]

    private func lines(_ message: Message? = nil, _ waiting: [String: Outbox] = [:]) -> [String] {
        let report = Report(version: "1", host: "box", time: .noon, findings: [])
        return Preview.lines(Run.Outcome(report: report, message: message, waiting: waiting), channels)
    }

    @Test("without any message nothing would be sent")
    func nothing() {
        #expect(lines() == ["", "nothing would be sent"])
        #expect(lines(nil, ["other": Outbox(error: "x"), "gone": Outbox()]) == ["", "nothing would be sent"])
    }

    @Test("what waits would be sent as well, before what is new, unless it is held back")
    func waiting() {
        var ready = Outbox(error: "no answer")
        ready.append(.sample(title: "one"))
        ready.append(.sample(title: "two|\n"))
        var held = Outbox()
        held.append(.sample(title: "three"))
        held.hold(.growing, error: "401", now: .noon + -30)
        #expect(
            lines(.sample(title: "new", body: "a\nb"), ["telegram": ready, "other": held, "gone": ready]) == [
                "", "waiting, would be sent to telegram (chat 1):", "  one", "  two??",
                "", "waiting, would be sent to other (chat @club), but not before \((Timestamp.noon + 30).localText):",
                "  three",
                "", "would be sent to telegram (chat 1), other (chat @club):", "  new", "  a", "  b",
            ])
        #expect(lines(nil, ["telegram": held]).last == "  three")
    }
}
