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
        private let copies: Bool
        private let compresses: Bool
        private let lock = NSLock()
        private var runs = 0
        private var isDone = false
        static let lines = 20_000

        init(path: String, copies: Bool, compresses: Bool) {
            self.path = path
            self.copies = copies
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
                let line = Array((LogTailRaceTests.line(number) + "\n").utf8)
                let half = number % 7 == 0 ? line.count / 2 : line.count
                _ = line.withUnsafeBytes { Glibc.write(file, $0.baseAddress, half) }
                if half < line.count {
                    _ = line.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + half }, line.count - half) }
                }
                if number == hangUpAt {
                    if !copies {
                        close(file)
                        file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o640)
                    }
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
                    if copies {
                        LogTailRaceTests.copyAndTruncate(path)
                        // What grows again beyond where it was, within one run, no run can tell from what was there.
                        let before = lock.withLock { runs }
                        while lock.withLock({ runs }) < before + 2 { usleep(50) }
                    } else {
                        rename(path, path + ".1")
                    }
                }
            }
            close(file)
            lock.withLock { isDone = true }
        }
    }

    /// As logrotate's copytruncate; nobody writes between.
    private static func copyAndTruncate(_ path: String) {
        try? FileManager.default.removeItem(atPath: path + ".1")
        try? FileManager.default.copyItem(atPath: path, toPath: path + ".1")
        truncate(path, 0)
    }

    private static func line(_ number: Int) -> String { "Nov 23 10:00:00 host sshd[\(number)]: line \(number)" }

    @Test("a log that is copied and truncated between two reads of a run", arguments: 0..<8)
    func truncated(piece: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("auth.log")
        let machine = Machine.current(environment: [:])
        let write = { (numbers: ClosedRange<Int>) in
            let text = numbers.map { LogTailRaceTests.line($0) + "\n" }.joined()
            let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o640)
            _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            close(file)
        }
        var received: [String] = []
        var pieces = 0
        let read = { (position: LogPosition?) throws -> LogPosition in
            try LogTail.read(path: path, position: position, machine: machine) { lines in
                received += lines.lines
                pieces += 1
                if pieces == piece + 2 { LogTailRaceTests.copyAndTruncate(path) }
            }.position
        }
        var position = try read(nil)
        write(1...10)
        position = try read(position)
        #expect(pieces == 1)
        write(11...6000)
        position = try read(position)
        #expect(received.count < 6000 || piece == 7)
        position = try read(position)
        write(6001...6003)
        position = try read(position)
        _ = try read(position)
        #expect(received == (1...6003).map { LogTailRaceTests.line($0) })
    }

    @Test(
        "a log that is rotated while it is read gives every line once and in order",
        arguments: [false, true], [false, true])
    func races(copies: Bool, compresses: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("auth.log")
        let machine = Machine.current(environment: [:])
        var received: [String] = []
        let consume = { (lines: RawSpan) in received += lines.lines }
        // A first run without the log: all of it is to be read.
        var position = try LogTail.read(path: path, position: nil, machine: machine, consume: consume).position
        let writer = Writer(path: path, copies: copies, compresses: compresses)
        Thread { writer.write() }.start()
        var isLast = false
        while !isLast {
            isLast = writer.hasEnded
            position = try LogTail.read(path: path, position: position, machine: machine, consume: consume).position
            writer.countRun()
        }
        let expected = (1...Writer.lines).map { LogTailRaceTests.line($0) }
        let same = zip(received, expected).prefix { $0 == $1 }.count
        #expect(same == Writer.lines)
        #expect(received.count == Writer.lines)
    }
}
