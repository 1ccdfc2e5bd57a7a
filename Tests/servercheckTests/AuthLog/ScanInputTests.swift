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
        input.read(progress: { _ in }, consume: { lines.append(String($0)) })
        return lines
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
        input.read(progress: { steps.append($0) }, consume: { _ in count += 1 })
        #expect(count == 300_000)
        #expect(steps.last == 300_000)
        #expect(steps == steps.sorted())

        var device = ScanInput(paths: ["/dev/null", directory.file("log")], now: now, zone: .utc)
        #expect(device.totalBytes == nil)
        #expect(lines(&device).count == 300_000)
    }
}
