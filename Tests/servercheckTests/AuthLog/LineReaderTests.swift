import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite struct LineReaderTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// What reading a file gave.
    struct Result: Equatable {
        var lines: [String] = []
        var consumed: Int64 = 0
        var isInOverlongLine = false
        var overlongLines: Int64 = 0
    }

    private func read(
        _ name: String, offset: Int64 = 0, inOverlongLine: Bool = false, unterminated: Bool = false
    ) throws -> Result {
        var source = try LogSource(file: try OpenFile(directory.file(name), flags: O_RDONLY), offset: offset)
        return try read(&source, inOverlongLine: inOverlongLine, unterminated: unterminated)
    }

    private func read(
        _ source: inout LogSource, inOverlongLine: Bool = false, unterminated: Bool = false
    ) throws -> Result {
        var reader = LineReader(isInOverlongLine: inOverlongLine)
        var result = Result()
        try reader.readAll(&source, unterminated: unterminated) { result.lines += $0.lines }
        result.consumed = reader.consumed
        result.isInOverlongLine = reader.isInOverlongLine
        result.overlongLines = reader.overlongLines
        return result
    }

    struct Sample: Sendable, CustomTestStringConvertible {
        var text: String
        var lines: [String]
        var consumed: Int64
        /// The last line without a line end, when asked for.
        var rest: String?
        var testDescription: String { text.debugDescription }
    }

    @Test(
        "complete lines come without their line end, the rest stays",
        arguments: [
            Sample(text: "", lines: [], consumed: 0),
            Sample(text: "a", lines: [], consumed: 0, rest: "a"),
            Sample(text: "a\n", lines: ["a"], consumed: 2),
            Sample(text: "a\nb", lines: ["a"], consumed: 2, rest: "b"),
            Sample(text: "\n\n", lines: ["", ""], consumed: 2),
            Sample(text: "a\r\nb\r\n", lines: ["a", "b"], consumed: 6),
            Sample(text: "a\rb\r\r\n\r\nc\r", lines: ["a\rb\r", ""], consumed: 8, rest: "c"),
            Sample(text: "a\0b\n", lines: ["a\0b"], consumed: 4),
        ])
    func samples(sample: Sample) throws {
        try directory.write(Array(sample.text.utf8), to: "log")
        #expect(try read("log") == Result(lines: sample.lines, consumed: sample.consumed))
        #expect(
            try read("log", unterminated: true)
                == Result(
                    lines: sample.lines + (sample.rest.map { [$0] } ?? []), consumed: Int64(sample.text.utf8.count)))
    }

    @Test("lines of every length around the limit come whole or not at all")
    func lengths() throws {
        let limit = LineReader.longestLine
        let lengths = [limit - 1, limit, limit + 1, 1, 2 * limit - 1, 2 * limit, 2 * limit + 1, 0, 5 * limit, 3, limit]
        var text = ""
        for (index, length) in lengths.enumerated() {
            text += String(repeating: String("abcdefghijkl".dropFirst(index).prefix(1)), count: length) + "\n"
        }
        try directory.write(Array(text.utf8), to: "log")
        let result = try read("log")
        #expect(result.lines.map(\.count) == [limit - 1, limit, 1, 0, 3, limit])
        #expect(result.lines.map { Set($0).count } == [1, 1, 1, 0, 1, 1])
        #expect(result.consumed == Int64(text.utf8.count))
        #expect(result.overlongLines == 5)
        #expect(!result.isInOverlongLine)
    }

    @Test("the rest of an overlong line is never a line, also when it comes in a later run")
    func overlongAcrossRuns() throws {
        let long = String(repeating: "x", count: LineReader.longestLine + 1)
        try directory.write(Array(("one\n" + long).utf8), to: "log")
        let first = try read("log")
        #expect(first == Result(lines: ["one"], consumed: Int64(4 + long.count), isInOverlongLine: true))

        try directory.write(Array(("one\n" + long + "yyy").utf8), to: "log")
        let second = try read("log", offset: first.consumed, inOverlongLine: true)
        #expect(second == Result(consumed: 3, isInOverlongLine: true))
        #expect(try read("log", unterminated: true).lines == ["one"])

        try directory.write(Array(("one\n" + long + "yyy\ntwo\nthr").utf8), to: "log")
        let third = try read("log", offset: first.consumed + second.consumed, inOverlongLine: true)
        #expect(third == Result(lines: ["two"], consumed: 5, overlongLines: 1))
    }

    @Test("an unfinished line of exactly the limit is kept for later")
    func unfinishedAtLimit() throws {
        let line = String(repeating: "x", count: LineReader.longestLine)
        try directory.write(Array((line).utf8), to: "log")
        #expect(try read("log") == Result())
        try directory.write(Array((line + "\n").utf8), to: "log")
        #expect(try read("log") == Result(lines: [line], consumed: Int64(line.count + 1)))
    }

    @Test("an offset beyond the end, or a negative one, is no reason to fail")
    func offsets() throws {
        try directory.write(Array("a\nb\n".utf8), to: "log")
        #expect(try read("log", offset: 2) == Result(lines: ["b"], consumed: 2))
        #expect(try read("log", offset: .max) == Result())
        #expect(try read("log", offset: .min) == Result(lines: ["a", "b"], consumed: 4))
    }

    @Test("compressed logs are recognised by their first bytes and read as text, also with several members")
    func gzip() throws {
        let lines = (0..<50_000).map { "line \($0)" }
        let half = lines.count / 2
        try directory.write(Array((lines[..<half].joined(separator: "\n") + "\nli").utf8), to: "a")
        try directory.write(Array(("ne x\n" + lines[half...].joined(separator: "\n") + "\n").utf8), to: "b")
        try run("/bin/sh", ["-c", "cd \(directory.path) && gzip a b && cat a.gz b.gz > log && printf '\\0\\0' >> log"])
        let result = try read("log")
        #expect(result.lines == lines[..<half] + ["line x"] + lines[half...])
        let skipped = Int64("line 0\nline 1\n".count)
        #expect(try read("log", offset: skipped).lines.count == lines.count + 1 - 2)
        #expect(try read("log", offset: .max).lines == [])
        #expect(try read("log", offset: -5).lines.count == lines.count + 1)
    }

    @Test("of damaged compressed data what comes before the damage is used, and the error says what is wrong")
    func damagedGzip() throws {
        let text = (0..<200_000).map { "line \($0 &* 2_654_435_761 % 1_000_003)" }.joined(separator: "\n") + "\n"
        try directory.write(Array(text.utf8), to: "a")
        try run("/bin/gzip", [directory.file("a")])
        let whole = try directory.read("a.gz")
        var broken = whole
        broken[whole.count / 2] ^= 0xFF
        broken[whole.count / 2 + 1] ^= 0xFF
        var wrongSum = whole
        wrongSum[whole.count - 6] ^= 0xFF

        for (name, bytes, end) in [
            ("cut.gz", Array(whole[..<(whole.count / 2)]), "the compressed data ends early"),
            ("head.gz", Array(whole[..<2]), "the compressed data ends early"),
            ("broken.gz", broken, "the compressed data is damaged"),
            ("sum.gz", wrongSum, "the compressed data is damaged"),
        ] {
            try directory.write(bytes, to: name)
            var source = try LogSource(file: try OpenFile(directory.file(name), flags: O_RDONLY))
            var reader = LineReader()
            var lines = 0
            let error = #expect(throws: LogError.self) { try reader.readAll(&source) { lines += $0.lines.count } }
            #expect(
                error == LogError(.damaged, "cannot read \(directory.file(name)) to its end: \(end)"), "\(name)")
            #expect(name == "head.gz" ? lines == 0 : lines > 50_000, "\(name)")
        }
    }

    @Test("a pipe is read like a file, compressed or not, however small the pieces are")
    func pipes() throws {
        try directory.write(Array("one\ntwo\nthree".utf8), to: "a")
        try run("/bin/gzip", ["-k", directory.file("a")])
        for name in ["a", "a.gz"] {
            let bytes = try directory.read(name)
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            let (readEnd, writeEnd) = (ends[0], ends[1])
            let writer = Thread {
                for byte in bytes { withUnsafeBytes(of: byte) { _ = write(writeEnd, $0.baseAddress, 1) } }
                close(writeEnd)
            }
            writer.start()
            var source = try LogSource(stream: OpenFile(adopting: readEnd, path: "-"))
            #expect(try read(&source, unterminated: true) == Result(lines: ["one", "two", "three"], consumed: 13))
            #expect(source.bytesRead == Int64(bytes.count))
        }
    }

    @Test("a stream of one byte is text")
    func oneByte() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        _ = withUnsafeBytes(of: UInt8(0x1F)) { write(ends[1], $0.baseAddress, 1) }
        close(ends[1])
        var source = try LogSource(stream: OpenFile(adopting: ends[0], path: "-"))
        #expect(try read(&source, unterminated: true) == Result(lines: ["\u{1F}"], consumed: 1))
    }
}
