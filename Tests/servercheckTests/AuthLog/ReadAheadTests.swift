import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite struct ReadAheadTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// What a log gives line by line, and how it ended.
    private func read(_ name: String) throws -> (lines: [String], bytesRead: Int64, failure: LogError?) {
        let path = directory.file(name)
        let open = { try? LogSource(file: OpenFile(path, flags: O_RDONLY)) }
        let ahead = try #require(ReadAhead(Handed(value: open)))
        var lines: [String] = []
        var bytesRead: Int64 = 0
        do {
            try ahead.readAll(progress: { bytesRead = $0 }, consume: { lines += $0.lines })
            return (lines, bytesRead, nil)
        } catch {
            return (lines, bytesRead, error)
        }
    }

    @Test("many buffers, long lines and a last line without its end come as they are")
    func lines() throws {
        let limit = LineReader.longestLine
        var expected: [String] = []
        var text = ""
        for number in 0..<300 {
            let length = [9000, limit, limit + 1, 3, 2 * limit, 0, 5 * limit, limit - 1][number % 8]
            let line = String(repeating: String(number % 10), count: length)
            if length <= limit { expected.append(line) }
            text += line + "\n"
        }
        try directory.write(Array((text + "end").utf8), to: "log")
        let result = try read("log")
        #expect(result.lines == expected + ["end"])
        #expect(result.bytesRead == Int64(text.utf8.count + 3) && result.failure == nil)
    }

    @Test("an empty log has no lines, and one that cannot be opened is no reason to wait")
    func nothing() throws {
        try directory.write([], to: "log")
        #expect(try read("log").lines == [])
        #expect(try read("absent").lines == [])
    }

    @Test("of a damaged log what comes before the damage is handed out, and then the error")
    func damaged() throws {
        let lines = (0..<60_000).map { "line \($0 &* 2_654_435_761 % 1_000_003)" }
        try directory.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "a")
        try run("/bin/gzip", [directory.file("a")])
        let whole = try directory.read("a.gz")
        try directory.write(Array(whole[..<(whole.count / 2)]), to: "cut.gz")
        let result = try read("cut.gz")
        #expect(
            result.failure
                == LogError(
                    .damaged, "cannot read \(directory.file("cut.gz")) to its end: the compressed data ends early"))
        #expect(result.lines.count > 10_000 && result.lines.elementsEqual(lines.prefix(result.lines.count)))
    }
}
