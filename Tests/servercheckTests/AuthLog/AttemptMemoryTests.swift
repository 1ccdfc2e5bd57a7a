import Testing

@testable import servercheck

@Suite struct AttemptMemoryTests {
    @Test("numbers of a damaged state that no log can make do not upset the windows")
    func damagedWindow() {
        let noon = Timestamp.noon.microseconds
        var memory = AttemptMemory(clock: .noon)
        memory.window = (0..<3).flatMap { [noon + $0 * 1_000_000, .max] }
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon, zone: .utc)
        for minute in 0...3 {
            let message = "Failed password for root from 198.51.100.7 port 22 ssh2"
            counter.consume(Array("2026-11-23T12:0\(minute):05Z vm sshd[1]: \(message)".utf8).span)
        }
        let summary = counter.finish(complete: false)
        #expect(summary.attempts == 4)
        #expect(summary.lastExceeding == .noon + 5)
    }

    /// A counter that was told of one failure and one connection with a marker only.
    private func left() -> AttemptMemory {
        var counter = AttemptCounter(rules: AttemptRules(), now: .noon, zone: .utc)
        let lines = [
            "sshd[1]: Failed password for root from 198.51.100.7 port 22 ssh2",
            "sshd[2]: Invalid user admin from 198.51.100.8 port 23",
        ]
        for line in lines { counter.consume(Array("2026-11-23T11:59:50Z vm \(line)".utf8).span) }
        _ = counter.finish(complete: false)
        return counter.memory
    }

    @Test("a run that finds nothing new leaves what is remembered as it is")
    func untouched() {
        let memory = left()
        #expect(memory.connections.count == 2 && memory.failures.count == 1 && memory.moments.count == 2)
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon + 599, zone: .utc)
        let summary = counter.finish(complete: false)
        #expect(counter.memory == memory)
        #expect(summary.attempts == 0 && summary.attemptsTotal == 1 && summary.byAddress == [])
    }

    @Test("what a run with nothing new does not need is not decoded, and written as it was")
    func undecoded() throws {
        let memory = try stored(left())
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon + 599, zone: .utc)
        _ = counter.finish(complete: false)
        let after = counter.memory
        #expect(after.$connections.text != nil && after.$failures.text != nil && after.$moments.text != nil)
        #expect(after == memory && after == left() && !counter.hasLostMemory)
        #expect(JSONText.encode(after) == JSONText.encode(left()))
    }

    @Test(
        "damage behind a checksum is noticed when what it hit is needed, and the rest goes on",
        arguments: [
            ("\"pid\":2", "\"pid\":-2"), ("\"pid\":1", "\"pid\":null"), ("\"read\"", "\"raed\""),
            ("\"times\":[", "\"times\":[null,"), ("\"window\":[", "\"window\":[[]"),
            ("\"moments\":[", "\"moments\":[null,"),
            ("\"connections\":[", "\"connections\":[[1],"), ("\"connections\":[", "\"connections\":[7,"),
        ])
    func damaged(old: String, new: String) throws {
        let text = String(decoding: JSONText.encode(left()), as: UTF8.self)
        let bytes = Array(text.replacing(old, with: new).utf8)
        #expect(bytes != Array(text.utf8))
        #expect(JSONText.decode(AttemptMemory.self, from: bytes) == nil)
        let memory = try #require(JSONText.decode(AttemptMemory.self, from: bytes, isOurs: true))
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon, zone: .utc)
        let message = "Failed password for root from 198.51.100.7 port 22 ssh2"
        counter.consume(Array("2026-11-23T12:00:00Z vm sshd[3]: \(message)".utf8).span)
        #expect(counter.hasLostMemory)
        #expect(counter.finish(complete: false).attemptsTotal == 2)
        #expect(try stored(counter.memory).$connections.decoded != nil)
    }

    @Test(
        "a connection that does not say when it was read is looked at, though nothing new came",
        arguments: ["7", "[1]", "{}"])
    func withoutTime(connection: String) throws {
        let text = String(decoding: JSONText.encode(left()), as: UTF8.self)
        let changed = text.replacing("\"connections\":[", with: "\"connections\":[\(connection),")
        let memory = try #require(JSONText.decode(AttemptMemory.self, from: Array(changed.utf8), isOurs: true))
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon, zone: .utc)
        #expect(counter.finish(complete: false).attemptsTotal == 1)
        #expect(counter.hasLostMemory && counter.memory.connections == [] && counter.memory.failures.count == 1)
    }

    @Test("ten minutes after their last line connections are over, though nothing new came", arguments: [false, true])
    func silence(isDecoded: Bool) throws {
        let memory = isDecoded ? left() : try stored(left())
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon + 600, zone: .utc)
        let summary = counter.finish(complete: false)
        #expect(summary.attempts == 1 && summary.attemptsTotal == 2)
        #expect(summary.byAddress.map(\.address) == ["198.51.100.8"])
        #expect(counter.memory.connections == [])
    }

    @Test(
        "after the clock was set back connections live for ten minutes more", arguments: [-1.0, -600, -86_400],
        [false, true])
    func setBack(seconds: Double, isDecoded: Bool) throws {
        let before = isDecoded ? left() : try stored(left())
        let now = .noon + seconds
        var counter = AttemptCounter(rules: AttemptRules(), memory: before, now: now, zone: .utc)
        #expect(counter.finish(complete: false).attemptsTotal == 1)
        let memory = try stored(counter.memory)
        #expect(memory.connections.map(\.read) == [now, now])
        // Once: what follows finds nothing to do.
        counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: now + 599, zone: .utc)
        #expect(counter.finish(complete: false).attemptsTotal == 1)
        #expect(counter.memory.$connections.text != nil)
        counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: now + 600, zone: .utc)
        #expect(counter.finish(complete: false).attemptsTotal == 2)
        #expect(counter.memory.connections == [])
    }

    @Test("of many addresses a run names those with the most attempts, a scan all of them")
    func shares() {
        let names = { (complete: Bool) in
            var counter = AttemptCounter(rules: AttemptRules(), now: .noon, zone: .utc)
            for number in 0..<60 {
                for _ in 0...(number % 30) {
                    let text = "Failed password for user\(number) from 192.0.2.\(number) port 22 ssh2"
                    counter.consume(Array("2026-11-23T11:59:50Z vm sshd[\(number)]: \(text)".utf8).span)
                }
            }
            let summary = counter.finish(complete: complete)
            return (summary.byAddress.map(\.address), summary.byUser.map(\.user))
        }
        let (all, users) = names(true)
        let (most, mostUsers) = names(false)
        #expect(all.count == 60 && users.count == 60)
        #expect(most.count >= AttemptCounter.shareLimit && most == Array(all.prefix(most.count)))
        #expect(mostUsers.count >= AttemptCounter.shareLimit && mostUsers == Array(users.prefix(mostUsers.count)))
        #expect(most.count < 30)
    }
}
