import Testing

@testable import servercheck

@Suite struct CountingThreadTests {
    /// Three lines to each connection, between lines of another daemon.
    private func log(_ connections: Int) -> [UInt8] {
        var text = LogText()
        for number in 0..<connections {
            let from = "user\(number % 700) from 10.\(number % 5).\(number % 250).7 port \(1024 + number)"
            text.add("Invalid user \(from)", pid: 1000 + number, after: 0.25)
            text.add("Failed password for invalid user \(from) ssh2", pid: 1000 + number)
            text.add("Accepted password for alice from 10.9.9.9 port \(number) ssh2", pid: 900)
        }
        return text.lines.flatMap { Array($0.utf8) + [0x0A] }
    }

    private func counter() -> AttemptCounter {
        var rules = AttemptRules()
        rules.notifyLogins = true
        return AttemptCounter(rules: rules, now: .noon + 86_400, zone: .utc)
    }

    /// One that hands over after so many sightings; a large log begins another thread.
    @Test("a second thread counts what one thread counts", arguments: [(0, 1), (1, 1), (40, 1), (3000, 16)])
    func sameResult(connections: Int, batchSize: Int) {
        let log = log(connections)
        var alone = counter()
        alone.consume(log.span.bytes)
        var attempts = 0
        var other = counter()
        other.onAttempt = { _, count in attempts += count }
        var counting = CountingThread(other, batchSize: batchSize)
        var start = 0
        while start < log.count {
            // Whole lines, some at a time.
            var end = min(log.count, start + 700)
            while end < log.count, log[end - 1] != 0x0A { end += 1 }
            counting.consume(log.span.bytes.extracting(start..<end))
            start = end
        }
        var counted = counting.finish()
        let summary = counted.finish(complete: true)
        #expect(summary == alone.finish(complete: true))
        #expect(counted.memory == alone.memory)
        #expect(summary.attempts == connections && attempts == connections)
        #expect(summary.lines == 3 * connections)
    }
}
