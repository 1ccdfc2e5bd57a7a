import Glibc
import Testing

@testable import servercheck

@Suite struct ScanInputTests {
    let directory: TemporaryDirectory
    /// 2026-11-23T12:00:00Z
    let now = Timestamp(seconds: 1_795_435_200)

    init() throws { directory = try TemporaryDirectory() }

    private func lines(_ input: inout ScanInput) -> [String] {
        var lines: [String] = []
        input.readPieces { lines += $0.lines }
        return lines
    }

    @Test("logs are read in the order of their first lines' times, compressed or not, whatever the names")
    func order() throws {
        try directory.write(Array("Nov 22 10:00:00 host a: 3\nNov 22 10:00:01 host a: 4".utf8), to: "auth.log")
        try directory.write(Array("2026-11-23T01:00:00+00:00 host a: 5\n".utf8), to: "auth.log.1")
        try directory.write(Array("no time\nJul 30 10:00:00 host a: 1\n".utf8), to: "auth.log.2")
        try directory.write(Array("Sep  2 10:00:00 host a: 2\n".utf8), to: "auth.log.3")
        try directory.write([], to: "empty")
        try run("/bin/gzip", [directory.file("auth.log.2")])
        let names = ["empty", "auth.log", "auth.log.1", "auth.log.2.gz", "auth.log.3"]
        var input = ScanInput(paths: names.map(directory.file), now: now, zone: .utc)
        #expect(input.names == ["auth.log.2.gz", "auth.log.3", "auth.log", "auth.log.1", "empty"].map(directory.file))
        #expect(
            lines(&input) == [
                "no time", "Jul 30 10:00:00 host a: 1", "Sep  2 10:00:00 host a: 2", "Nov 22 10:00:00 host a: 3",
                "Nov 22 10:00:01 host a: 4", "2026-11-23T01:00:00+00:00 host a: 5",
            ])
        #expect(input.errors == [])
    }

    @Test("what cannot be read is named, and the others are read")
    func unreadable() throws {
        try directory.write(Array("Nov 22 10:00:00 host a: 1\n".utf8), to: "good")
        try directory.write([0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 0xFF, 0xFF], to: "bad")
        var input = ScanInput(
            paths: [directory.path, directory.file("absent"), directory.file("bad"), directory.file("good")], now: now,
            zone: .utc)
        #expect(lines(&input) == ["Nov 22 10:00:00 host a: 1"])
        #expect(
            input.errors == [
                LogError(.notAFile, "cannot read \(directory.path): it is a directory, not a log file"),
                LogError(.missing, "cannot read \(directory.file("absent")): No such file or directory"),
                LogError(
                    .damaged, "cannot read \(directory.file("bad")) to its end: the compressed data is damaged"),
            ])
    }

    @Test("a device is read as a stream, and progress counts the bytes of files")
    func progress() throws {
        try directory.write(Array(repeating: 0x0A, count: 300_000), to: "log")
        var input = ScanInput(paths: [directory.file("log")], now: now, zone: .utc)
        #expect(input.totalBytes == 300_000)
        var steps: [Int64] = []
        var count = 0
        input.readPieces(progress: { steps.append($0) }, { count += $0.lines.count })
        #expect(count == 300_000)
        #expect(steps.last == 300_000)
        #expect(steps == steps.sorted())

        var device = ScanInput(paths: ["/dev/null", directory.file("log")], now: now, zone: .utc)
        #expect(device.totalBytes == nil)
        #expect(lines(&device).count == 300_000)
    }
}

extension ScanInput {
    /// All lines, some at a time.
    mutating func readPieces(progress: (Int64) -> Void = { _ in }, _ body: (RawSpan) -> Void) {
        readEach { source, _, done in
            var source = source
            var reader = LineReader()
            do throws(LogError) {
                while try reader.readSome(&source, consume: body) { progress(done + source.bytesRead) }
                reader.finish(consume: body)
                return LogEnd(bytesRead: source.bytesRead)
            } catch {
                return LogEnd(bytesRead: source.bytesRead, failure: error)
            }
        }
    }
}
