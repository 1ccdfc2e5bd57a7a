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

    @Test("what waits for many channels is bounded as JSON, whatever its characters are", arguments: [1, 2, 4, 8])
    func manyChannels(count: Int) {
        let channels = (0..<count).map { "channel\($0)" }
        var outboxes: [String: Outbox] = [:]
        for number in 1...60 {
            var message = message(number, body: String(repeating: "\"\\\n", count: 1100))
            message.events = [Message.Event(status: .critical, text: String(repeating: "\"", count: 100))]
            outboxes.append(message, to: channels)
        }
        let size = outboxes.values.reduce(0) { $0 + JSONText.encode($1).count }
        #expect(size < 25 << 10)
        #expect(outboxes.values.allSatisfy { ($0.messages.last?.merged ?? 0) + $0.messages.count > 59 })
    }

    @Test("a merged message has the title of its worst one, and of those the newest")
    func worstTitle() {
        var outbox = Outbox()
        let statuses: [Int: Status] = [102: .critical, 104: .critical, 105: .ok]
        for number in 1...105 {
            var message = message(number)
            message.status = statuses[number] ?? .warning
            outbox.append(message, byteLimit: .max)
        }
        #expect(outbox.messages.last?.title == "title 104 (and 5 more)")
        #expect(outbox.messages.last?.status == .critical)
        #expect(outbox.messages.last?.body.hasSuffix("title 103\ntitle 104\ntitle 105") == true)
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

    /// A message of many problems and one login.
    private func login(_ number: Int, status: Status = .critical, size: Int = 3500) -> Message {
        var message = message(number, body: String(repeating: "x", count: size))
        message.events = [Message.Event(status: status, text: "\(status.word): login \(number)")]
        return message
    }

    @Test("a login keeps its line when its message is shortened or merged, and whole messages hold nothing twice")
    func events() throws {
        var outbox = Outbox()
        outbox.append(login(1))
        #expect(outbox.messages.first?.events == nil && outbox.messages.first?.withEvents.body.count == 3500)
        let large = String(repeating: "x", count: 3500)
        for number in 2...30 { outbox.append(number == 20 ? login(20) : message(number, body: large)) }
        let last = try #require(try stored(outbox).messages.last)
        #expect(last.title == "title 30 (and 24 more)")
        #expect(
            last.withEvents.body
                == "CRITICAL: login 20\n\n(cut: too many messages wait)\n"
                + (22...30).map { "title \($0)" }.joined(separator: "\n"))
    }

    @Test("of more events than there is room for the severe and then the newest stay, and the others are counted")
    func manyEvents() throws {
        var outbox = Outbox()
        for number in 1...200 { outbox.append(login(number, status: number.isMultiple(of: 10) ? .critical : .ok)) }
        var last = try #require(outbox.messages.last)
        var lines = last.withEvents.body.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.prefix(2) == ["CRITICAL: login 10", "CRITICAL: login 20"])
        let events = last.events ?? []
        #expect(events.filter { $0.status == .critical }.count == 20)
        #expect(events.last { $0.status == .ok }?.text == "OK: login 199")
        for number in 201...400 { outbox.append(login(number)) }
        last = try #require(outbox.messages.last)
        lines = last.withEvents.body.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = try #require(last.events?.count)
        #expect(lines.prefix(kept) == ((401 - kept)...400).map { "CRITICAL: login \($0)" }[...])
        let merged = last.merged
        #expect(lines[kept] == "… and \(merged - kept) more such lines that had no room")
        #expect(kept >= 20 && last.withEvents.body.utf8.count < 4000)
    }

    @Test("channels without a backlog leave their room to the others, and still get their message whole")
    func sharing() {
        var outboxes: [String: Outbox] = [:]
        let large = String(repeating: "x", count: 3500)
        for number in 1...20 {
            outboxes.append(message(number, body: large), to: ["a", "b"])
            #expect(outboxes["b"]?.messages.map(\.body) == [large])
            outboxes["b"] = nil
        }
        // Half of the room is kept for both: three quarters are left for the one that needs it.
        #expect(outboxes["a"]?.messages.filter { $0.body == large }.count == 3)
        #expect(outboxes["a"]?.messages.last?.title == "title 20 (and 16 more)")
    }

    @Test("the state is small with twenty channels, of which none delivers, and large messages with logins")
    func manyChannels() throws {
        let directory = try TemporaryDirectory()
        let names = (1...20).map { "channel \($0)" }
        var state = State()
        for number in 1...40 {
            state.outboxes.append(login(number), to: names)
            try StateFile(directory: directory.path).commit(state)
            #expect(try directory.read("state.json").count < 44 * 1024)
        }
        for outbox in state.outboxes.values {
            let told = outbox.messages.flatMap { $0.events ?? [] }.count
            let missing = outbox.messages.reduce(0) { $0 + ($1.eventsLeftOut ?? 0) }
            let whole = outbox.messages.filter { $0.body.count == 3500 }.count
            #expect(told + missing + whole == 40)
        }
    }

    /// As hostile as titles and events come: MessageWriter lets 266 characters into a title and 320 bytes of JSON into an
    /// event.
    private func hostile(_ number: Int, _ character: Character) -> Message {
        let text = { (count: Int) in String(repeating: character, count: count) }
        let events = (1...10).map { (index: Int) -> Message.Event in
            let line = "CRITICAL: login \(number).\(index) \(text(300))"
            return Message.Event(status: .critical, text: line.cut(jsonSize: 320))
        }
        return Message(
            id: "\(Timestamp.noon.microseconds).\(1_000_000 + number)", created: .noon + Double(number),
            status: .critical, title: "[\(text(100))] CRITICAL: \(number) \(text(150))", body: text(3500),
            reason: .reminder, events: events)
    }

    /// Each of them fails for a reason that the server words as it likes, and one in `delivers` messages goes out.
    private func fill(_ state: inout State, channels: Int, _ character: Character, delivers: Int) {
        let text = { (count: Int) in String(repeating: character, count: count) }
        let list = (10..<10 + channels).map { ScriptedChannel(name: "\($0)" + text(62), destination: "\($0)") }
        _ = state.outboxes.give(to: list.map { ($0.name, $0.mark) })
        for number in 1...12 {
            state.outboxes.append(hostile(number, character), to: list.map(\.name))
            for (index, channel) in list.enumerated() where (number + index) % delivers == 0 && number < 9 {
                state.outboxes[channel.name]?.removeFirst()
            }
        }
        let delivery = Delivery(
            channels: list, hostname: "box", now: .noon, deadline: .now + .seconds(60), log: .silent,
            elapsed: { 0 })
        let reason = text(1000)
        var transport: any Transport = ScriptedTransport { _ in Answer(failure: reason) }
        _ = delivery.run(&state.outboxes, transport: &transport) { _ in }
        for channel in list {
            let error = state.outboxes[channel.name]?.error ?? ""
            state.outboxes[channel.name]?.hold(.notBefore(.noon + 86_399.5), error: error, now: .noon)
            state.outboxes[channel.name]?.memory = "-100123456789012 -100123456789012"
            state.outboxes[channel.name]?.failures = 99
        }
    }

    private static let crowds = [
        (1, 0), (8, 0), (8, 3), (16, 0), (16, 5), (32, 0), (32, 6), (64, 0), (64, 3),
    ]

    @Test(
        "however many channels fail, and whatever characters are told, the state is at most 64 KiB and no message is lost",
        arguments: crowds, ["\"", "\u{1F514}"] as [Character])
    func hostileCrowd(crowd: (channels: Int, delivers: Int), character: Character) throws {
        let directory = try TemporaryDirectory()
        var state = State()
        fill(&state, channels: crowd.channels, character, delivers: crowd.delivers == 0 ? .max : crowd.delivers)
        let file = StateFile(directory: directory.path)
        try file.commit(state)
        let size = try directory.read("state.json").count
        #expect(size <= 65_536)
        #expect(try file.load() == .state(state))
        #expect(state.outboxes.count == crowd.channels)
        for outbox in state.outboxes.values {
            let merged = outbox.messages.reduce(0) { $0 + $1.merged }
            if crowd.delivers == 0 { #expect(merged == 12) }
            let last = try #require(outbox.messages.last)
            // Its title says which it is, and of what is left out the number is told.
            #expect(last.title.hasPrefix("[") && last.title.hasSuffix("(and \(last.merged - 1) more)"))
            let told = last.events?.count ?? 0
            #expect(told >= 1 && told + (last.eventsLeftOut ?? 0) == 10 * last.merged)
            #expect(last.events?.allSatisfy { $0.text.hasPrefix("CRITICAL: login ") } == true)
        }
    }

    @Test("the same beside as much as sshd_access may remember of an attack", arguments: [1, 2, 4, 8, 16])
    func crowdUnderAttack(channels: Int) throws {
        let directory = try TemporaryDirectory()
        var state = State()
        fill(&state, channels: channels, "\"", delivers: .max)
        var memory = SSHDAccessMemory()
        memory.positions["/var/log/auth.log"] = LogPosition(path: String(repeating: "x", count: 40 << 10))
        state.sensors["sshd_access"] = SensorMemory(sshdAccess: memory)
        try StateFile(directory: directory.path).commit(state)
        #expect(try directory.read("state.json").count <= 65_536)
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
