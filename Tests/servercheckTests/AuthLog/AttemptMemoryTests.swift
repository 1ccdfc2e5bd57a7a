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
}
