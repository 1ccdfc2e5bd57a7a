import Testing

@testable import servercheck

private func message(_ number: Int, body: String = "body") -> Message {
    Message(id: "\(number)", created: .noon + Double(number), status: .critical, title: "title \(number)", body: body)
}

@Suite struct OutboxTests {
    @Test("messages wait in order")
    func order() {
        var outbox = Outbox()
        for number in 1...3 { outbox.append(message(number)) }
        outbox.removeFirst()
        #expect(outbox.messages.map(\.title) == ["title 2", "title 3"])
    }

    @Test("beyond a hundred the newest merge into one last, and the first ones stay whole")
    func overflow() {
        var outbox = Outbox()
        for number in 1...500 { outbox.append(message(number), byteLimit: .max) }
        #expect(outbox.messages.count == Outbox.messageLimit)
        #expect(outbox.messages.dropLast().map(\.title) == (1...99).map { "title \($0)" })
        let last = outbox.messages[99]
        #expect(last.merged == 401)
        #expect(last.title == "title 500 (and 400 more)")
        #expect(last.created == .noon + 100)
        #expect(last.body.hasSuffix("title 499\ntitle 500"))
    }

    @Test("large messages merge before the state grows too large")
    func bytes() {
        var outbox = Outbox()
        let body = String(repeating: "x", count: 3000)
        for number in 1...50 { outbox.append(message(number, body: body)) }
        let size = outbox.messages.reduce(0) { $0 + $1.title.utf8.count + $1.body.utf8.count }
        #expect(size < Outbox.byteLimit + 2000)
        #expect(outbox.messages.first?.body == body)
        #expect(outbox.messages.last?.title == "title 50 (and \((outbox.messages.last?.merged ?? 0) - 1) more)")
        #expect(outbox.messages.dropLast().count + (outbox.messages.last?.merged ?? 0) == 50)
    }

    @Test("tries that someone must mend grow from one minute to one hour")
    func growing() {
        var outbox = Outbox()
        var waits: [Double] = []
        for _ in 1...9 {
            outbox.hold(.growing, error: "forbidden", now: .noon)
            waits.append(outbox.holdSeconds ?? 0)
        }
        #expect(waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
        #expect(!outbox.isReady(at: .noon + 3599))
        #expect(outbox.isReady(at: .noon + 3600))
        outbox.succeeded(memory: nil)
        #expect(outbox.isReady(at: .noon) && outbox.failures == 0 && outbox.error == nil)
    }

    @Test("a hold that began in the future counts as over")
    func clockSetBack() {
        var outbox = Outbox()
        outbox.hold(.notBefore(.noon + 300), error: "slow down", now: .noon)
        #expect(!outbox.isReady(at: .noon + 299))
        #expect(outbox.isReady(at: .noon + 300))
        #expect(outbox.isReady(at: .noon + -3600))
    }

    @Test("a count of failures from a damaged state holds the channel back for an hour at most")
    func damagedFailures() {
        for failures in [Int.max, .min, -1, 100] {
            var outbox = Outbox()
            outbox.failures = failures
            outbox.hold(.growing, error: "forbidden", now: .noon)
            #expect((1...100).contains(outbox.failures))
            #expect(outbox.isReady(at: .noon + 3600))
        }
    }
}
