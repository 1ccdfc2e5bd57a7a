// A log that is written, rotated in every way, and read by LogTail run after run. What was written is the reference: in
// the end every line must have been read exactly once, in order.

import Foundation
import Glibc
import Testing

@testable import servercheck

/// One log and its life. Every write gets a later modification time, so that no story depends on the speed of the disk.
final class LogStory {
    let directory: TemporaryDirectory
    let path: String
    var position: LogPosition?
    /// Lines that must be read, and those that were.
    private(set) var expected: [String] = []
    private(set) var received: [String] = []
    private(set) var notes: [String] = []
    private(set) var lastReading: LogReading?

    private var writer: Int32 = -1
    private var count = 0
    private var halfLine = ""
    private var clock = 1_700_000_000_000
    /// How many of `expected` are in the hands of the reader at the latest.
    private var readUpTo = 0
    private let machine = Machine.current(environment: [:])

    init(name: String = "auth.log", create: Bool = true) throws {
        directory = try TemporaryDirectory()
        path = directory.file(name)
        if create { hangUp() }
    }

    deinit { close(writer) }

    var hasHalfLine: Bool { !halfLine.isEmpty }

    // MARK: - The writer

    /// Opens the log anew, creating it: what syslog does on SIGHUP.
    func hangUp() {
        close(writer)
        writer = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        touch()
    }

    func append(_ number: Int) {
        for _ in 0..<number {
            count += 1
            let line = "Nov 23 10:00:00 host sshd[\(count)]: line \(count)"
            put(halfLine.isEmpty ? line + "\n" : String(line.dropFirst(halfLine.count)) + "\n")
            halfLine = ""
            expected.append(line)
        }
    }

    func appendHalfLine() {
        guard halfLine.isEmpty else { return }
        halfLine = "Nov 23 10:00:00 host sshd[\(count + 1)"
        put(halfLine)
    }

    func put(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(write(writer, bytes, bytes.count) == bytes.count)
        touch()
    }

    private func touch() {
        clock += 1
        futimens(writer, times)
    }

    private var times: [timespec] {
        let time = timespec(tv_sec: clock / 1000, tv_nsec: clock % 1000 * 1_000_000)
        return [time, time]
    }

    // MARK: - Rotation

    /// auth.log.1 -> auth.log.2 and so on, compressed or not.
    private func shift() {
        for number in (1...9).reversed() {
            for suffix in ["", ".gz"] { _ = rename("\(path).\(number)\(suffix)", "\(path).\(number + 1)\(suffix)") }
        }
    }

    /// Moves the log away; until `hangUp` the writer goes on in the moved file.
    func rotate(to name: String? = nil) {
        if name == nil { shift() }
        #expect(rename(path, name.map { directory.file($0) } ?? path + ".1") == 0)
    }

    func copyTruncate(to name: String? = nil) throws {
        if name == nil { shift() }
        let copy = name.map { directory.file($0) } ?? path + ".1"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        clock += 1
        utimensat(AT_FDCWD, copy, times, 0)
        #expect(ftruncate(writer, 0) == 0)
        touch()
    }

    /// Everything in the log that was not read is gone.
    func truncate() {
        #expect(ftruncate(writer, 0) == 0)
        touch()
        halfLine = ""
        expected.removeLast(expected.count - readUpTo)
    }

    func compress(_ name: String) throws {
        let status = try? FileManager.default.attributesOfItem(atPath: directory.file(name))
        if status != nil { try servercheckTests.run("/bin/gzip", ["-f", directory.file(name)]) }
    }

    func move(_ from: String, to: String) {
        #expect(rename(directory.file(from), directory.file(to)) == 0)
    }

    func remove(_ name: String) { #expect(unlink(directory.file(name)) == 0) }

    // MARK: - The reader

    /// One run; its position goes through JSON like in the state file.
    func run() throws {
        let known = try position.map { try stored($0) }
        let isFirst = known == nil
        let reading = try LogTail.read(path: path, position: known, machine: machine) { received += $0.lines }
        if isFirst { expected.removeAll() }
        position = reading.position
        notes += reading.notes
        lastReading = reading
        readUpTo = expected.count
    }

    /// How what was read differs from what was written; nil: not at all.
    var difference: String? {
        if received == expected { return nil }
        let same = zip(received, expected).prefix { $0 == $1 }.count
        func text(_ lines: [String]) -> String {
            lines.isEmpty ? "nothing" : lines.prefix(4).map { String($0.suffix(8)) }.joined(separator: ",")
        }
        return "after \(same) right lines \(text(Array(received[same...]))) (\(received.count)) was read instead of "
            + "\(text(Array(expected[same...]))) (\(expected.count)); notes: \(notes)"
    }

    /// Runs once more and compares.
    func check(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try run()
        #expect(difference == nil, comment, sourceLocation: sourceLocation)
        let size = position.map { JSONText.encode($0).count } ?? 0
        #expect(size < 1536, sourceLocation: sourceLocation)
        // A run with nothing new changes nothing.
        let settled = position
        try run()
        #expect(position == settled, comment, sourceLocation: sourceLocation)
        #expect(difference == nil, comment, sourceLocation: sourceLocation)
    }
}
