import Foundation
import Glibc
import Testing

@testable import servercheck

/// A log that is written and rotated while it is read: every run meets it in another moment.
@Suite struct LogTailRaceTests {
    /// Writes and rotates in a thread of its own. Unchecked: only the thread touches the files; the two counters are
    /// behind the lock.
    private final class Writer: @unchecked Sendable {
        private let path: String
        private let compresses: Bool
        private let lock = NSLock()
        private var runs = 0
        private var isDone = false
        static let lines = 20_000

        init(path: String, compresses: Bool) {
            self.path = path
            self.compresses = compresses
        }

        func countRun() { lock.withLock { runs += 1 } }
        var hasEnded: Bool { lock.withLock { isDone } }

        func write() {
            var file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o640)
            var rotatedAtRun = 0
            var hangUpAt = 0
            for number in 1...Writer.lines {
                // Some lines arrive in two halves.
                let line = Array("Nov 23 10:00:00 host sshd[\(number)]: line \(number)\n".utf8)
                let half = number % 7 == 0 ? line.count / 2 : line.count
                _ = line.withUnsafeBytes { Glibc.write(file, $0.baseAddress, half) }
                if half < line.count {
                    _ = line.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + half }, line.count - half) }
                }
                if number == hangUpAt {
                    close(file)
                    file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o640)
                    if compresses { try? run("/bin/gzip", ["-f", path + ".1"]) }
                }
                // At most two rotations between two runs: more than a run remembers is no story of a real machine.
                let seen = lock.withLock { runs }
                if number % 50 == 0, seen > rotatedAtRun, number > hangUpAt {
                    rotatedAtRun = seen
                    hangUpAt = number + 5
                    for old in (1...5).reversed() {
                        for suffix in ["", ".gz"] { rename("\(path).\(old)\(suffix)", "\(path).\(old + 1)\(suffix)") }
                    }
                    rename(path, path + ".1")
                }
            }
            close(file)
            lock.withLock { isDone = true }
        }
    }

    @Test("a log that is rotated while it is read gives every line once and in order", arguments: [false, true])
    func races(compresses: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("auth.log")
        let machine = Machine.current(environment: [:])
        var received: [String] = []
        let consume = { (lines: RawSpan) in received += lines.lines }
        // A first run without the log: all of it is to be read.
        var position = try LogTail.read(path: path, position: nil, machine: machine, consume: consume).position
        let writer = Writer(path: path, compresses: compresses)
        Thread { writer.write() }.start()
        var isLast = false
        while !isLast {
            isLast = writer.hasEnded
            position = try LogTail.read(path: path, position: position, machine: machine, consume: consume).position
            writer.countRun()
        }
        let expected = (1...Writer.lines).map { "Nov 23 10:00:00 host sshd[\($0)]: line \($0)" }
        let same = zip(received, expected).prefix { $0 == $1 }.count
        #expect(same == Writer.lines)
        #expect(received.count == Writer.lines)
    }
}
