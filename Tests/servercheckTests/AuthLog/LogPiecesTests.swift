import Foundation
import Glibc
import Testing

@testable import servercheck

@Suite struct LogPiecesTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// What a log gives line by line, and how it ended. As many pieces as can be are out at a time.
    private func read(_ name: String, buffers: Int) throws -> (lines: [String], bytesRead: Int64, failure: LogError?) {
        let pieces = LogPieces(
            try LogSource(file: OpenFile(directory.file(name), flags: O_RDONLY)), buffers: buffers)
        var lines: [String] = []
        var out: [LogPieces.Piece] = []
        var number = 0
        while true {
            while let piece = pieces.next() {
                #expect(piece.number == number)
                number += 1
                out.append(piece)
            }
            #expect(out.count == buffers - 1 || out.last?.isLast == true)
            // The first one is released last: what it holds stays.
            let first = out.removeFirst()
            for piece in first.lines { lines += piece.bytes.lines }
            pieces.release()
            if first.isLast {
                #expect(out.isEmpty && pieces.next() == nil && pieces.waitForNext() == nil)
                return (lines, first.bytesRead, first.failure)
            }
        }
    }

    @Test("many buffers, long lines and a last line without its end come as they are", arguments: [2, 3, 6])
    func lines(buffers: Int) throws {
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
        let result = try read("log", buffers: buffers)
        #expect(result.lines == expected + ["end"])
        #expect(result.bytesRead == Int64(text.utf8.count + 3) && result.failure == nil)
    }

    @Test("an empty log has no lines")
    func nothing() throws {
        try directory.write([], to: "log")
        #expect(try read("log", buffers: 3).lines == [])
    }

    @Test("of a damaged log what comes before the damage is handed out, and then the error")
    func damaged() throws {
        let lines = (0..<60_000).map { "line \($0 &* 2_654_435_761 % 1_000_003)" }
        try directory.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: "a")
        try run("/bin/gzip", [directory.file("a")])
        let whole = try directory.read("a.gz")
        try directory.write(Array(whole[..<(whole.count / 2)]), to: "cut.gz")
        let result = try read("cut.gz", buffers: 3)
        #expect(
            result.failure
                == LogError(
                    .damaged, "cannot read \(directory.file("cut.gz")) to its end: the compressed data ends early"))
        #expect(result.lines.count > 10_000 && result.lines.elementsEqual(lines.prefix(result.lines.count)))
    }
}
