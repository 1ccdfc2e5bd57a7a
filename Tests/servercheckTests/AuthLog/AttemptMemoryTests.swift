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
        #expect(memory.connections.count == 2 && memory.failures.count == 1 && memory.window.count == 2)
        var counter = AttemptCounter(rules: AttemptRules(), memory: memory, now: .noon + 599, zone: .utc)
        let summary = counter.finish(complete: false)
        #expect(counter.memory == memory)
        #expect(summary.attempts == 0 && summary.attemptsTotal == 1 && summary.byAddress == [])
    }

    @Test("ten minutes after their last line connections are over, though nothing new came", arguments: [600.0, -600])
    func silence(seconds: Double) {
        var counter = AttemptCounter(rules: AttemptRules(), memory: left(), now: .noon + seconds, zone: .utc)
        let summary = counter.finish(complete: false)
        #expect(summary.attempts == 1 && summary.attemptsTotal == 2)
        #expect(summary.byAddress.map(\.address) == ["198.51.100.8"])
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
